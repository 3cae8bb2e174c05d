import assert from "node:assert/strict";
import { PutRecordCommand } from "@aws-sdk/client-kinesis";
import { ServerProcess } from "../../support/start-server.ts";
import { provideAws } from "./provide-aws.ts";
import { testSnippets } from "./run-snippets.ts";
import { clientOf } from "./snippet-client.ts";
import { withPort } from "./workplace.ts";

const credentials = { AWS_ACCESS_KEY_ID: "any", AWS_SECRET_ACCESS_KEY: "any", AWS_DEFAULT_REGION: "us-east-1" };

testSnippets("docs/metrics.md", {
  "The CloudWatch API 1": {
    async run({ code }, place) {
      provideAws(place);
      await using server = await ServerProcess.start({ args: ["--engine", "memory", "--stream", "events:1"] });
      const kinesis = clientOf(server.endpoint);
      for (const Data of ["a", "b", "c"]) {
        await kinesis.send(
          new PutRecordCommand({ StreamName: "events", PartitionKey: "key", Data: Buffer.from(Data) }),
        );
      }
      kinesis.destroy();
      const env = { ...credentials, AWS_ENDPOINT_URL: server.endpoint };
      const { stdout } = await place.run(withPort(code, server.port), { env });
      const { Label, Datapoints } = JSON.parse(stdout) as {
        readonly Label: string;
        readonly Datapoints: readonly { readonly Sum: number; readonly Maximum: number; readonly Unit: string }[];
      };
      assert.equal(Label, "IncomingRecords");
      assert.deepEqual(
        Datapoints.map(({ Sum, Maximum, Unit }) => ({ Sum, Maximum, Unit })),
        [{ Sum: 3, Maximum: 1, Unit: "Count" }],
      );
    },
  },
});
