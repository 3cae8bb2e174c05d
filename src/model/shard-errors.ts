import { ServiceError } from "./service-error.ts";
import type { StreamPlace } from "./stream-errors.ts";

/** The text of a throttled shard, for PutRecord, GetShardIterator and the ErrorMessage of a record of PutRecords. */
export function shardRateText(stream: StreamPlace, shardId: string): string {
  return `Rate exceeded for shard ${shardIn(stream, shardId)}.`;
}

function shardIn(stream: StreamPlace, shardId: string): string {
  return `${shardId} in stream ${stream.name} under account ${stream.account}`;
}

/** An invalid ShardId, as in the request; in SplitShard and MergeShards also an absent shard. */
export function shardNotInStream(stream: StreamPlace, shardId: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", `Could not find shard ${shardIn(stream, shardId)}.`);
}

/** GetShardIterator and GetRecords, also when the stream does not exist. No final dot (observed). */
export function shardDoesNotExist(stream: StreamPlace, shardId: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", `Shard ${shardIn(stream, shardId)} does not exist`);
}

export function shardRateExceeded(stream: StreamPlace, shardId: string): ServiceError {
  return new ServiceError("ProvisionedThroughputExceededException", shardRateText(stream, shardId));
}

/** A throttled GetRecords (observed 2023 and 2025). No final dot. */
export function readRateExceeded({ account, name }: StreamPlace, shardId: string): ServiceError {
  return new ServiceError(
    "ProvisionedThroughputExceededException",
    `Rate exceeded for Shard - ${account}/${name}/${shardId}`,
  );
}

export function splitHashKeyOutOfRange(
  stream: StreamPlace,
  split: {
    readonly shardId: string;
    readonly newStartingHashKey: string;
    readonly startingHashKey: string | bigint;
    readonly endingHashKey: string | bigint;
  },
): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `NewStartingHashKey ${split.newStartingHashKey} used in SplitShard() on shard ${shardIn(stream, split.shardId)} is not both greater than one plus the shard's StartingHashKey ${split.startingHashKey} and less than the shard's EndingHashKey ${split.endingHashKey}.`,
  );
}

/** No final dot (observed). */
export function shardsNotAdjacent(
  stream: StreamPlace,
  pair: { readonly shardId: string; readonly adjacentShardId: string },
): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `Shards ${pair.shardId} and ${shardIn(stream, pair.adjacentShardId)} are not an adjacent pair of shards eligible for merging`,
  );
}

export function shardAlreadyClosed(stream: StreamPlace, shardId: string): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `Shard ${shardIn(stream, shardId)} has already been merged or split, and thus is not eligible for merging or splitting.`,
  );
}
