import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertSays, assertStreamNotFound } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { hashKeyPattern, namePattern } from "./support/patterns.ts";
import { base64, iteratorAt, readRecords, readToEnd } from "./support/read-shard.ts";
import { decodeSequenceNumber, seqIxLast } from "./support/sequence-number.ts";
import { listShards, streamArn, suiteStream, uniqueName, untilActive, withStream } from "./support/stream-fixture.ts";
import { assertViolations } from "./support/test-constraints.ts";

const last = 2n ** 128n - 1n;
const shard0 = "shardId-000000000000";

describe("SplitShard", () => {
  const stream = suiteStream({ shards: 3 });
  const onDemand = suiteStream({ shards: "on-demand" });
  const absent = uniqueName("absent");

  testInput(
    "SplitShard",
    { StreamName: absent, ShardToSplit: "shardId-0", NewStartingHashKey: "1" },
    {
      ...streamMembers,
      ShardToSplit: { type: "String", required: true, min: 1, max: 128, pattern: namePattern },
      NewStartingHashKey: { type: "String", required: true, pattern: hashKeyPattern },
    },
  );

  test("SplitShard lists several violations in one sentence", async () => {
    await assertViolations("SplitShard", {}, [
      "Value null at 'newStartingHashKey' failed to satisfy constraint: Member must not be null",
      "Value null at 'shardToSplit' failed to satisfy constraint: Member must not be null",
    ]);
  });

  test("SplitShard refuses a stream that does not exist, by name and by ARN", async () => {
    const input = { ShardToSplit: "shardId-0", NewStartingHashKey: "2" };
    await assertStreamNotFound("SplitShard", { ...input, StreamName: absent }, absent);
    await assertStreamNotFound("SplitShard", { ...input, StreamARN: await streamArn(absent) }, absent);
  });

  test("SplitShard refuses an id without a number before it looks for the stream", async () => {
    for (const id of ["ABKLFD8", "2.14E4", "2147483648"]) {
      for (const StreamName of [absent, stream.name]) {
        const input = { StreamName, ShardToSplit: id, NewStartingHashKey: "2" };
        await assertSays("SplitShard", input, "shard-not-in-stream", { stream: StreamName, shard: id });
      }
    }
  });

  test("SplitShard refuses a shard that the stream does not have", async () => {
    const input = { StreamName: stream.name, ShardToSplit: "foo-5", NewStartingHashKey: "2" };
    await assertSays("SplitShard", input, "shard-not-in-stream", {
      stream: stream.name,
      shard: "shardId-000000000005",
    });
  });

  test("SplitShard refuses a hash key unless both children would hold two keys", async () => {
    const { StartingHashKey: start, EndingHashKey: end } =
      stream.shards[1]?.HashKeyRange ?? assert.fail("the stream has three shards");
    for (const hashKey of [0n, BigInt(start), BigInt(start) + 1n, BigInt(end), BigInt(end) + 1n, last]) {
      const input = { StreamName: stream.name, ShardToSplit: "1", NewStartingHashKey: hashKey.toString() };
      const values = { hashKey, shard: "shardId-000000000001", stream: stream.name, start, end };
      await assertSays("SplitShard", input, "split-hash-key", values);
    }
  });

  test("SplitShard refuses an on-demand stream", async () => {
    const input = { StreamName: onDemand.name, ShardToSplit: "0", NewStartingHashKey: "2" };
    await assertSays("SplitShard", input, "ondemand-manual-reshard", { stream: onDemand.name });
  });

  test("SplitShard takes the least and the greatest key that leave two keys to each child", () =>
    withStream({}, async ({ StreamName }) => {
      const split = async (ShardToSplit: string, NewStartingHashKey: bigint) => {
        await ok("SplitShard", { StreamName, ShardToSplit, NewStartingHashKey: NewStartingHashKey.toString() });
        await untilActive(StreamName);
      };
      await split("0", 2n);
      await split("2", last - 1n);
      const shards = await listShards(StreamName);
      assert.deepEqual(
        shards.map(({ HashKeyRange: range }) => [BigInt(range.StartingHashKey), BigInt(range.EndingHashKey)]),
        [
          [0n, last],
          [0n, 1n],
          [2n, last],
          [2n, last - 2n],
          [last - 1n, last],
        ],
      );
    }));

  test("SplitShard closes the parent at one moment, opens its children a second later and keeps the parent readable", () =>
    withStream({ shards: 2 }, async ({ StreamName }) => {
      const before = await ok("PutRecord", { StreamName, Data: base64("before"), PartitionKey: "a" });
      assert.equal(before.ShardId, shard0);
      const held = await iteratorAt({ StreamName, ShardId: "0", ShardIteratorType: "LATEST" });
      const middle = 2n ** 126n;
      const answer = await call("SplitShard", { StreamName, ShardToSplit: "0", NewStartingHashKey: middle.toString() });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text, "");
      await untilActive(StreamName);

      const [parent, untouched, lower, upper] = await listShards(StreamName);
      assert.ok(parent && untouched && lower && upper);
      assert.equal(untouched.SequenceNumberRange.EndingSequenceNumber, undefined);
      assert.deepEqual(
        [lower, upper].map((child) => [child.ShardId, child.ParentShardId, child.AdjacentParentShardId]),
        [
          ["shardId-000000000002", shard0, undefined],
          ["shardId-000000000003", shard0, undefined],
        ],
      );
      assert.deepEqual(lower.HashKeyRange, { StartingHashKey: "0", EndingHashKey: (middle - 1n).toString() });
      assert.deepEqual(upper.HashKeyRange, {
        StartingHashKey: middle.toString(),
        EndingHashKey: parent.HashKeyRange.EndingHashKey,
      });

      const end = decodeSequenceNumber(parent.SequenceNumberRange.EndingSequenceNumber ?? "");
      const start = decodeSequenceNumber(parent.SequenceNumberRange.StartingSequenceNumber);
      assert.deepEqual([end.create, end.seqIx, end.shard], [start.create, seqIxLast, 0]);
      for (const [shard, child] of [[2, lower] as const, [3, upper] as const]) {
        const childStart = decodeSequenceNumber(child.SequenceNumberRange.StartingSequenceNumber);
        assert.deepEqual(childStart, { create: end.time + 1, time: end.time + 1, seqIx: 0n, shard });
      }

      const after = await ok("PutRecord", { StreamName, Data: base64("after"), PartitionKey: "a" });
      assert.equal(after.ShardId, "shardId-000000000002");
      assert.ok(BigInt(after.SequenceNumber) > BigInt(before.SequenceNumber));
      const [stored] = await readRecords({ StreamName, ShardId: "2" }, 1);
      assert.equal(stored?.Data, base64("after"));

      const { records, last: final } = await readToEnd({ StreamName, ShardId: "0" });
      assert.deepEqual(
        records.map(({ SequenceNumber }) => SequenceNumber),
        [before.SequenceNumber],
      );
      assert.equal("NextShardIterator" in final, false);
      assert.deepEqual(final.ChildShards, [
        { ShardId: lower.ShardId, ParentShards: [shard0], HashKeyRange: lower.HashKeyRange },
        { ShardId: upper.ShardId, ParentShards: [shard0], HashKeyRange: upper.HashKeyRange },
      ]);
      const late = await ok("GetRecords", { ShardIterator: held });
      assert.deepEqual([late.Records, "NextShardIterator" in late, late.ChildShards?.length], [[], false, 2]);

      const values = { shard: shard0, stream: StreamName };
      const again = { StreamName, ShardToSplit: "0", NewStartingHashKey: "100" };
      await assertSays("SplitShard", again, "shard-already-closed", values);
      const merge = { StreamName, ShardToMerge: "0", AdjacentShardToMerge: "1" };
      await assertSays("MergeShards", merge, "shard-already-closed", values);
    }));
});
