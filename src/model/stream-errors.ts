import { ServiceError } from "./service-error.ts";

/** The stream that an error text names; every `Stream` is one. */
export interface StreamPlace {
  readonly name: string;
  readonly account: string;
}

/** `orders under account 123456789012`, as most error texts of the service name a stream. */
function under(stream: StreamPlace): string {
  return `${stream.name} under account ${stream.account}`;
}

export function streamNotFound(stream: StreamPlace): ServiceError {
  return new ServiceError("ResourceNotFoundException", `Stream ${under(stream)} not found.`);
}

export function streamExists(stream: StreamPlace): ServiceError {
  return new ServiceError("ResourceInUseException", `Stream ${under(stream)} already exists.`);
}

export function streamNotActive(stream: StreamPlace, status: string): ServiceError {
  return new ServiceError("ResourceInUseException", `Stream ${under(stream)} not ACTIVE, instead in state ${status}`);
}

export function streamHasConsumers(stream: StreamPlace): ServiceError {
  return new ServiceError(
    "ResourceInUseException",
    `DeleteStream can't delete ${stream.account}:${stream.name} because there are consumers associated with this data stream. To delete ${stream.name} anyway, set the EnforceConsumerDeletion parameter to true to force the deletion of all the consumers that are associated with it.`,
  );
}

/** Split, merge and UpdateShardCount on an on-demand stream. */
export function streamIsOnDemand(stream: StreamPlace): ServiceError {
  return new ServiceError("ValidationException", `Request is invalid. Stream ${under(stream)} is in On-Demand mode.`);
}

export function streamRateExceeded(stream: StreamPlace): ServiceError {
  return new ServiceError("LimitExceededException", `Rate exceeded for stream ${under(stream)}.`);
}

/** Observed since 2015, with the old link. */
export function shardLimitExceeded(
  place: { readonly account: string; readonly region: string },
  shards: { readonly current: number; readonly limit: number; readonly additional: number },
): ServiceError {
  return new ServiceError(
    "LimitExceededException",
    `This request would exceed the shard limit for the account ${place.account} in ${place.region}. Current shard count for the account: ${shards.current}. Limit: ${shards.limit}. Number of additional shards that would have resulted from this request: ${shards.additional}. Refer to the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to request higher limits.`,
  );
}

// The types and texts below are ours.

export function streamUnnamed(): ServiceError {
  return new ServiceError("InvalidArgumentException", "Either StreamName or StreamARN should be provided.");
}

export function streamNameAndArnDiffer(): ServiceError {
  return new ServiceError("InvalidArgumentException", "StreamARN and StreamName must refer to the same stream.");
}

export function invalidStreamArn(arn: string): ServiceError {
  return new ServiceError("InvalidArgumentException", `StreamARN ${arn} is not the ARN of a stream.`);
}

export function shardCountRequired(): ServiceError {
  return new ServiceError("InvalidArgumentException", "ShardCount is required when StreamMode=PROVISIONED");
}

export function shardCountNotExpected(): ServiceError {
  return new ServiceError("InvalidArgumentException", "ShardCount is not expected when StreamMode=ON_DEMAND");
}

/** A member that is for on-demand streams only. */
export function onlyOnDemand(memberName: string): ServiceError {
  return new ServiceError("InvalidArgumentException", `${memberName} is supported only when StreamMode=ON_DEMAND`);
}

/** Warm throughput needs an account with the minimum throughput billing commitment. */
export function warmThroughputNotCommitted(): ServiceError {
  return new ServiceError(
    "ValidationException",
    "WarmThroughputMiBps requires that the account has enabled MinimumThroughputBillingCommitment.",
  );
}

export function warmThroughputTooGreat(maxMiBps: number): ServiceError {
  return new ServiceError("InvalidArgumentException", `WarmThroughputMiBps must not be above ${maxMiBps}.`);
}
