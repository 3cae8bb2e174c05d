import { isExpired } from "../retention-window.ts";
import type { Shard, Stream } from "../stream.ts";

/** ListShards' ShardFilter, its members checked. Times are ms since the epoch. */
export type ShardFilter =
  | { readonly type: "AFTER_SHARD_ID"; readonly shardIndex: number }
  | { readonly type: "AT_TRIM_HORIZON" | "FROM_TRIM_HORIZON" | "AT_LATEST" }
  | { readonly type: "AT_TIMESTAMP" | "FROM_TIMESTAMP"; readonly timeMs: number };

/** Shards that exist for clients: open, or closed so lately that records may be unexpired. In index order. */
export function visibleShards(stream: Pick<Stream, "shards">, horizon: number): readonly Shard[] {
  return stream.shards.filter(({ closed }) => closed === undefined || !isExpired(closed.closedMs, horizon));
}

/** The others: closed so long ago that none of their records is within retention. */
export function expiredShards(stream: Pick<Stream, "shards">, horizon: number): readonly Shard[] {
  return stream.shards.filter(({ closed }) => closed !== undefined && isExpired(closed.closedMs, horizon));
}

/**
 * The visible shards that a filter lets through. A time before the trim horizon, or before the stream, means the trim
 * horizon, so that a reader who starts from the answer misses nothing.
 */
export function filterShards(visible: readonly Shard[], filter: ShardFilter): readonly Shard[] {
  switch (filter.type) {
    case "AFTER_SHARD_ID":
      return visible.filter((shard) => shard.index > filter.shardIndex);
    case "FROM_TRIM_HORIZON":
      return visible;
    case "AT_LATEST":
      return visible.filter((shard) => shard.closed === undefined);
    case "AT_TRIM_HORIZON":
      return openAt(visible, Number.NEGATIVE_INFINITY);
    case "AT_TIMESTAMP":
      return openAt(visible, filter.timeMs);
    case "FROM_TIMESTAMP":
      return visible.filter((shard) => livedAt(shard, filter.timeMs));
  }
}

/**
 * The generation that was open at a time: not yet closed, and its parents no longer open. Judged by lineage instead of
 * create seconds, which may be ahead of the clock, so that the answer always covers the key space once.
 */
function openAt(visible: readonly Shard[], timeMs: number): readonly Shard[] {
  const lived = new Set(visible.filter((shard) => livedAt(shard, timeMs)).map((shard) => shard.index));
  return visible.filter(
    ({ index, parent, adjacentParent }) =>
      lived.has(index) &&
      (parent === undefined || !lived.has(parent)) &&
      (adjacentParent === undefined || !lived.has(adjacentParent)),
  );
}

function livedAt({ closed }: Shard, timeMs: number): boolean {
  return closed === undefined || closed.closedMs >= timeMs;
}
