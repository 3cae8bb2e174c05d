import {
  shardAlreadyClosed,
  shardNotInStream,
  shardsNotAdjacent,
  splitHashKeyOutOfRange,
} from "../../model/shard-errors.ts";
import { streamIsOnDemand, streamNotActive } from "../../model/stream-errors.ts";
import { divideKeySpace } from "../hash-keys/hash-key-range.ts";
import { formatShardId } from "../positions/shard-id.ts";
import type { PlannedShard, Shard, Stream } from "../stream.ts";

/** The shards that one split or merge closes and opens: the content of a `reshard` intent, and one step of a resize. */
export interface ReshardPlan {
  readonly closing: readonly number[];
  readonly opening: readonly PlannedShard[];
}

/** The shards of a new stream. */
export function planCreate(shardCount: number): readonly PlannedShard[] {
  return divideKeySpace(shardCount).map((range, index) => ({ index, ...range }));
}

/**
 * Splits one open shard in two: [start, h - 1] and [h, end].
 *
 * Errors, in AWS's order: ResourceInUseException when the stream is not ACTIVE, ValidationException when it is on-demand,
 * ResourceNotFoundException for an absent shard, InvalidArgumentException for a closed one, the error of `checkQuota`,
 * InvalidArgumentException unless start + 1 < h < end.
 */
export function planSplit(
  stream: Stream,
  split: { readonly shardIndex: number; readonly newStartingHashKey: bigint },
  checkQuota: () => void = () => undefined,
): ReshardPlan {
  checkCanReshard(stream);
  const shard = requireOpen(stream, split.shardIndex);
  checkQuota();
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
  return { closing: [shard.index], opening: splitChildren(shard, newStartingHashKey, stream.nextShardIndex) };
}

/**
 * Merges two open shards with adjacent ranges; the lower one must be given first.
 *
 * Errors, in AWS's order: those of `planSplit` for the stream and each shard, then InvalidArgumentException unless the
 * second range follows the first.
 */
export function planMerge(
  stream: Stream,
  merge: { readonly shardIndex: number; readonly adjacentShardIndex: number },
): ReshardPlan {
  checkCanReshard(stream);
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
    opening: [mergeChild([shard, adjacent], stream.nextShardIndex)],
  };
}

type Parent = Pick<Shard, "index" | "startingHashKey" | "endingHashKey">;

/** The two children; the lower range gets the lower index. */
export function splitChildren(
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

export function mergeChild([lower, upper]: readonly [Parent, Parent], nextShardIndex: number): PlannedShard {
  return {
    index: nextShardIndex,
    parent: lower.index,
    adjacentParent: upper.index,
    startingHashKey: lower.startingHashKey,
    endingHashKey: upper.endingHashKey,
  };
}

function checkCanReshard(stream: Stream): void {
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
