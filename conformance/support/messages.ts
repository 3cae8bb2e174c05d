import assert from "node:assert/strict";

/**
 * The service's literal sentences, each by a name of ours. `{…}` stands for a value that a test fills in. Those of
 * authentication beyond the form of a signature need a server that verifies, so they have tests of their own.
 */
export const messages = {
  "stream-not-found": ["ResourceNotFoundException", "Stream {stream} under account {account} not found."],
  "stream-exists": ["ResourceInUseException", "Stream {stream} under account {account} already exists."],
  "stream-not-active": [
    "ResourceInUseException",
    "Stream {stream} under account {account} not ACTIVE, instead in state {state}",
  ],
  "stream-has-consumers": [
    "ResourceInUseException",
    "DeleteStream can't delete {account}:{stream} because there are consumers associated with this data stream. To delete {stream} anyway, set the EnforceConsumerDeletion parameter to true to force the deletion of all the consumers that are associated with it.",
  ],
  "shard-not-in-stream": [
    "ResourceNotFoundException",
    "Could not find shard {shard} in stream {stream} under account {account}.",
  ],
  "shard-does-not-exist": [
    "ResourceNotFoundException",
    "Shard {shard} in stream {stream} under account {account} does not exist",
  ],
  "split-hash-key": [
    "InvalidArgumentException",
    "NewStartingHashKey {hashKey} used in SplitShard() on shard {shard} in stream {stream} under account {account} is not both greater than one plus the shard's StartingHashKey {start} and less than the shard's EndingHashKey {end}.",
  ],
  "merge-not-adjacent": [
    "InvalidArgumentException",
    "Shards {firstShard} and {secondShard} in stream {stream} under account {account} are not an adjacent pair of shards eligible for merging",
  ],
  "shard-already-closed": [
    "InvalidArgumentException",
    "Shard {shard} in stream {stream} under account {account} has already been merged or split, and thus is not eligible for merging or splitting.",
  ],
  "shard-limit": [
    "LimitExceededException",
    "This request would exceed the shard limit for the account {account} in {region}. Current shard count for the account: {shardCount}. Limit: {limit}. Number of additional shards that would have resulted from this request: {addedShards}. Refer to the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to request higher limits.",
  ],
  "control-rate": ["LimitExceededException", "Rate exceeded for stream {stream} under account {account}."],
  "shard-rate": [
    "ProvisionedThroughputExceededException",
    "Rate exceeded for shard {shard} in stream {stream} under account {account}.",
  ],
  // GetRecords only, seen in 2023 and 2025.
  "shard-read-rate": ["ProvisionedThroughputExceededException", "Rate exceeded for Shard - {account}/{stream}/{shard}"],
  "hash-key-range": [
    "InvalidArgumentException",
    "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {value}",
  ],
  "ordering-invalid": [
    "InvalidArgumentException",
    "ExclusiveMinimumSequenceNumber {value} used in PutRecord on stream {stream} under account {account} is invalid.",
  ],
  "iterator-invalid": ["InvalidArgumentException", "Invalid ShardIterator."],
  "iterator-expired": [
    "ExpiredIteratorException",
    "Iterator expired. The iterator was created at time {createdAt} while right now it is {now} which is further in the future than the tolerated delay of 300000 milliseconds.",
  ],
  "iterator-no-seq": [
    "InvalidArgumentException",
    "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {iteratorType} and no StartingSequenceNumber.",
  ],
  "iterator-extra-seq": [
    "InvalidArgumentException",
    "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {iteratorType} and also a StartingSequenceNumber.",
  ],
  "iterator-no-timestamp": [
    "InvalidArgumentException",
    "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.",
  ],
  "iterator-future": [
    "InvalidArgumentException",
    "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: {timestampMs}, currentTimestampInMillis: {nowMs}",
  ],
  "iterator-seq-invalid": [
    "InvalidArgumentException",
    "StartingSequenceNumber {value} used in GetShardIterator on shard {shard} in stream {stream} under account {account} is invalid.",
  ],
  "iterator-seq-other-shard": [
    "InvalidArgumentException",
    "Invalid StartingSequenceNumber. It encodes {otherShard}, while it was used in a call to a shard with {shard}",
  ],
  "iterator-seq-other-stream": [
    "InvalidArgumentException",
    "StartingSequenceNumber {value} used in GetShardIterator on shard {shard} in stream {stream} under account {account} is invalid because it did not come from this stream.",
  ],
  "retention-min": [
    "InvalidArgumentException",
    "Minimum allowed retention period is 24 hours. Requested retention period ({hours} hours) is too short.",
  ],
  // Seen when the greatest was 168; the number is today's.
  "retention-max": [
    "InvalidArgumentException",
    "Maximum allowed retention period is 8760 hours. Requested retention period ({hours} hours) is too long.",
  ],
  "retention-decrease-longer": [
    "InvalidArgumentException",
    "Requested retention period ({hours} hours) for stream {stream} can not be longer than existing retention period ({currentHours} hours). Use IncreaseRetentionPeriod API.",
  ],
  "retention-increase-shorter": [
    "InvalidArgumentException",
    "Requested retention period ({hours} hours) for stream {stream} can not be shorter than existing retention period ({currentHours} hours). Use DecreaseRetentionPeriod API.",
  ],
  "tags-invalid-chars": [
    "InvalidArgumentException",
    "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @.",
  ],
  "tags-illegal-percent": [
    "InvalidArgumentException",
    "Failed to {action} stream {stream} under account {account} because some tags contained illegal characters. The allowed characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@'.",
  ],
  "tags-too-many": [
    "InvalidArgumentException",
    "Failed to add tags to stream {stream} under account {account} because a given stream cannot have more than 10 tags associated with it.",
  ],
  "listshards-neither": ["InvalidArgumentException", "Either NextToken or StreamName should be provided."],
  "listshards-both": [
    "InvalidArgumentException",
    "NextToken and {StreamName|StreamARN|ExclusiveStartShardId|ShardFilter} cannot be provided together.",
  ],
  // The type is documented; the sentence is as other servers have it.
  "ondemand-manual-reshard": [
    "ValidationException",
    "Request is invalid. Stream {stream} under account {account} is in On-Demand mode.",
  ],
  "consumer-not-active": [
    "ResourceInUseException",
    "Consumer {consumer} with creation timestamp {createdSecond} under stream: {stream} , account {account} is not in ACTIVE status.",
  ],
  "consumer-active-subscription": [
    "ResourceInUseException",
    "Another active subscription exists for this consumer: {account}:{stream}:{shard}:{consumer}",
  ],
  "consumer-unnamed": [
    "InvalidArgumentException",
    "Both streamARN and consumer name must be provided if consumerARN is not provied.",
  ],
  // As other servers have it; the service's own has not been seen.
  "consumer-not-found": ["ResourceNotFoundException", "Consumer {nameOrArn}, account {account} not found."],
  // Known from 2020, when the limit was 5; the number is today's.
  "putrecords-total": ["InvalidArgumentException", "Records size exceeds 10 MB limit"],
  "record-too-big-batch": [
    "ValidationException",
    "1 validation error detected: Value at 'records.{index}.member.data' failed to satisfy constraint: Member must have length less than or equal to {maxBytes}",
  ],
  "record-failed-internal": ["InternalFailure", "Internal Service Failure"],
  "method-not-post": ["AccessDeniedException", "Unable to determine service/operation name to be authorized"],
  "auth-missing": ["MissingAuthenticationTokenException", "Missing Authentication Token"],
  "auth-both": [
    "InvalidSignatureException",
    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
  ],
} as const satisfies Readonly<Record<string, readonly [type: string, text: string]>>;

export type MessageId = keyof typeof messages;

const produced = new Set<MessageId>();

/** Sentences that no test of this process has met so far. */
export function unproducedMessages(): readonly MessageId[] {
  return (Object.keys(messages) as MessageId[]).filter((id) => !produced.has(id));
}

/** Asserts that a refusal is this sentence. A RegExp stands for a value that the test cannot know. */
export function assertSentence(
  actual: { readonly type: string | undefined; readonly message: string | undefined },
  id: MessageId,
  values: Readonly<Record<string, string | number | bigint | RegExp>> = {},
): void {
  const [type, template] = messages[id];
  const pattern = template
    .split(/(\{[^}]+\})/)
    .map((part, i) => {
      if (i % 2 === 0) return literal(part);
      const value = values[part.slice(1, -1)];
      assert(value !== undefined, `the sentence ${id} needs a value for ${part}`);
      return value instanceof RegExp ? value.source : literal(String(value));
    })
    .join("");
  assert.equal(actual.type, type, actual.message ?? "");
  assert.match(actual.message ?? "", new RegExp(`^${pattern}$`));
  produced.add(id);
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
