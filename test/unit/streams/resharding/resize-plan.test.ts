import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HASH_KEY_MAX } from "../../../../src/streams/hash-keys/hash-key.ts";
import { assertTiling } from "../../../../src/streams/hash-keys/hash-key-range.ts";
import { planCreate } from "../../../../src/streams/resharding/reshard-plan.ts";
import { maxOpenShardCount, planResize } from "../../../../src/streams/resharding/resize-plan.ts";
import type { PlannedShard } from "../../../../src/streams/stream.ts";

interface Resized {
  readonly open: readonly PlannedShard[];
  /** Number of all shards, closed ones included. */
  readonly total: number;
  readonly openAtMost: number;
}

/** Carries the steps out one by one and holds each to the rules of SplitShard and MergeShards. */
function resize(from: readonly PlannedShard[], target: number, nextIndex = from.length): Resized {
  const steps = planResize(from, nextIndex, target);
  const open = new Map(from.map((shard) => [shard.index, shard]));
  let total = nextIndex;
  let openAtMost = open.size;
  for (const { closing, opening } of steps) {
    const parents = closing.map((index) => open.get(index) ?? assert.fail(`shard ${index} is open`));
    const [lower, upper] = parents.length === 2 ? parents : opening;
    const [whole] = parents.length === 2 ? opening : parents;
    assert.ok(lower !== undefined && upper !== undefined && whole !== undefined, "a step is a split or a merge");
    assert.equal(parents.length + opening.length, 3);
    assert.deepEqual(
      [lower.startingHashKey, lower.endingHashKey + 1n, upper.endingHashKey],
      [whole.startingHashKey, upper.startingHashKey, whole.endingHashKey],
    );
    if (parents.length === 1) {
      assert.ok(upper.startingHashKey > whole.startingHashKey + 1n && upper.startingHashKey < whole.endingHashKey);
    }
    for (const child of opening) {
      assert.deepEqual([child.parent, child.adjacentParent], [closing[0], closing[1]]);
      assert.equal(child.index, total++, "new shards get the next numbers in the order in which they are made");
    }
    for (const index of closing) open.delete(index);
    for (const child of opening) open.set(child.index, child);
    openAtMost = Math.max(openAtMost, open.size);
  }
  assert.equal(maxOpenShardCount(from.length, steps), openAtMost);
  const ordered = [...open.values()].sort((one, other) => (one.startingHashKey < other.startingHashKey ? -1 : 1));
  assertTiling(ordered);
  return { open: ordered, total, openAtMost };
}

function assertEqualShards(open: readonly PlannedShard[], target: number): void {
  assert.equal(open.length, target);
  const step = (HASH_KEY_MAX + 1n) / BigInt(target);
  for (const [k, { startingHashKey }] of open.entries()) {
    const off = startingHashKey - BigInt(k) * step;
    assert.ok(off >= -BigInt(target) && off <= BigInt(target), `shard ${k} of ${target} begins ${off} keys off`);
  }
}

/** Shards with borders at these keys, in the way of a stream whose user has split and merged by hand. */
function shardsAt(starts: readonly bigint[]): readonly PlannedShard[] {
  const sorted = [...new Set([0n, ...starts])].sort((one, other) => (one < other ? -1 : 1));
  return sorted.map((startingHashKey, index) => ({
    index,
    startingHashKey,
    endingHashKey: (sorted[index + 1] ?? HASH_KEY_MAX + 1n) - 1n,
  }));
}

test("four shards are made three equal ones as the service was seen to do it", () => {
  assert.deepEqual(
    planResize(planCreate(4), 4, 3).map(({ closing, opening }) => [closing, opening.map(({ index }) => index)]),
    [
      [[1], [4, 5]],
      [[0, 4], [6]],
      [[2], [7, 8]],
      [[5, 7], [9]],
      [[8, 3], [10]],
    ],
  );
  assert.deepEqual(
    resize(planCreate(4), 3).open.map(({ index }) => index),
    [6, 9, 10],
  );
});

test("totals of closed and open shards are those that were seen", () => {
  for (const [from, target, total] of [
    [2, 4, 6],
    [4, 5, 15],
    [4, 2, 6],
    [4, 3, 11],
  ] as const) {
    assert.equal(resize(planCreate(from), target).total, total, `${from} to ${target}`);
  }
});

test("no target leaves shards of unequal size, be it a power of two or not", () => {
  for (let from = 1; from <= 24; from += 1) {
    for (let target = 1; target <= 48; target += 1) assertEqualShards(resize(planCreate(from), target).open, target);
  }
});

test("no number of resizes in a row leaves shards of unequal size", () => {
  const counts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), counts, (from, targets) => {
      let open = planCreate(from);
      let total = from;
      for (const target of targets) {
        const resized = resize(open, target, total);
        assertEqualShards(resized.open, target);
        ({ open, total } = resized);
      }
    }),
    { numRuns: 60 },
  );
});

test("shards that were split by hand, even to a few keys, end up equal", () => {
  const key = fc.bigInt({ min: 2n, max: HASH_KEY_MAX - 2n });
  const nearBorder = fc
    .tuple(fc.integer({ min: 1, max: 19 }), fc.bigInt({ min: -40n, max: 40n }))
    .map(([k, off]) => (BigInt(k) * (HASH_KEY_MAX + 1n)) / 20n + off);
  const starts = fc.array(fc.oneof(key, nearBorder), { maxLength: 40 });
  fc.assert(
    fc.property(starts, fc.integer({ min: 1, max: 40 }), (given, target) => {
      assertEqualShards(resize(shardsAt(given), target).open, target);
    }),
  );
});

test("a border within as many keys as there are shards is kept, one behind it is not", () => {
  const third = (HASH_KEY_MAX + 1n) / 3n;
  const kept = shardsAt([third - 3n, 2n * third + 3n]);
  assert.deepEqual(planResize(kept, 3, 3), []);
  const [first, second] = resize(shardsAt([third - 4n, 2n * third + 4n]), 3).open;
  assert.deepEqual([first?.endingHashKey, second?.endingHashKey], [third - 1n, 2n * third - 1n]);
});

test("the nearest of several borders is kept", () => {
  const half = (HASH_KEY_MAX + 1n) / 2n;
  const { open } = resize(shardsAt([half - 2n, half + 1n]), 2);
  assert.equal(open[1]?.startingHashKey, half + 1n);
});

test("a hundred splits of one shard, or merges to one, are seven generations and not a hundred", () => {
  const generations = (from: number, target: number): number => {
    const age = new Map(planCreate(from).map(({ index }) => [index, 0]));
    for (const { closing, opening } of planResize(planCreate(from), from, target)) {
      const oldest = Math.max(...closing.map((index) => age.get(index) ?? 0));
      for (const { index } of opening) age.set(index, oldest + 1);
    }
    return Math.max(...age.values());
  };
  assert.equal(generations(1, 100), 7);
  assert.equal(generations(100, 1), 7);
});

test("a doubling splits and a halving merges, and no shard is made without need", () => {
  assert.deepEqual(
    planResize(planCreate(64), 64, 128).map(({ closing }) => closing.length),
    Array.from({ length: 64 }, () => 1),
  );
  assert.deepEqual(
    planResize(planCreate(128), 128, 64).map(({ closing }) => closing.length),
    Array.from({ length: 64 }, () => 2),
  );
  assert.equal(resize(planCreate(128), 64).openAtMost, 128);
  assert.deepEqual(planResize(planCreate(7), 7, 7), []);
});
