import { ServiceError } from "./service-error.ts";
import type { StreamPlace } from "./stream-errors.ts";

// All texts below are ours: only the types of these errors are documented.

/** `queueArn`: as in the request. */
export function queueNotFound(queueArn: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", `Queue ${queueArn} not found.`);
}

export function queueExists(queueName: string, account: string): ServiceError {
  return new ServiceError("ResourceInUseException", `Queue ${queueName} under account ${account} already exists.`);
}

export function queueNotActive(queueArn: string, status: string): ServiceError {
  return new ServiceError("ResourceInUseException", `Queue ${queueArn} not ACTIVE, instead in state ${status}`);
}

/** CreateQueue with a stream in CREATING or DELETING has the sentence for streams. */
export function queueNeedsOnDemand({ name, account }: StreamPlace): ServiceError {
  return new ServiceError(
    "ValidationException",
    `Request is invalid. Stream ${name} under account ${account} is in Provisioned mode; a queue needs a stream in On-Demand mode.`,
  );
}

export function oneStreamPerQueue(count: number): ServiceError {
  return new ServiceError(
    "ValidationException",
    `StreamConfigurationList must have exactly one entry; it has ${count}.`,
  );
}

export function startTimestampRequired(): ServiceError {
  return new ServiceError("ValidationException", "StartingPosition of type AT_TIMESTAMP must have a Timestamp.");
}

export function startTimestampNotExpected(type: string): ServiceError {
  return new ServiceError("ValidationException", `StartingPosition of type ${type} cannot have a Timestamp.`);
}

export function maxReceiveCountRequired(): ServiceError {
  return new ServiceError(
    "ValidationException",
    "DeadLetterConfiguration with TargetType BUILT_IN must have a MaxReceiveCount.",
  );
}

export function maxReceiveCountNotExpected(): ServiceError {
  return new ServiceError(
    "ValidationException",
    "DeadLetterConfiguration with TargetType NONE cannot have a MaxReceiveCount.",
  );
}

export function streamHasQueues({ name, account }: StreamPlace): ServiceError {
  return new ServiceError(
    "ResourceInUseException",
    `DeleteStream can't delete ${account}:${name} because there are queues associated with this data stream. Delete its queues first.`,
  );
}

/** UpdateStreamMode to PROVISIONED. */
export function streamModeHasQueues({ name, account }: StreamPlace): ServiceError {
  return new ServiceError(
    "ValidationException",
    `Request is invalid. Stream ${name} under account ${account} has queues, which need On-Demand mode. Delete its queues first.`,
  );
}

/** Queues and consumers of a stream count together. */
export function tooManyQueues(
  { name, account }: StreamPlace,
  counts: { readonly current: number; readonly limit: number },
): ServiceError {
  return new ServiceError(
    "LimitExceededException",
    `This request would exceed the limit of queues and consumers for stream ${name} under account ${account}. Current count: ${counts.current}. Limit: ${counts.limit}.`,
  );
}

export function tooManyQueuesChanging(account: string, limit: number): ServiceError {
  return new ServiceError(
    "LimitExceededException",
    `This request would exceed the limit of queues that can simultaneously be in CREATING or DELETING for the account ${account}. Limit: ${limit}.`,
  );
}

/**
 * ErrorCode and ErrorMessage of a failed entry, by its cause. The codes are those that the API reference lists for entries.
 */
export const entryRefusals = {
  malformed: { code: "InvalidArgumentException", message: "The receipt handle is not one of this queue." },
  other_kind: {
    code: "InvalidArgumentException",
    message: "The receipt handle is for the other kind of operation: those for records, or those for dead letters.",
  },
  superseded: {
    code: "ResourceNotFoundException",
    message: "The record was received again, became a dead letter or was restored since this receipt handle was given.",
  },
  not_in_flight: { code: "ResourceNotFoundException", message: "The record is not in flight." },
  throttled: {
    code: "ThrottlingException",
    message: "The server has no disk space left for queues. Nothing was changed for this record.",
  },
  failed: {
    code: "InternalFailureException",
    message: "The server could not store the change; it may or may not have taken effect. Try again.",
  },
} as const;
