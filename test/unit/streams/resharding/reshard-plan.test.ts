import assert from "node:assert/strict";
import { test } from "node:test";
import { HASH_KEY_MAX } from "../../../../src/streams/hash-keys/hash-key.ts";
import { planCreate, planMerge, planSplit } from "../../../../src/streams/resharding/reshard-plan.ts";
import type { Shard, Stream } from "../../../../src/streams/stream.ts";
import { serviceError, streamOf } from "../stream-of.ts";

const under = "in stream orders under account 123456789012";

function withClosed(stream: Stream, index: number): Stream {
  const shards = stream.shards.map(
    (shard): Shard => (shard.index === index ? { ...shard, closed: { second: 1, end: 1n, closedMs: 1 } } : shard),
  );
  return { ...stream, shards };
}

test("planSplit() gives the lower half the lower number", () => {
  assert.deepEqual(planSplit(streamOf(2), { shardIndex: 0, newStartingHashKey: 10n }), {
    closing: [0],
    opening: [
      { index: 2, parent: 0, startingHashKey: 0n, endingHashKey: 9n },
      { index: 3, parent: 0, startingHashKey: 10n, endingHashKey: HASH_KEY_MAX / 2n },
    ],
  });
});

test("planSplit() wants start + 1 < h < end", () => {
  const stream = streamOf(2);
  const [, upper] = stream.shards;
  assert.ok(upper !== undefined);
  const { startingHashKey: start, endingHashKey: end } = upper;
  const split = (newStartingHashKey: bigint) => planSplit(stream, { shardIndex: 1, newStartingHashKey });
  for (const legal of [start + 2n, end - 1n]) assert.equal(split(legal).opening.length, 2);
  for (const illegal of [0n, start, start + 1n, end, end + 1n, 10n ** 39n - 1n]) {
    assert.throws(
      () => split(illegal),
      serviceError(
        "InvalidArgumentException",
        `NewStartingHashKey ${illegal} used in SplitShard() on shard shardId-000000000001 ${under} is not both greater than one plus the shard's StartingHashKey ${start} and less than the shard's EndingHashKey ${end}.`,
      ),
    );
  }
});

test("planMerge() names both parents, the lower one first", () => {
  const [lower, upper] = streamOf(3).shards;
  assert.ok(lower !== undefined && upper !== undefined);
  assert.deepEqual(planMerge(streamOf(3), { shardIndex: 0, adjacentShardIndex: 1 }), {
    closing: [0, 1],
    opening: [{ index: 3, parent: 0, adjacentParent: 1, startingHashKey: 0n, endingHashKey: upper.endingHashKey }],
  });
});

test("planMerge() refuses a reversed pair, a distant pair and a shard with itself", () => {
  for (const [shardIndex, adjacentShardIndex] of [
    [1, 0],
    [0, 2],
    [1, 1],
  ] as const) {
    assert.throws(
      () => planMerge(streamOf(3), { shardIndex, adjacentShardIndex }),
      serviceError(
        "InvalidArgumentException",
        `Shards shardId-00000000000${shardIndex} and shardId-00000000000${adjacentShardIndex} ${under} are not an adjacent pair of shards eligible for merging`,
      ),
    );
  }
});

test("the first breach in AWS's order is the one that is reported", () => {
  const split = (stream: Stream, shardIndex = 0) =>
    planSplit(stream, { shardIndex, newStartingHashKey: 0n }, () => {
      throw new Error("over the shard quota");
    });
  const onDemand = { mode: "ON_DEMAND" } as const;
  const updating = { status: "UPDATING" } as const;
  assert.throws(
    () => split(streamOf(2, { ...updating, ...onDemand }), 9),
    serviceError("ResourceInUseException", /instead in state UPDATING$/),
  );
  assert.throws(() => split(streamOf(2, onDemand), 9), serviceError("ValidationException", /On-Demand mode/));
  assert.throws(
    () => split(streamOf(2), 9),
    serviceError("ResourceNotFoundException", `Could not find shard shardId-000000000009 ${under}.`),
  );
  assert.throws(
    () => split(withClosed(streamOf(2), 0)),
    serviceError("InvalidArgumentException", /has already been merged or split/),
  );
  assert.throws(() => split(streamOf(2)), /over the shard quota/);

  const merge = (stream: Stream, shardIndex: number, adjacentShardIndex: number) =>
    planMerge(stream, { shardIndex, adjacentShardIndex });
  assert.throws(() => merge(streamOf(2, updating), 9, 8), serviceError("ResourceInUseException", /UPDATING$/));
  assert.throws(() => merge(streamOf(2), 9, 8), serviceError("ResourceNotFoundException", /shardId-000000000009/));
  assert.throws(
    () => merge(withClosed(streamOf(2), 0), 0, 8),
    serviceError("ResourceNotFoundException", /shardId-000000000008/),
  );
  assert.throws(
    () => merge(withClosed(streamOf(2), 1), 1, 0),
    serviceError("InvalidArgumentException", /shardId-000000000001 .* already been merged/),
  );
});

test("planCreate() counts shards from zero", () => {
  assert.deepEqual(
    planCreate(2).map((shard) => shard.index),
    [0, 1],
  );
  assert.equal(planCreate(7).at(-1)?.endingHashKey, HASH_KEY_MAX);
});
