import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertSays, assertStreamNotFound } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import type { Shard } from "./support/outputs.ts";
import { base64, readToEnd } from "./support/read-shard.ts";
import { listShards, streamArn, suiteStream, uniqueName, untilActive, withStream } from "./support/stream-fixture.ts";

/** Shards, closed ones included, after one resize: a split of all, then merges; or merges alone. */
const totals = [
  [2, 4, 6],
  [4, 5, 15],
  [10, 13, 37],
  [4, 2, 6],
  [5, 3, 7],
] as const;

describe("UpdateShardCount", () => {
  const onDemand = suiteStream({ shards: "on-demand" });
  const nobody = uniqueName("nobody");

  testInput(
    "UpdateShardCount",
    { StreamName: nobody, TargetShardCount: 2, ScalingType: "UNIFORM_SCALING" },
    {
      ...streamMembers,
      TargetShardCount: { type: "Integer", required: true, min: 1 },
      ScalingType: { type: "String", required: true, values: ["UNIFORM_SCALING"] },
    },
  );

  test("UpdateShardCount refuses a stream that does not exist, by name and by ARN", async () => {
    const input = { TargetShardCount: 2, ScalingType: "UNIFORM_SCALING" };
    await assertStreamNotFound("UpdateShardCount", { ...input, StreamName: nobody }, nobody);
    await assertStreamNotFound("UpdateShardCount", { ...input, StreamARN: await streamArn(nobody) }, nobody);
  });

  test("UpdateShardCount refuses an on-demand stream", async () => {
    const input = { StreamName: onDemand.name, TargetShardCount: 8, ScalingType: "UNIFORM_SCALING" };
    await assertSays("UpdateShardCount", input, "ondemand-manual-reshard", { S: onDemand.name });
  });

  for (const [from, to, total] of totals) {
    test(`UpdateShardCount from ${from} to ${to} shards leaves ${total} shards, closed ones included`, () =>
      withStream({ shards: from }, async ({ StreamName, StreamARN }) => {
        const answer = await resize(StreamName, to);
        assert.deepEqual(answer, { StreamName, StreamARN, CurrentShardCount: from, TargetShardCount: to });
        await untilActive(StreamName);
        const shards = await listShards(StreamName);
        assert.equal(shards.length, total);
        assertTiles(shards, to);
      }));
  }

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

function assertTiles(shards: readonly Shard[], openCount: number): void {
  const open = shards
    .filter(({ SequenceNumberRange }) => SequenceNumberRange.EndingSequenceNumber === undefined)
    .map(({ HashKeyRange: range }) => [BigInt(range.StartingHashKey), BigInt(range.EndingHashKey)] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  assert.equal(open.length, openCount);
  let next = 0n;
  for (const [start, end] of open) {
    assert.equal(start, next);
    next = end + 1n;
  }
  assert.equal(next, 2n ** 128n);
}
