import assert from "node:assert/strict";
import { HASH_KEY_MAX } from "./hash-key.ts";

export interface HashKeyRange {
  /** Inclusive. */
  readonly startingHashKey: bigint;
  /** Inclusive. */
  readonly endingHashKey: bigint;
}

/** Divides the key space into `count` equal ranges; the last one also gets the remainder. */
export function divideKeySpace(count: number): readonly HashKeyRange[] {
  const step = (HASH_KEY_MAX + 1n) / BigInt(count);
  return Array.from({ length: count }, (_, index) => ({
    startingHashKey: BigInt(index) * step,
    endingHashKey: index === count - 1 ? HASH_KEY_MAX : BigInt(index + 1) * step - 1n,
  }));
}

/**
 * Asserts the invariant of every stream that has shards: its open ones, sorted by range, cover the key space without a gap
 * or an overlap. No record may be routed by ranges that do not.
 */
export function assertTiling(openRanges: readonly HashKeyRange[]): void {
  let next = 0n;
  for (const { startingHashKey, endingHashKey } of openRanges) {
    assert(startingHashKey === next && endingHashKey >= startingHashKey, "open shards tile the key space");
    next = endingHashKey + 1n;
  }
  assert(next === HASH_KEY_MAX + 1n, "open shards tile the key space to its end");
}
