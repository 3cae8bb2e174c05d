import { targetAboveDouble, targetAboveMax, targetBelowHalf } from "../../model/setting-errors.ts";

/** API reference, UpdateShardCount: a stream above this may only be scaled below it. */
const shardCountMax = 10_000;

/**
 * How far one UpdateShardCount may go: at most double and at least half of the open shards (half of an odd count is
 * rounded up), and at most `shardCountMax`. Errors: InvalidArgumentException.
 */
export function checkShardCountTarget(targetCount: number, currentCount: number): void {
  if (targetCount > shardCountMax) throw targetAboveMax(targetCount, shardCountMax);
  if (targetCount > 2 * currentCount) throw targetAboveDouble(targetCount, currentCount);
  if (targetCount < Math.ceil(currentCount / 2)) throw targetBelowHalf(targetCount, currentCount);
}
