import { ServiceError } from "./service-error.ts";
import type { StreamPlace } from "./stream-errors.ts";

/** `consumer` by name or ARN, as the request gave it. */
export function consumerNotFound(consumer: string, account: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", `Consumer ${consumer}, account ${account} not found.`);
}

export function consumerNotActive(
  stream: StreamPlace,
  consumer: { readonly name: string; readonly createdSecond: number },
): ServiceError {
  return new ServiceError(
    "ResourceInUseException",
    `Consumer ${consumer.name} with creation timestamp ${consumer.createdSecond} under stream: ${stream.name} , account ${stream.account} is not in ACTIVE status.`,
  );
}

export function subscriptionActive(
  stream: StreamPlace,
  place: { readonly shardId: string; readonly consumerName: string },
): ServiceError {
  return new ServiceError(
    "ResourceInUseException",
    `Another active subscription exists for this consumer: ${stream.account}:${stream.name}:${place.shardId}:${place.consumerName}`,
  );
}

// The service's sentences for the rest of this file have not been seen; types are declared, the wording is ours.

export function consumerExists(stream: StreamPlace, consumerName: string): ServiceError {
  return new ServiceError(
    "ResourceInUseException",
    `Consumer ${consumerName} under stream ${stream.name}, account ${stream.account} already exists.`,
  );
}

/** Neither a consumer's ARN nor a stream's ARN with a name, or several of them that disagree. */
export function consumerUnnamed(): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    "Either ConsumerARN, or both StreamARN and ConsumerName should be provided.",
  );
}

export function consumerMembersDiffer(): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    "ConsumerARN, StreamARN and ConsumerName must refer to the same consumer.",
  );
}
