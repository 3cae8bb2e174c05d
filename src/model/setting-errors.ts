import { ServiceError } from "./service-error.ts";
import type { StreamPlace } from "./stream-errors.ts";

// The texts are ours: only the types of these errors are documented.

export function encryptionTypeNotKms(): ServiceError {
  return new ServiceError("InvalidArgumentException", "EncryptionType must be KMS.");
}

/** Neither a key id, a key ARN, an alias nor an alias ARN. */
export function keyIdInvalid(keyId: string): ServiceError {
  return new ServiceError("InvalidArgumentException", `KeyId ${keyId} is neither a key nor an alias.`);
}

export function targetAboveDouble(target: number, current: number): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: ${current} Target shard count: ${target}`,
  );
}

export function targetBelowHalf(target: number, current: number): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `UpdateShardCount cannot scale down below half your current open shard count. Current open shard count: ${current} Target shard count: ${target}`,
  );
}

export function targetAboveMax(target: number, max: number): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `UpdateShardCount cannot scale a stream to more than ${max} shards. Target shard count: ${target}`,
  );
}

export function streamNotOnDemand(stream: StreamPlace): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `Request is invalid. Stream ${stream.name} under account ${stream.account} is not in On-Demand mode.`,
  );
}

/** UpdateAccountSettings while streams still hold warm throughput. */
export function warmThroughputInUse(): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    "MinimumThroughputBillingCommitment cannot be disabled while streams have warm throughput.",
  );
}
