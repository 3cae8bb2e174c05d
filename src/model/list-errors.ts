import { ServiceError } from "./service-error.ts";

/** ListShards with neither a token nor a stream. The text is older than StreamARN and does not know it. */
export function listShardsUnnamed(): ServiceError {
  return new ServiceError("InvalidArgumentException", "Either NextToken or StreamName should be provided.");
}

/** A token carries its own request; `memberName` such as `StreamName` may not stand beside it. */
export function nextTokenWith(memberName: string): ServiceError {
  return new ServiceError("InvalidArgumentException", `NextToken and ${memberName} cannot be provided together.`);
}

// The service's sentences for the rest of this file have not been seen; types are declared, the wording is ours.

export function invalidNextToken(): ServiceError {
  return new ServiceError("InvalidArgumentException", "Invalid NextToken.");
}

export function nextTokenExpired(): ServiceError {
  return new ServiceError("ExpiredNextTokenException", "NextToken expired. A token is valid for 300 seconds.");
}

/** `present` may not stand beside `other`, as ExclusiveStartShardId beside ShardFilter. */
export function membersExclude(pair: { readonly present: string; readonly other: string }): ServiceError {
  return new ServiceError("InvalidArgumentException", `${pair.present} and ${pair.other} cannot be provided together.`);
}

/** A shard filter of this type lacks its ShardId or Timestamp. */
export function shardFilterNeeds(memberName: string, filterType: string): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `ShardFilter of type ${filterType} must have the parameter ${memberName}.`,
  );
}

export function shardFilterRefuses(memberName: string, filterType: string): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `ShardFilter of type ${filterType} cannot have the parameter ${memberName}.`,
  );
}
