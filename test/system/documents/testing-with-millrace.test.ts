import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { ListShardsCommand, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { ServerProcess } from "../../support/start-server.ts";
import { provideAws } from "./provide-aws.ts";
import { testSnippets } from "./run-snippets.ts";
import { clientOf } from "./snippet-client.ts";
import { type Snippet, snippetsIn } from "./snippets.ts";
import { withPort } from "./workplace.ts";

const document = "docs/testing-with-millrace.md";
const devArgs = ["--engine", "memory", "--stream", "orders:2", "--stream", "bills:1", "--dev"];

function snippet(name: string): Snippet {
  const found = snippetsIn(document).find((other) => other.name === `${document}: ${name}`);
  assert(found !== undefined);
  return found;
}

testSnippets("docs/testing-with-millrace.md", {
  "A server per test run 1": {
    async run({ code }, place) {
      const folder = place.clone();
      const project = place.path("project");
      mkdirSync(project);
      await place.run("npm init --yes", { folder: project });
      const [pack = "", ...install] = code.split("\n");
      await place.run(pack, { folder });
      await place.run(install.join("\n"), { folder: project });
      await place.run("test -d node_modules/millrace && test -d node_modules/@aws-sdk/client-kinesis", {
        folder: project,
      });
    },
  },

  "A server per test run 2": {
    async run({ code }, place) {
      place.linkMillrace();
      const [command = ""] = code.split("\n");
      place.write("orders.test.mjs", code);
      const { stdout } = await place.run(command.replace("// ", ""));
      assert.match(stdout, /pass 3\n/);
    },
  },

  "A server per test run 3": {
    async run({ code }, place) {
      place.linkMillrace();
      place.write(
        "program.js",
        `import("millrace").then(async ({ startMillrace }) => {
          const millrace = await startMillrace({ stream: "orders:1" });
          await millrace.close();
          console.log("closed", process.env.UV_THREADPOOL_SIZE);
        });`,
      );
      assert.match((await place.run(code)).stdout, /^closed 8$/m);
    },
  },

  "A server per test run 4": {
    async run({ code }, place) {
      const served = await place.serve(code, { folder: place.clone(), env: { MILLRACE_PORT: "0" } });
      const kinesis = clientOf(served.endpoint);
      const { Shards } = await kinesis.send(new ListShardsCommand({ StreamName: "orders" }));
      assert.equal(Shards?.length, 2);
      assert.equal((await fetch(`${served.endpoint}/dev/clock`)).status, 200);
      kinesis.destroy();
    },
  },

  "A server per test run 5": {
    needs: ["aws"],
    async run({ code }, place) {
      await using server = await ServerProcess.start({ args: devArgs });
      provideAws(place);
      const { stdout } = await place.run(`${withPort(code, server.port)}\naws kinesis list-streams`);
      assert.match(stdout, /"bills"/);
    },
  },

  "Rates and quotas 1": {
    async run({ code }, place) {
      const [file = "", start = ""] = code.split("\n");
      const folder = place.clone();
      await place.run(file, { folder });
      const served = await place.serve(`${start.replace("4568", "0")} --stream orders:1`, { folder });
      const kinesis = clientOf(served.endpoint);
      const Records = Array.from({ length: 20 }, () => ({ PartitionKey: "a", Data: Buffer.from("a") }));
      const { FailedRecordCount } = await kinesis.send(new PutRecordsCommand({ StreamName: "orders", Records }));
      assert(FailedRecordCount !== undefined && FailedRecordCount >= 10, `${FailedRecordCount} of 20 were throttled`);
      kinesis.destroy();
    },
  },

  "The clock 1": {
    needs: ["curl"],
    async run({ code }, place) {
      await using server = await ServerProcess.start({ args: devArgs });
      const { stdout } = await place.run(withPort(code, server.port));
      const [start = 0, ahead = 0, back = 0, set] = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).nowMs);
      assert(ahead - start >= 90_000_000 && back - start < 90_000_000, stdout);
      assert(set >= 1_893_456_000_000 && set - 1_893_456_000_000 < 90_000_000, stdout);
    },
  },

  "Faults 1": {
    needs: ["aws", "curl"],
    async run({ code }, place) {
      await using server = await ServerProcess.start({ args: devArgs });
      provideAws(place);
      const { code: settings } = snippet("A server per test run 5");
      const { stdout } = await place.run(withPort(`${settings}\n${code}`, server.port));
      assert.match(stdout, /"FailedRecordCount": 1/);
      assert.match(stdout, /"ErrorCode": "ProvisionedThroughputExceededException"/);
      assert.deepEqual(await (await fetch(`${server.endpoint}/dev/faults`)).json(), []);
    },
  },
});
