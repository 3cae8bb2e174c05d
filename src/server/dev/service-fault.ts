import { KeyError, type KeyErrorKind } from "../../keys/key-provider.ts";
import { accessDenied, sessionExpired } from "../../model/auth-errors.ts";
import { consumerExists, consumerNotFound, subscriptionActive } from "../../model/consumer-errors.ts";
import type { FaultType } from "../../model/injected-fault.ts";
import { invalidShardIterator, iteratorExpired } from "../../model/iterator-errors.ts";
import { accountRateExceeded } from "../../model/limit-errors.ts";
import { nextTokenExpired } from "../../model/list-errors.ts";
import { queueNotActive, queueNotFound } from "../../model/queue-errors.ts";
import { internalFailure, serviceUnavailable } from "../../model/request-errors.ts";
import { ServiceError } from "../../model/service-error.ts";
import type { OperationName } from "../../model/shapes.generated.ts";
import { readRateExceeded, shardDoesNotExist, shardRateExceeded } from "../../model/shard-errors.ts";
import {
  streamExists,
  streamIsOnDemand,
  streamNotActive,
  streamNotFound,
  streamRateExceeded,
} from "../../model/stream-errors.ts";
import { streamNamedIn } from "../../operations/charge-call-rate.ts";
import { toKmsError } from "../../operations/kms-error.ts";
import type { OperationContext } from "../../operations/operation-context.ts";
import type { InputOf } from "../../records/operation-io.ts";
import type { StreamRevision } from "../../registry/stream-revision.ts";
import { awsPartitionOf, parseConsumerArn, parseQueueArn, type StreamAddress, streamArn } from "../../streams/arn.ts";
import { formatShardId, parseShardId } from "../../streams/positions/shard-id.ts";

/** The call that is to fail. Its input is valid. */
export interface FaultableCall {
  readonly name: OperationName;
  readonly input: InputOf<OperationName>;
  readonly context: OperationContext;
}

/** Just over the life of an iterator. */
const expiredIteratorAgeMs = 301_000;

/**
 * The error as a client gets it from its usual cause: with the message of the service where that is known, or else with this
 * server's, filled in from the call. Undefined where the message would have to name a mistake in the call, or a stream that
 * the call does not name.
 */
export function serviceErrorFor(type: FaultType, call: FaultableCall): ServiceError | undefined {
  const { name, context } = call;
  const nowMs = context.clock.nowMs();
  switch (type) {
    case "InternalFailure":
      return internalFailure();
    case "ServiceUnavailable":
      return serviceUnavailable();
    case "ExpiredTokenException":
      return sessionExpired();
    case "ThrottlingException":
      // Only operations of queues have it, and no sentence of it is known.
      return undefined;
    case "ExpiredIteratorException":
      return iteratorExpired({ createdMs: nowMs - expiredIteratorAgeMs, nowMs });
    case "ExpiredNextTokenException":
      return nextTokenExpired();
    case "AccessDeniedException":
      return denied(call);
    case "InvalidArgumentException":
      return name === "GetRecords" ? invalidShardIterator() : undefined;
    case "LimitExceededException":
    case "ProvisionedThroughputExceededException":
      return throttled(type, call);
    case "ResourceInUseException":
    case "ResourceNotFoundException":
    case "ValidationException":
      return refusedByState(type, call);
    default:
      return keyRefused(keyErrorKinds[type], call);
  }
}

/** The address of the stream that a call names, by any member or by an iterator; the stream may be absent. */
export function addressOfCall({ input, context }: Pick<FaultableCall, "input" | "context">): StreamAddress | undefined {
  const { caller, iterators } = context;
  const members: object = input;
  const named = streamNamedIn(members, caller.account);
  // An ARN has its own region.
  if (named !== undefined) return { region: caller.region, ...named };
  if ("QueueARN" in input) return streamOfQueue(String(input.QueueARN), context);
  if (!("ShardIterator" in input)) return undefined;
  const iterator = iterators.decode(String(input.ShardIterator));
  if (iterator === undefined) return undefined;
  const { account, region, streamName } = iterator;
  return { account, region, name: streamName };
}

/** A queue's ARN does not name its stream. */
function streamOfQueue(arn: string, { registry }: OperationContext): StreamAddress | undefined {
  const queue = parseQueueArn(arn);
  return queue === undefined
    ? undefined
    : registry.findQueue(queue.account, queue.region, queue.queueId)?.revision.stream;
}

function revisionOf(call: FaultableCall): StreamRevision | undefined {
  const address = addressOfCall(call);
  if (address === undefined) return undefined;
  return call.context.registry.find(address.account, address.region, address.name);
}

function denied(call: FaultableCall): ServiceError {
  const { caller } = call.context;
  const address = addressOfCall(call);
  return accessDenied({
    principalArn: `arn:${awsPartitionOf(caller.region)}:iam::${caller.account}:root`,
    action: call.name,
    resourceArn: address === undefined ? "*" : streamArn(address),
  });
}

function throttled(
  type: "LimitExceededException" | "ProvisionedThroughputExceededException",
  call: FaultableCall,
): ServiceError | undefined {
  const stream = addressOfCall(call);
  if (type === "LimitExceededException") {
    return stream === undefined ? accountRateExceeded(call.context.caller.account) : streamRateExceeded(stream);
  }
  if (stream === undefined) return undefined;
  return call.name === "GetRecords"
    ? readRateExceeded(stream, shardIdOf(call))
    : shardRateExceeded(stream, shardIdOf(call));
}

function refusedByState(
  type: "ResourceInUseException" | "ResourceNotFoundException" | "ValidationException",
  call: FaultableCall,
): ServiceError | undefined {
  const { name, input } = call;
  if ("QueueARN" in input) return queueRefused(type, String(input.QueueARN));
  const stream = addressOfCall(call);
  if (stream === undefined) return undefined;
  const consumerName = consumerNameOf(call);
  if (type === "ValidationException") return isManualReshard(name) ? streamIsOnDemand(stream) : undefined;
  if (type === "ResourceInUseException") {
    if (name === "CreateStream") return streamExists(stream);
    if (name === "RegisterStreamConsumer") return consumerExists(stream, consumerName);
    if (name === "SubscribeToShard") return subscriptionActive(stream, { shardId: shardIdOf(call), consumerName });
    return streamNotActive(stream, "UPDATING");
  }
  if (name === "GetRecords" || name === "GetShardIterator") return shardDoesNotExist(stream, shardIdOf(call));
  const consumer = consumerGiven(call);
  return consumer === undefined ? streamNotFound(stream) : consumerNotFound(consumer, stream.account);
}

function queueRefused(type: FaultType, arn: string): ServiceError | undefined {
  if (type === "ResourceNotFoundException") return queueNotFound(arn);
  return type === "ResourceInUseException" ? queueNotActive(arn, "UPDATING") : undefined;
}

function isManualReshard(name: OperationName): boolean {
  return name === "SplitShard" || name === "MergeShards" || name === "UpdateShardCount";
}

const keyErrorKinds = {
  KMSAccessDeniedException: "access_denied",
  KMSDisabledException: "disabled",
  KMSInvalidStateException: "invalid_state",
  KMSNotFoundException: "not_found",
  KMSOptInRequired: "opt_in_required",
  KMSThrottlingException: "throttled",
} as const satisfies Readonly<Record<string, KeyErrorKind>>;

const readsRecords: ReadonlySet<OperationName> = new Set([
  "GetRecords",
  "ReceiveDeadLetterQueueRecords",
  "ReceiveQueueRecords",
  "SubscribeToShard",
]);

function keyRefused(kind: KeyErrorKind, call: FaultableCall): ServiceError | undefined {
  const revision = revisionOf(call);
  if (revision === undefined) return undefined;
  const { stream } = revision;
  const refusal = toKmsError(new KeyError(kind, ""), {
    stream,
    caller: call.context.caller,
    use: readsRecords.has(call.name) ? "read" : "write",
    keyId: stream.encryption?.keyId ?? "alias/aws/kinesis",
  });
  return refusal instanceof ServiceError ? refusal : undefined;
}

/** The shard of the call; of a put, that of its first record. The first shard if the call has none. */
function shardIdOf(call: FaultableCall): string {
  return formatShardId(shardIndexOf(call) ?? 0);
}

function shardIndexOf(call: FaultableCall): number | undefined {
  const { input, context } = call;
  if ("ShardIterator" in input) return context.iterators.decode(String(input.ShardIterator))?.shardIndex;
  if ("ShardId" in input && typeof input.ShardId === "string") return parseShardId(input.ShardId);
  const records = "Record" in input ? input.Record : "Records" in input ? input.Records : undefined;
  const revision = records === undefined ? undefined : revisionOf(call);
  // A stream in CREATING has no shards.
  if (records === undefined || revision === undefined || revision.stream.shards.length === 0) return undefined;
  return revision.shardMap.shardAt(revision.shardMap.route(records.hashKeys, 0)).index;
}

/** The ARN or name of the consumer in the call; undefined for a call without one. */
function consumerGiven({ input }: FaultableCall): string | undefined {
  if ("ConsumerARN" in input && typeof input.ConsumerARN === "string") return input.ConsumerARN;
  if ("ConsumerName" in input && typeof input.ConsumerName === "string") return input.ConsumerName;
  return undefined;
}

function consumerNameOf(call: FaultableCall): string {
  const given = consumerGiven(call) ?? "";
  return parseConsumerArn(given)?.consumerName ?? given;
}
