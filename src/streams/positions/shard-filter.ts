import { isExpired } from "../retention-window.ts";
import type { Shard, Stream } from "../stream.ts";

/** The ShardFilter of ListShards with valid members. Times are ms since the epoch. */
export type ShardFilter =
  | { readonly type: "AFTER_SHARD_ID"; readonly shardIndex: number }
  | { readonly type: "AT_TRIM_HORIZON" | "FROM_TRIM_HORIZON" | "AT_LATEST" }
  | { readonly type: "AT_TIMESTAMP" | "FROM_TIMESTAMP"; readonly timeMs: number };

/** The shards that clients see, sorted by index: open, or closed not before the horizon, with records that may be unexpired. */
export function visibleShards(stream: Pick<Stream, "shards">, horizon: number): readonly Shard[] {
  return stream.shards.filter(({ closed }) => closed === undefined || !isExpired(closed.closedMs, horizon));
}

/** The shards closed before the horizon: all their records have expired. */
export function expiredShards(stream: Pick<Stream, "shards">, horizon: number): readonly Shard[] {
  return stream.shards.filter(({ closed }) => closed !== undefined && isExpired(closed.closedMs, horizon));
}

/**
 * The visible shards that match a filter. A time before the trim horizon, or before the stream was created, means the trim
 * horizon, so that a reader that starts with these shards misses no record.
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
      return visible.filter((shard) => isOpenOrLater(shard, filter.timeMs));
  }
}

/**
 * The shards that were open at a time: not yet closed, with parents that were. Decided by lineage, because create seconds
 * may be ahead of the clock; so the shards always cover the key space once.
 */
function openAt(visible: readonly Shard[], timeMs: number): readonly Shard[] {
  const candidates = new Set(visible.filter((shard) => isOpenOrLater(shard, timeMs)).map((shard) => shard.index));
  return visible.filter(
    ({ index, parent, adjacentParent }) =>
      candidates.has(index) &&
      (parent === undefined || !candidates.has(parent)) &&
      (adjacentParent === undefined || !candidates.has(adjacentParent)),
  );
}

function isOpenOrLater({ closed }: Shard, timeMs: number): boolean {
  return closed === undefined || closed.closedMs >= timeMs;
}
