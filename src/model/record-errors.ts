import { constraintsViolated } from "./request-errors.ts";
import { ServiceError } from "./service-error.ts";
import type { StreamPlace } from "./stream-errors.ts";

/** `ErrorCode` and `ErrorMessage` of a PutRecords entry that the server failed to store. */
export const recordFailure = { code: "InternalFailure", message: "Internal Service Failure" } as const;

/** An ExplicitHashKey of 2^128 or more; one of them fails a whole PutRecords. */
export function hashKeyOutOfRange(explicitHashKey: string): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${explicitHashKey}`,
  );
}

/** The service names SequenceNumberForOrdering by an internal name here (observed). */
export function orderingInvalid(stream: StreamPlace, sequenceNumberForOrdering: string): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `ExclusiveMinimumSequenceNumber ${sequenceNumberForOrdering} used in PutRecord on stream ${stream.name} under account ${stream.account} is invalid.`,
  );
}

/** Data and keys of a PutRecords have more than 10 MiB. The text was observed with 5 MB, the former limit. */
export function recordsTooLarge(): ServiceError {
  return new ServiceError("InvalidArgumentException", "Records size exceeds 10 MB limit");
}

/** A record above the maximum of its stream. `index`: from 0 in PutRecords; absent for PutRecord. */
export function recordTooLarge(bytesMax: number, index?: number): ServiceError {
  const path = recordPath("data", index);
  return constraintsViolated([
    `Value at '${path}' failed to satisfy constraint: Member must have length less than or equal to ${bytesMax}`,
  ]);
}

/** A record without a partition key, in a stream that needs one. `index` as in `recordTooLarge`. */
export function partitionKeyMissing(index?: number): ServiceError {
  const path = recordPath("partitionKey", index);
  return constraintsViolated([`Value null at '${path}' failed to satisfy constraint: Member must not be null`]);
}

function recordPath(member: string, index: number | undefined): string {
  return index === undefined ? member : `records.${index + 1}.member.${member}`;
}

/** The memory or disk budget of the server is used up. Clients back off and retry, as for a throttled shard. */
export function storageThrottled(message: string): ServiceError {
  return new ServiceError("ProvisionedThroughputExceededException", message);
}
