import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  PutRecordCommand,
  waitUntilStreamExists,
} from "@aws-sdk/client-kinesis";
import { ServerProcess } from "../../support/start-server.ts";
import { provideAws } from "./provide-aws.ts";
import { testSnippets } from "./run-snippets.ts";
import { clientOf } from "./snippet-client.ts";
import { root, snippetsIn } from "./snippets.ts";
import { withPort } from "./workplace.ts";

const anyKeys = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_DEFAULT_REGION: "us-east-1" };

testSnippets("docs/security.md", {
  "With a credentials file 1": {
    async run({ code }, place) {
      place.write("credentials.json", code);
      await using server = await ServerProcess.start({
        args: ["--engine", "memory", "--credentials", place.path("credentials.json")],
      });
      const admin = clientOf(server.endpoint, "AKIAEXAMPLEADMIN", "another-secret");
      for (const StreamName of ["orders", "bills"]) {
        await admin.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
        await waitUntilStreamExists({ client: admin, maxWaitTime: 30, minDelay: 1 }, { StreamName });
      }
      const writer = clientOf(server.endpoint, "AKIAEXAMPLEWRITER", "a-secret-of-your-own");
      const put = (StreamName: string) =>
        writer.send(new PutRecordCommand({ StreamName, PartitionKey: "a", Data: Buffer.from("a") }));
      await put("orders");
      await assert.rejects(put("bills"), { name: "AccessDeniedException" });
      const forger = clientOf(server.endpoint, "AKIAEXAMPLEWRITER", "a guess");
      await assert.rejects(forger.send(new DescribeStreamSummaryCommand({ StreamName: "orders" })), {
        name: "InvalidSignatureException",
      });
      for (const client of [admin, writer, forger]) client.destroy();
    },
  },

  "TLS 1": {
    needs: ["aws", "curl"],
    async run({ code }, place) {
      const dataDir = place.path("millrace-data");
      await using server = await ServerProcess.start({ dataDir, args: ["--stream", "orders:1"] });
      const tour = snippetsIn("README.md").find(({ name }) => name.includes("SDK for JavaScript"));
      assert(tour !== undefined);
      place.write("tour.mjs", tour.code);
      symlinkSync(join(root, "node_modules"), place.path("node_modules"));
      provideAws(place);
      const { stdout } = await place.run(withPort(code, server.port), { env: anyKeys });
      assert.match(stdout, /"orders"/);
      assert.match(stdout, /^shardId-00000000000[01] hello alice$/m);
    },
  },

  "Encrypted streams 1": {
    needs: ["aws"],
    async run({ code }, place) {
      await using server = await ServerProcess.start({ args: ["--engine", "memory", "--stream", "orders:1"] });
      provideAws(place);
      await place.run(code, { env: { ...anyKeys, AWS_ENDPOINT_URL: server.endpoint } });
      const kinesis = clientOf(server.endpoint);
      await kinesis.send(new PutRecordCommand({ StreamName: "orders", PartitionKey: "a", Data: Buffer.from("a") }));
      const { EncryptionType } = await kinesis.send(
        new PutRecordCommand({ StreamName: "orders", PartitionKey: "a", Data: Buffer.from("a") }),
      );
      assert.equal(EncryptionType, "KMS");
      kinesis.destroy();
    },
  },

  "Encrypted data directories 1": {
    async run({ code }, place) {
      const [serve = "", verify = ""] = code.split("\n");
      const served = await place.serve(serve, { env: { MILLRACE_PORT: "0", MILLRACE_STREAM: "secret-name:1" } });
      await served.stop();
      await place.run("test -f orders/format && test -f orders.keyring && ! grep -r secret-name orders");
      await place.run(verify);
      await assert.rejects(place.serve("millrace serve --data-dir ./orders --port 0"), /is encrypted/);
    },
  },
});
