import { HASH_KEY_MAX } from "./hash-key.ts";
import { mergedShard, type ReshardPlan, splitShard } from "./reshard-plan.ts";
import type { PlannedShard } from "./stream.ts";

type OpenShard = Pick<PlannedShard, "index" | "startingHashKey" | "endingHashKey">;

/**
 * The next round of a resize to `targetCount` open shards, or undefined when there is nothing left to do. As AWS does it:
 * with too few shards every one is split once, with too many neighbours are merged in pairs. A round depends only on the
 * open shards, so it can be planned anew after each one. Split points and merges aim at equal ranges.
 */
export function planResizeRound(
  openShards: readonly OpenShard[],
  nextShardIndex: number,
  targetCount: number,
): ReshardPlan | undefined {
  const ordered = openShards.toSorted((one, other) => (one.startingHashKey < other.startingHashKey ? -1 : 1));
  const step = (HASH_KEY_MAX + 1n) / BigInt(targetCount);
  if (ordered.length < targetCount) return splitRound(ordered, nextShardIndex, step);
  if (ordered.length > targetCount) return mergeRound(ordered, nextShardIndex, targetCount, step);
  return undefined;
}

function splitRound(ordered: readonly OpenShard[], nextShardIndex: number, step: bigint): ReshardPlan | undefined {
  const splittable = ordered.filter((shard) => shard.endingHashKey - shard.startingHashKey >= 3n);
  if (splittable.length === 0) return undefined;
  return {
    closing: splittable.map((shard) => shard.index),
    opening: splittable.flatMap((shard, i) => splitShard(shard, splitPoint(shard, step), nextShardIndex + 2 * i)),
  };
}

/** The multiple of `step` nearest to the shard's middle, where one may split it; else the middle. */
function splitPoint({ startingHashKey, endingHashKey }: OpenShard, step: bigint): bigint {
  const middle = (startingHashKey + endingHashKey + 1n) / 2n;
  const below = (middle / step) * step;
  const above = below + step;
  const nearest = middle - below <= above - middle ? [below, above] : [above, below];
  return nearest.find((point) => point > startingHashKey + 1n && point < endingHashKey) ?? middle;
}

interface Pair {
  readonly lower: OpenShard;
  readonly upper: OpenShard;
  /** The border between the two is one that the result needs. */
  readonly parted: boolean;
  readonly width: bigint;
}

/** Even ranges of different counts meet at borders that rounding has moved by some keys. */
function isNearMultiple(hashKey: bigint, step: bigint, toleranceKeys: bigint): boolean {
  const over = hashKey % step;
  return over <= toleranceKeys || step - over <= toleranceKeys;
}

function mergeRound(
  ordered: readonly OpenShard[],
  nextShardIndex: number,
  targetCount: number,
  step: bigint,
): ReshardPlan {
  const pairs: Pair[] = [];
  for (const [i, upper] of ordered.entries()) {
    const lower = ordered[i - 1];
    if (lower === undefined) continue;
    pairs.push({
      lower,
      upper,
      parted: isNearMultiple(upper.startingHashKey, step, BigInt(targetCount)),
      width: upper.endingHashKey - lower.startingHashKey,
    });
  }
  const unparted = pairs.filter((pair) => !pair.parted);
  const candidates = (unparted.length > 0 ? unparted : pairs).toSorted((one, other) =>
    one.width === other.width ? 0 : one.width < other.width ? -1 : 1,
  );

  const used = new Set<OpenShard>();
  const chosen: Pair[] = [];
  for (const pair of candidates) {
    if (chosen.length === ordered.length - targetCount) break;
    if (used.has(pair.lower) || used.has(pair.upper)) continue;
    used.add(pair.lower).add(pair.upper);
    chosen.push(pair);
  }
  chosen.sort((one, other) => (one.lower.startingHashKey < other.lower.startingHashKey ? -1 : 1));
  return {
    closing: chosen.flatMap(({ lower, upper }) => [lower.index, upper.index]),
    opening: chosen.map(({ lower, upper }, i) => mergedShard([lower, upper], nextShardIndex + i)),
  };
}
