import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ok } from "../support/call.ts";
import { iteratorAt } from "../support/read-shard.ts";
import { createStream, deleteStream, uniqueName, withStream } from "../support/stream-fixture.ts";

// Facts of the service, tested where a thousand shards and ten thousand records cost nothing.
describe("Page sizes", () => {
  test("ListShards gives a thousand shards at most, whatever MaxResults says", () =>
    withStream({ shards: 1001 }, async ({ StreamName }) => {
      for (const input of [{}, { MaxResults: 10_000 }]) {
        const { Shards, NextToken } = await ok("ListShards", { StreamName, ...input });
        assert.equal(Shards.length, 1000);
        const rest = await ok("ListShards", { NextToken });
        assert.deepEqual(
          rest.Shards.map(({ ShardId }) => ShardId),
          ["shardId-000000001000"],
        );
      }
    }));

  test("ListStreams gives a hundred names at most, whatever Limit says", async () => {
    const base = uniqueName("page");
    const names = Array.from({ length: 101 }, (_, i) => `${base}-${i.toString().padStart(3, "0")}`);
    for (const name of names) await createStream({}, name);
    for (const input of [{}, { Limit: 10_000 }]) {
      const page = await ok("ListStreams", { ExclusiveStartStreamName: `${base}-`, ...input });
      assert.deepEqual(page.StreamNames, names.slice(0, 100));
      assert.equal(page.HasMoreStreams, true);
    }
    for (const name of names) await deleteStream(name);
  });

  test("GetRecords gives ten thousand records at most", () =>
    withStream({}, async ({ StreamName }) => {
      const Records = Array.from({ length: 500 }, () => ({ Data: "", PartitionKey: "a" }));
      for (let i = 0; i < 21; i++) await ok("PutRecords", { StreamName, Records });
      const first = await ok("GetRecords", { ShardIterator: await iteratorAt({ StreamName, ShardId: "0" }) });
      const second = await ok("GetRecords", { ShardIterator: first.NextShardIterator });
      assert.deepEqual([first.Records.length, second.Records.length], [10_000, 500]);
    }));
});
