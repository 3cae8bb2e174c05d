import assert from "node:assert/strict";
import { CreateStreamCommand, GetRecordsCommand, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { ServerProcess } from "../../support/start-server.ts";
import { testSnippets } from "./run-snippets.ts";
import { clientOf } from "./snippet-client.ts";

testSnippets("docs/limits.md", {
  "Limits 1": {
    async run({ code }, place) {
      place.write("limits.json", code);
      await using server = await ServerProcess.start({
        args: ["--engine", "memory", "--stream", "orders:1", "--limits", place.path("limits.json")],
      });
      const kinesis = clientOf(server.endpoint);
      const streamOf = (ShardCount: number) =>
        kinesis.send(new CreateStreamCommand({ StreamName: "wide", ShardCount }));
      await assert.rejects(streamOf(50), { name: "LimitExceededException" }, "49 of the 50 shards are free");
      await streamOf(49);
      // The service takes 1,000 records of a shard in a second, this file 5,000.
      const Records = Array.from({ length: 500 }, () => ({ PartitionKey: "a", Data: Buffer.from("a") }));
      const puts = Array.from({ length: 6 }, () =>
        kinesis.send(new PutRecordsCommand({ StreamName: "orders", Records })),
      );
      const failed = (await Promise.all(puts)).map(({ FailedRecordCount = 0 }) => FailedRecordCount);
      assert.equal(
        failed.reduce((sum, count) => sum + count),
        0,
      );
      // GetRecords has no rate here; the service's is five calls a second.
      const refused = { name: "InvalidArgumentException" };
      for (let call = 0; call < 20; call++) {
        await assert.rejects(kinesis.send(new GetRecordsCommand({ ShardIterator: "none" })), refused);
      }
      kinesis.destroy();
    },
  },
});
