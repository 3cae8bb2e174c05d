import assert from "node:assert/strict";
import { HASH_KEY_MAX, type HashKeyRange } from "./hash-key.ts";

/**
 * The invariant of every stream that has shards: its open ones, in the order of their ranges, cover the key space
 * without a gap and without an overlap. A breach is our fault; no record may be routed by such a map.
 */
export function checkHashRanges(openInRangeOrder: readonly HashKeyRange[]): void {
  let next = 0n;
  for (const { startingHashKey, endingHashKey } of openInRangeOrder) {
    assert(startingHashKey === next && endingHashKey >= startingHashKey, "open shards tile the key space");
    next = endingHashKey + 1n;
  }
  assert(next === HASH_KEY_MAX + 1n, "open shards tile the key space to its end");
}
