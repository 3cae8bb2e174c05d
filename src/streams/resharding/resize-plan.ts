import { HASH_KEY_MAX } from "../hash-keys/hash-key.ts";
import type { HashKeyRange } from "../hash-keys/hash-key-range.ts";
import { compareRanges } from "../hash-keys/open-shards.ts";
import type { PlannedShard } from "../stream.ts";
import { mergeChild, type ReshardPlan, splitChildren } from "./reshard-plan.ts";

type OpenShard = Pick<PlannedShard, "index" | "startingHashKey" | "endingHashKey">;

/**
 * Plans the splits and merges, in order, from the open shards to `targetCount` shards of equal size: target shard k begins
 * at k * floor(2^128 / targetCount), or at the start of a present shard within `targetCount` keys of that.
 *
 * Target ranges are formed from the lowest up. A shard that crosses the end of a range is split there, and all shards within
 * the range are merged. From 4 to 3: 1 is split into 4 and 5, 0 and 4 are merged to 6, 2 is split into 7 and 8, 5 and 7 are
 * merged to 9, 8 and 3 are merged to 10 (observed). Several splits of one shard, or merges of one range, form a balanced
 * tree, because each level adds a second to the sequence numbers and a shard to each reader.
 */
export function planResize(
  openShards: readonly OpenShard[],
  nextShardIndex: number,
  targetCount: number,
): readonly ReshardPlan[] {
  const ordered = openShards.toSorted(compareRanges);
  const ends = rangeEnds(ordered, targetCount);
  const steps: ReshardPlan[] = [];
  let nextIndex = nextShardIndex;

  const split = (shard: OpenShard, end: bigint): readonly [lower: PlannedShard, upper: PlannedShard] => {
    const halves = splitChildren(shard, end + 1n, nextIndex);
    steps.push({ closing: [shard.index], opening: halves });
    nextIndex += 2;
    return halves;
  };
  const merge = (lower: OpenShard, upper: OpenShard): PlannedShard => {
    const merged = mergeChild([lower, upper], nextIndex);
    steps.push({ closing: [lower.index, upper.index], opening: [merged] });
    nextIndex += 1;
    return merged;
  };

  // A stack: the shard with the lowest range is last.
  const rest = ordered.toReversed();
  for (const [k, end] of ends.entries()) {
    const inRange: OpenShard[] = [];
    for (;;) {
      const shard = rest.pop();
      if (shard === undefined) break;
      if (shard.startingHashKey > end) {
        rest.push(shard);
        break;
      }
      if (shard.endingHashKey <= end) {
        inRange.push(shard);
        continue;
      }
      const [lower, upper] = split(shard, middleEndWithin(shard, ends, k));
      rest.push(upper, lower);
    }
    mergeAll(inRange, merge);
  }
  return steps;
}

/** The greatest number of open shards after any of the steps. */
export function maxOpenShardCount(openCount: number, steps: readonly ReshardPlan[]): number {
  let count = openCount;
  let most = openCount;
  for (const { closing, opening } of steps) {
    count += opening.length - closing.length;
    most = Math.max(most, count);
  }
  return most;
}

/** The last key of each target range, ascending. */
function rangeEnds(ordered: readonly HashKeyRange[], targetCount: number): readonly bigint[] {
  const step = (HASH_KEY_MAX + 1n) / BigInt(targetCount);
  const ends: bigint[] = [];
  let at = 0;
  for (let k = 1; k < targetCount; k += 1) {
    const wanted = BigInt(k) * step - 1n;
    let end = ordered[at]?.endingHashKey ?? HASH_KEY_MAX;
    for (let next = ordered[at + 1]; next !== undefined; next = ordered[at + 1]) {
      if (distance(next.endingHashKey, wanted) > distance(end, wanted)) break;
      end = next.endingHashKey;
      at += 1;
    }
    ends.push(distance(end, wanted) <= BigInt(targetCount) ? end : wanted);
  }
  ends.push(HASH_KEY_MAX);
  return ends;
}

function distance(one: bigint, other: bigint): bigint {
  return one < other ? other - one : one - other;
}

/** The middle one of the ends from index `from` on that are inside the shard; of two the lower. There is at least one. */
function middleEndWithin({ endingHashKey }: HashKeyRange, ends: readonly bigint[], from: number): bigint {
  let after = from + 1;
  while ((ends[after] ?? endingHashKey) < endingHashKey) after += 1;
  return ends[from + ((after - from - 1) >> 1)] as bigint;
}

/** Merges adjacent shards in pairs until one is left. */
function mergeAll(shards: readonly OpenShard[], merge: (lower: OpenShard, upper: OpenShard) => OpenShard): void {
  for (let level = shards; level.length > 1; ) {
    const next: OpenShard[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [lower, upper] = [level[i] as OpenShard, level[i + 1]];
      next.push(upper === undefined ? lower : merge(lower, upper));
    }
    level = next;
  }
}
