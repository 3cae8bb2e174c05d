import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertSays, assertStreamNotFound } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import type { Shard } from "./support/outputs.ts";
import { base64, readToEnd } from "./support/read-shard.ts";
import { listShards, streamArn, suiteStream, uniqueName, untilActive, withStream } from "./support/stream-fixture.ts";

/** Shards, closed ones included, after one resize. */
const totals = [
  [2, 4, 6],
  [4, 5, 15],
  [4, 2, 6],
  [4, 3, 11],
] as const;

/** Targets that no single split or merge of each shard leads to. */
const uneven = [
  [5, 3],
  [10, 13],
  [3, 5],
] as const;

describe("UpdateShardCount", () => {
  const onDemand = suiteStream({ shards: "on-demand" });
  const absent = uniqueName("absent");

  testInput(
    "UpdateShardCount",
    { StreamName: absent, TargetShardCount: 2, ScalingType: "UNIFORM_SCALING" },
    {
      ...streamMembers,
      TargetShardCount: { type: "Integer", required: true, min: 1 },
      ScalingType: { type: "String", required: true, values: ["UNIFORM_SCALING"] },
    },
  );

  test("UpdateShardCount refuses a stream that does not exist, by name and by ARN", async () => {
    const input = { TargetShardCount: 2, ScalingType: "UNIFORM_SCALING" };
    await assertStreamNotFound("UpdateShardCount", { ...input, StreamName: absent }, absent);
    await assertStreamNotFound("UpdateShardCount", { ...input, StreamARN: await streamArn(absent) }, absent);
  });

  test("UpdateShardCount refuses an on-demand stream", async () => {
    const input = { StreamName: onDemand.name, TargetShardCount: 8, ScalingType: "UNIFORM_SCALING" };
    await assertSays("UpdateShardCount", input, "ondemand-manual-reshard", { stream: onDemand.name });
  });

  for (const [from, to, total] of totals) {
    test(`UpdateShardCount from ${from} to ${to} shards leaves ${total} shards, closed ones included`, () =>
      withStream({ shards: from }, async ({ StreamName, StreamARN }) => {
        const answer = await resize(StreamName, to);
        assert.deepEqual(answer, { StreamName, StreamARN, CurrentShardCount: from, TargetShardCount: to });
        await untilActive(StreamName);
        const shards = await listShards(StreamName);
        assert.equal(shards.length, total);
        assertEqualShards(shards, to);
      }));
  }

  for (const [from, to] of uneven) {
    test(`UpdateShardCount from ${from} to ${to} shards leaves shards of equal size`, () =>
      withStream({ shards: from }, async ({ StreamName }) => {
        await resize(StreamName, to);
        await untilActive(StreamName);
        assertEqualShards(await listShards(StreamName), to);
      }));
  }

  test("UpdateShardCount from 4 to 3 splits the two in the middle and merges their parts with their neighbours", () =>
    withStream({ shards: 4 }, async ({ StreamName }) => {
      await resize(StreamName, 3);
      await untilActive(StreamName);
      const shards = await listShards(StreamName);
      const index = (id: string | undefined) => (id === undefined ? undefined : Number(id.slice("shardId-".length)));
      assert.deepEqual(
        shards
          .slice(4)
          .map((shard) => [shard.ShardId, shard.ParentShardId, shard.AdjacentParentShardId].map(index))
          .map(([made, ...parents]) => [made, ...parents.filter((parent) => parent !== undefined)]),
        [
          [4, 1],
          [5, 1],
          [6, 0, 4],
          [7, 2],
          [8, 2],
          [9, 5, 7],
          [10, 8, 3],
        ],
      );
      const isOpen = ({ SequenceNumberRange: range }: Shard) => range.EndingSequenceNumber === undefined;
      assert.deepEqual(
        shards.filter(isOpen).map(({ ShardId }) => index(ShardId)),
        [6, 9, 10],
      );
      // What was split off and merged again is a shard as any other: a reader comes to its end and is told where to go on.
      const { records, last } = await readToEnd({ StreamName, ShardId: "4" });
      assert.deepEqual(records, []);
      assert.deepEqual(
        last.ChildShards?.map(({ ShardId, ParentShards }) => [index(ShardId), ParentShards.map(index)]),
        [[6, [0, 4]]],
      );
    }));

  test("UpdateShardCount accepts the present count and changes nothing", () =>
    withStream({ shards: 2 }, async ({ StreamName, Shards }) => {
      const answer = await resize(StreamName, 2);
      assert.deepEqual([answer.CurrentShardCount, answer.TargetShardCount], [2, 2]);
      await untilActive(StreamName);
      assert.deepEqual(await listShards(StreamName), Shards);
    }));

  test("UpdateShardCount keeps every record readable through the lineage of its shard", () =>
    withStream({ shards: 2 }, async ({ StreamName }) => {
      const texts = Array.from({ length: 50 }, (_, i) => `${i}`);
      const Records = texts.map((text) => ({ Data: base64(text), PartitionKey: text }));
      await ok("PutRecords", { StreamName, Records });
      await resize(StreamName, 4);
      await untilActive(StreamName);
      const read: string[] = [];
      for (const { ShardId, SequenceNumberRange } of await listShards(StreamName)) {
        if (SequenceNumberRange.EndingSequenceNumber === undefined) continue;
        const { records } = await readToEnd({ StreamName, ShardId });
        read.push(...records.map(({ Data }) => Buffer.from(Data, "base64").toString()));
      }
      assert.deepEqual(read.sort(), texts.sort());
    }));
});

async function resize(StreamName: string, TargetShardCount: number) {
  return ok("UpdateShardCount", { StreamName, TargetShardCount, ScalingType: "UNIFORM_SCALING" });
}

/** The open shards cover the key space, and each begins within `openCount` keys of where an equal share would. */
function assertEqualShards(shards: readonly Shard[], openCount: number): void {
  const open = shards
    .filter(({ SequenceNumberRange }) => SequenceNumberRange.EndingSequenceNumber === undefined)
    .map(({ HashKeyRange: range }) => [BigInt(range.StartingHashKey), BigInt(range.EndingHashKey)] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  assert.equal(open.length, openCount);
  const step = 2n ** 128n / BigInt(openCount);
  let next = 0n;
  for (const [k, [start, end]] of open.entries()) {
    assert.equal(start, next);
    const off = start - BigInt(k) * step;
    assert.ok(
      off >= -BigInt(openCount) && off <= BigInt(openCount),
      `shard ${k} of ${openCount} begins ${off} keys off`,
    );
    next = end + 1n;
  }
  assert.equal(next, 2n ** 128n);
}
