import { ServiceError } from "./service-error.ts";
import type { StreamPlace } from "./stream-errors.ts";

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

/** Without a ConsumerARN, or a StreamARN and a ConsumerName. The misspelling is the service's (observed 2023). */
export function consumerNotIdentified(): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    "Both streamARN and consumer name must be provided if consumerARN is not provied.",
  );
}

// The texts below are ours: only the types of these errors are documented.

/** `consumer`: the name or ARN in the request. */
export function consumerNotFound(consumer: string, account: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", `Consumer ${consumer}, account ${account} not found.`);
}

export function consumerExists(stream: StreamPlace, consumerName: string): ServiceError {
  return new ServiceError(
    "ResourceInUseException",
    `Consumer ${consumerName} under stream ${stream.name}, account ${stream.account} already exists.`,
  );
}

export function consumerMembersDiffer(): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    "ConsumerARN, StreamARN and ConsumerName must refer to the same consumer.",
  );
}

/** A ConsumerARN that meets its pattern and is not the ARN of a consumer. */
export function invalidConsumerArn(arn: string): ServiceError {
  return new ServiceError("InvalidArgumentException", `ConsumerARN ${arn} is not the ARN of a consumer.`);
}
