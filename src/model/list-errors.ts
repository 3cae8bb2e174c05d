import { ServiceError } from "./service-error.ts";

/** ListShards without a token and a stream. The text is older than StreamARN. */
export function listShardsUnnamed(): ServiceError {
  return new ServiceError("InvalidArgumentException", "Either NextToken or StreamName should be provided.");
}

/** A token contains the first request, so a member such as `StreamName` cannot be given with it. */
export function nextTokenWith(memberName: string): ServiceError {
  return new ServiceError("InvalidArgumentException", `NextToken and ${memberName} cannot be provided together.`);
}

// The texts below are ours: only the types of these errors are documented.

export function invalidNextToken(): ServiceError {
  return new ServiceError("InvalidArgumentException", "Invalid NextToken.");
}

/** A token that contains too little of the first request. */
export function nextTokenNeeds(memberName: string): ServiceError {
  return new ServiceError("InvalidArgumentException", `NextToken must be given with the same ${memberName}.`);
}

export function nextTokenExpired(): ServiceError {
  return new ServiceError("ExpiredNextTokenException", "NextToken expired. A token is valid for 300 seconds.");
}

/** Two members that exclude each other, such as ExclusiveStartShardId and ShardFilter. */
export function membersExclude(pair: { readonly present: string; readonly other: string }): ServiceError {
  return new ServiceError("InvalidArgumentException", `${pair.present} and ${pair.other} cannot be provided together.`);
}

/** A ShardFilter of this type without its ShardId or Timestamp. */
export function shardFilterNeeds(memberName: string, filterType: string): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `ShardFilter of type ${filterType} must have the parameter ${memberName}.`,
  );
}

/** A ShardFilter of this type with a member that it must not have. */
export function shardFilterRefuses(memberName: string, filterType: string): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `ShardFilter of type ${filterType} cannot have the parameter ${memberName}.`,
  );
}
