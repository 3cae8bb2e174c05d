import { ServiceError } from "./service-error.ts";
import type { StreamPlace } from "./stream-errors.ts";

const ITERATOR_LIFE_MS = 300_000;

export function invalidShardIterator(): ServiceError {
  return new ServiceError("InvalidArgumentException", "Invalid ShardIterator.");
}

export function iteratorExpired(times: { readonly createdMs: number; readonly nowMs: number }): ServiceError {
  return new ServiceError(
    "ExpiredIteratorException",
    `Iterator expired. The iterator was created at time ${javaDate(times.createdMs)} while right now it is ${javaDate(times.nowMs)} which is further in the future than the tolerated delay of ${ITERATOR_LIFE_MS} milliseconds.`,
  );
}

/** `Thu Jan 22 01:22:02 UTC 2015` */
function javaDate(ms: number): string {
  const [weekday = "", day, month, year, time] = new Date(ms).toUTCString().split(" ");
  return `${weekday.replace(",", "")} ${month} ${day} ${time} UTC ${year}`;
}

const EITHER =
  "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber.";

export function startingSequenceNumberMissing(iteratorType: string): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `${EITHER} Request specified ${iteratorType} and no StartingSequenceNumber.`,
  );
}

export function startingSequenceNumberNotExpected(iteratorType: string): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `${EITHER} Request specified ${iteratorType} and also a StartingSequenceNumber.`,
  );
}

export function timestampMissing(): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.",
  );
}

export function timestampInFuture(times: { readonly timestampMs: number; readonly nowMs: number }): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: ${times.timestampMs}, currentTimestampInMillis: ${times.nowMs}`,
  );
}

export interface StartingSequenceNumberUse {
  readonly sequenceNumber: string;
  /** In the form `shardId-000000000000`. */
  readonly shardId: string;
}

function use(stream: StreamPlace, { sequenceNumber, shardId }: StartingSequenceNumberUse): string {
  return `StartingSequenceNumber ${sequenceNumber} used in GetShardIterator on shard ${shardId} in stream ${stream.name} under account ${stream.account}`;
}

export function startingSequenceNumberInvalid(stream: StreamPlace, given: StartingSequenceNumberUse): ServiceError {
  return new ServiceError("InvalidArgumentException", `${use(stream, given)} is invalid.`);
}

export function startingSequenceNumberOfOtherStream(
  stream: StreamPlace,
  given: StartingSequenceNumberUse,
): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `${use(stream, given)} is invalid because it did not come from this stream.`,
  );
}

export function startingSequenceNumberOfOtherShard(ids: {
  readonly encodedShardId: string;
  readonly shardId: string;
}): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `Invalid StartingSequenceNumber. It encodes ${ids.encodedShardId}, while it was used in a call to a shard with ${ids.shardId}`,
  );
}

/** The iterator is of another stream than `StreamARN`. The text is ours. */
export function iteratorOfOtherStream(): ServiceError {
  return new ServiceError("InvalidArgumentException", "StreamARN does not refer to the stream of the ShardIterator.");
}
