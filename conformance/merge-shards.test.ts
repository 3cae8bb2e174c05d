import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertSays, assertStreamNotFound } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { namePattern } from "./support/patterns.ts";
import { base64, readToEnd } from "./support/read-shard.ts";
import { decodeSequenceNumber, seqIxLast } from "./support/sequence-number.ts";
import { listShards, streamArn, suiteStream, uniqueName, untilActive, withStream } from "./support/stream-fixture.ts";
import { assertViolations } from "./support/test-constraints.ts";

const idOf = (index: number): string => `shardId-${index.toString().padStart(12, "0")}`;

describe("MergeShards", () => {
  const stream = suiteStream({ shards: 3 });
  const onDemand = suiteStream({ shards: "on-demand" });
  const absent = uniqueName("absent");

  testInput(
    "MergeShards",
    { StreamName: absent, ShardToMerge: "shardId-0", AdjacentShardToMerge: "shardId-1" },
    {
      ...streamMembers,
      ShardToMerge: { type: "String", required: true, min: 1, max: 128, pattern: namePattern },
      AdjacentShardToMerge: { type: "String", required: true, min: 1, max: 128, pattern: namePattern },
    },
  );

  test("MergeShards lists several violations in one sentence", async () => {
    await assertViolations("MergeShards", {}, [
      "Value null at 'shardToMerge' failed to satisfy constraint: Member must not be null",
      "Value null at 'adjacentShardToMerge' failed to satisfy constraint: Member must not be null",
    ]);
  });

  test("MergeShards refuses a stream that does not exist, by name and by ARN", async () => {
    const input = { ShardToMerge: "shardId-0", AdjacentShardToMerge: "shardId-1" };
    await assertStreamNotFound("MergeShards", { ...input, StreamName: absent }, absent);
    await assertStreamNotFound("MergeShards", { ...input, StreamARN: await streamArn(absent) }, absent);
  });

  test("MergeShards refuses an id without a number, the first before the second", async () => {
    const both = { StreamName: absent, ShardToMerge: "ABKLFD8", AdjacentShardToMerge: "2.14E4" };
    await assertSays("MergeShards", both, "shard-not-in-stream", { stream: absent, shard: "ABKLFD8" });
    const second = { ...both, ShardToMerge: "shardId-0" };
    await assertSays("MergeShards", second, "shard-not-in-stream", { stream: absent, shard: "2.14E4" });
  });

  test("MergeShards refuses a shard that the stream does not have", async () => {
    const input = { StreamName: stream.name, ShardToMerge: "0", AdjacentShardToMerge: "5" };
    await assertSays("MergeShards", input, "shard-not-in-stream", { stream: stream.name, shard: idOf(5) });
    const other = { StreamName: stream.name, ShardToMerge: "6", AdjacentShardToMerge: "1" };
    await assertSays("MergeShards", other, "shard-not-in-stream", { stream: stream.name, shard: idOf(6) });
  });

  test("MergeShards takes adjacent shards only with the lower one first", async () => {
    for (const [first, second] of [
      [1, 0],
      [2, 1],
      [0, 2],
      [2, 0],
      [1, 1],
    ] as const) {
      const input = { StreamName: stream.name, ShardToMerge: idOf(first), AdjacentShardToMerge: idOf(second) };
      const values = { stream: stream.name, firstShard: idOf(first), secondShard: idOf(second) };
      await assertSays("MergeShards", input, "merge-not-adjacent", values);
    }
  });

  test("MergeShards refuses an on-demand stream", async () => {
    const input = { StreamName: onDemand.name, ShardToMerge: "0", AdjacentShardToMerge: "1" };
    await assertSays("MergeShards", input, "ondemand-manual-reshard", { stream: onDemand.name });
  });

  test("MergeShards closes both parents at one moment and opens their child a second later", () =>
    withStream({ shards: 2 }, async ({ StreamName }) => {
      await ok("PutRecord", { StreamName, Data: base64("a"), PartitionKey: "a" });
      const answer = await call("MergeShards", { StreamName, ShardToMerge: "0", AdjacentShardToMerge: "1" });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text, "");
      await untilActive(StreamName);

      const [lower, upper, child] = await listShards(StreamName);
      assert.ok(lower && upper && child);
      assert.equal(child.ShardId, idOf(2));
      assert.equal(child.ParentShardId, idOf(0));
      assert.equal(child.AdjacentParentShardId, idOf(1));
      assert.deepEqual(child.HashKeyRange, {
        StartingHashKey: "0",
        EndingHashKey: "340282366920938463463374607431768211455",
      });
      const ends = [lower, upper].map(({ SequenceNumberRange: range }) =>
        decodeSequenceNumber(range.EndingSequenceNumber ?? ""),
      );
      const start = decodeSequenceNumber(child.SequenceNumberRange.StartingSequenceNumber);
      for (const end of ends) {
        assert.equal(end.seqIx, seqIxLast);
        assert.equal(end.time + 1, start.create);
      }
      assert.deepEqual([start.time, start.seqIx, start.shard], [start.create, 0n, 2]);

      for (const ShardId of [idOf(0), idOf(1)]) {
        const { last } = await readToEnd({ StreamName, ShardId });
        assert.deepEqual(last.ChildShards, [
          { ShardId: idOf(2), ParentShards: [idOf(0), idOf(1)], HashKeyRange: child.HashKeyRange },
        ]);
      }
    }));
});
