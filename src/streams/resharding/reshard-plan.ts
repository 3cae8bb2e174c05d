import {
  shardAlreadyClosed,
  shardNotInStream,
  shardsNotAdjacent,
  splitHashKeyOutOfRange,
} from "../../model/shard-errors.ts";
import { streamIsOnDemand, streamNotActive } from "../../model/stream-errors.ts";
import { initialRanges } from "../hash-keys/hash-key.ts";
import { formatShardId } from "../positions/shard-id.ts";
import type { PlannedShard, Shard, Stream } from "../stream.ts";

/** What one split or merge closes and opens; the body of a `reshard` intent, and one step of a resize. */
export interface ReshardPlan {
  readonly closing: readonly number[];
  readonly opening: readonly PlannedShard[];
}

/** The shards of a new stream. */
export function planCreate(shardCount: number): readonly PlannedShard[] {
  return initialRanges(shardCount).map((range, index) => ({ index, ...range }));
}

/**
 * Splits one open shard in two: [start, h - 1] and [h, end].
 *
 * Errors, in AWS's order: ResourceInUseException when the stream is not ACTIVE, ValidationException when it is on-demand,
 * ResourceNotFoundException for an absent shard, InvalidArgumentException for a closed one, what
 * `checkRoom` throws when one more shard is too many, InvalidArgumentException unless start + 1 < h < end.
 */
export function planSplit(
  stream: Stream,
  split: { readonly shardIndex: number; readonly newStartingHashKey: bigint },
  checkRoom: () => void = () => undefined,
): ReshardPlan {
  checkMayReshard(stream);
  const shard = requireOpen(stream, split.shardIndex);
  checkRoom();
  const { startingHashKey, endingHashKey } = shard;
  const { newStartingHashKey } = split;
  if (newStartingHashKey <= startingHashKey + 1n || newStartingHashKey >= endingHashKey) {
    throw splitHashKeyOutOfRange(stream, {
      shardId: formatShardId(shard.index),
      newStartingHashKey: newStartingHashKey.toString(),
      startingHashKey,
      endingHashKey,
    });
  }
  return { closing: [shard.index], opening: splitShard(shard, newStartingHashKey, stream.nextShardIndex) };
}

/**
 * Merges two open shards whose ranges touch, the lower one given first.
 *
 * Errors, in AWS's order: as `planSplit` up to the shard, each check for the first one first; then
 * InvalidArgumentException unless the second begins where the first ends.
 */
export function planMerge(
  stream: Stream,
  merge: { readonly shardIndex: number; readonly adjacentShardIndex: number },
): ReshardPlan {
  checkMayReshard(stream);
  requireShard(stream, merge.shardIndex);
  requireShard(stream, merge.adjacentShardIndex);
  const shard = requireOpen(stream, merge.shardIndex);
  const adjacent = requireOpen(stream, merge.adjacentShardIndex);
  if (shard.endingHashKey + 1n !== adjacent.startingHashKey) {
    throw shardsNotAdjacent(stream, {
      shardId: formatShardId(shard.index),
      adjacentShardId: formatShardId(adjacent.index),
    });
  }
  return {
    closing: [shard.index, adjacent.index],
    opening: [mergedShard([shard, adjacent], stream.nextShardIndex)],
  };
}

type Parent = Pick<Shard, "index" | "startingHashKey" | "endingHashKey">;

/** Both halves; the lower one gets the lower index. */
export function splitShard(
  parent: Parent,
  newStartingHashKey: bigint,
  nextShardIndex: number,
): readonly [PlannedShard, PlannedShard] {
  const { index, startingHashKey, endingHashKey } = parent;
  return [
    { index: nextShardIndex, parent: index, startingHashKey, endingHashKey: newStartingHashKey - 1n },
    { index: nextShardIndex + 1, parent: index, startingHashKey: newStartingHashKey, endingHashKey },
  ];
}

export function mergedShard([lower, upper]: readonly [Parent, Parent], nextShardIndex: number): PlannedShard {
  return {
    index: nextShardIndex,
    parent: lower.index,
    adjacentParent: upper.index,
    startingHashKey: lower.startingHashKey,
    endingHashKey: upper.endingHashKey,
  };
}

function checkMayReshard(stream: Stream): void {
  if (stream.status !== "ACTIVE") throw streamNotActive(stream, stream.status);
  if (stream.mode === "ON_DEMAND") throw streamIsOnDemand(stream);
}

function requireShard(stream: Stream, index: number): Shard {
  const shard = stream.shards.find((candidate) => candidate.index === index);
  if (shard === undefined) throw shardNotInStream(stream, formatShardId(index));
  return shard;
}

function requireOpen(stream: Stream, index: number): Shard {
  const shard = requireShard(stream, index);
  if (shard.closed !== undefined) throw shardAlreadyClosed(stream, formatShardId(index));
  return shard;
}
