import { constraintsViolated } from "./request-errors.ts";
import { ServiceError } from "./service-error.ts";
import type { StreamPlace } from "./stream-errors.ts";

/** `ErrorCode` and `ErrorMessage` of a PutRecords entry that failed by our fault or the engine's. */
export const recordFailure = { code: "InternalFailure", message: "Internal Service Failure" } as const;

/** An explicit hash key of 2^128 or more; one such key refuses a whole PutRecords. */
export function hashKeyOutOfRange(explicitHashKey: string): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${explicitHashKey}`,
  );
}

/** The service calls SequenceNumberForOrdering by an internal name here. */
export function orderingInvalid(stream: StreamPlace, sequenceNumberForOrdering: string): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `ExclusiveMinimumSequenceNumber ${sequenceNumberForOrdering} used in PutRecord on stream ${stream.name} under account ${stream.account} is invalid.`,
  );
}

/** Data and keys of a PutRecords together are over 10 MiB; the text is known from the days of 5. */
export function recordsTooLarge(): ServiceError {
  return new ServiceError("InvalidArgumentException", "Records size exceeds 10 MB limit");
}

/** A record over the stream's maximum; `index` counts from 0 within PutRecords and is left out for PutRecord. */
export function recordTooLarge(bytesMax: number, index?: number): ServiceError {
  const path = recordPath("data", index);
  return constraintsViolated([
    `Value at '${path}' failed to satisfy constraint: Member must have length less than or equal to ${bytesMax}`,
  ]);
}

/** A stream that places records by their keys needs one; `index` as in `recordTooLarge`. */
export function partitionKeyMissing(index?: number): ServiceError {
  const path = recordPath("partitionKey", index);
  return constraintsViolated([`Value null at '${path}' failed to satisfy constraint: Member must not be null`]);
}

function recordPath(member: string, index: number | undefined): string {
  return index === undefined ? member : `records.${index + 1}.member.${member}`;
}

/** The server's own memory or disk budget is full; clients back off and retry as they do for a shard's throttle. */
export function storageThrottled(message: string): ServiceError {
  return new ServiceError("ProvisionedThroughputExceededException", message);
}
