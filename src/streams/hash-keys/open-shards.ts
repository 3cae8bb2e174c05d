import type { Shard } from "../stream.ts";
import type { HashKeyRange } from "./hash-key-range.ts";

/** The open ones of a stream's shards, in the order of their ranges. */
export function openShardsOf(shards: readonly Shard[]): readonly Shard[] {
  return shards.filter(({ closed }) => closed === undefined).sort(compareRanges);
}

/** By the first keys, in which ranges that do not overlap differ. */
export function compareRanges(one: HashKeyRange, other: HashKeyRange): number {
  if (one.startingHashKey === other.startingHashKey) return 0;
  return one.startingHashKey < other.startingHashKey ? -1 : 1;
}
