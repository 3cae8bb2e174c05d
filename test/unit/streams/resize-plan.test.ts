import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkTiling } from "../../../src/streams/check-tiling.ts";
import { initialRanges } from "../../../src/streams/hash-key.ts";
import { planCreate } from "../../../src/streams/reshard-plan.ts";
import { planResizeRound } from "../../../src/streams/resize-plan.ts";
import type { PlannedShard } from "../../../src/streams/stream.ts";

/** All rounds until nothing is left to do. */
function resize(
  from: readonly PlannedShard[],
  target: number,
): { open: readonly PlannedShard[]; total: number; rounds: number } {
  let open = from;
  let total = from.length;
  for (let rounds = 0; ; rounds += 1) {
    const round = planResizeRound(open, total, target);
    if (round === undefined) return { open, total, rounds };
    assert.ok(rounds < 40, "a resize comes to an end");
    assert.ok(round.closing.every((index) => open.some((shard) => shard.index === index)));
    assert.equal(new Set(round.closing).size, round.closing.length);
    assert.deepEqual(
      round.opening.map((shard) => shard.index),
      round.opening.map((_, i) => total + i),
    );
    open = [...open.filter((shard) => !round.closing.includes(shard.index)), ...round.opening].sort((one, other) =>
      one.startingHashKey < other.startingHashKey ? -1 : 1,
    );
    total += round.opening.length;
    checkTiling(open);
  }
}

test("totals of closed and open shards are those of AWS", () => {
  for (const [from, target, total] of [
    [2, 4, 6],
    [4, 5, 15],
    [10, 13, 37],
    [4, 2, 6],
    [5, 3, 7],
    [10, 3, 17],
  ] as const) {
    const resized = resize(planCreate(from), target);
    assert.equal(resized.total, total, `${from} to ${target}`);
    assert.equal(resized.open.length, target);
  }
});

test("even ranges stay even where one split of each shard allows it", () => {
  for (const [from, target] of [
    [2, 4],
    [4, 5],
    [4, 6],
    [4, 2],
    [6, 3],
  ] as const) {
    const wanted = initialRanges(target);
    for (const [i, shard] of resize(planCreate(from), target).open.entries()) {
      // Borders of the old ranges may differ from the ideal by what rounding left over.
      const off = shard.startingHashKey - (wanted[i]?.startingHashKey ?? -1n);
      assert.ok(off >= -BigInt(target) && off <= BigInt(target), `${from} to ${target}, shard ${i}: ${off}`);
    }
  }
});

test("any resize ends at its target and tiles the key space after every round", () => {
  const counts = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(counts, counts, counts, (from, between, target) => {
      assert.equal(
        resize(
          resize(planCreate(from), between).open.map((shard, index) => ({ ...shard, index })),
          target,
        ).open.length,
        target,
      );
    }),
  );
});

test("shards of three keys are not split further", () => {
  const narrow = Array.from({ length: 2 }, (_, index) => ({
    index,
    startingHashKey: BigInt(index * 3),
    endingHashKey: BigInt(index * 3 + 2),
  }));
  assert.equal(planResizeRound(narrow, 2, 4), undefined);
});
