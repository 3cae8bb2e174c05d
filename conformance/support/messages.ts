import assert from "node:assert/strict";

/**
 * The service's literal sentences, each by a name of ours. `{…}` stands for a value that a test fills in. Those of
 * authentication beyond the form of a signature need a server that verifies, so they have tests of their own.
 */
export const messages = {
  "stream-not-found": ["ResourceNotFoundException", "Stream {S} under account {A} not found."],
  "stream-exists": ["ResourceInUseException", "Stream {S} under account {A} already exists."],
  "stream-not-active": ["ResourceInUseException", "Stream {S} under account {A} not ACTIVE, instead in state {STATE}"],
  "stream-has-consumers": [
    "ResourceInUseException",
    "DeleteStream can't delete {A}:{S} because there are consumers associated with this data stream. To delete {S} anyway, set the EnforceConsumerDeletion parameter to true to force the deletion of all the consumers that are associated with it.",
  ],
  "shard-not-in-stream": ["ResourceNotFoundException", "Could not find shard {SH} in stream {S} under account {A}."],
  "shard-does-not-exist": ["ResourceNotFoundException", "Shard {SH} in stream {S} under account {A} does not exist"],
  "split-hash-key": [
    "InvalidArgumentException",
    "NewStartingHashKey {h} used in SplitShard() on shard {SH} in stream {S} under account {A} is not both greater than one plus the shard's StartingHashKey {start} and less than the shard's EndingHashKey {end}.",
  ],
  "merge-not-adjacent": [
    "InvalidArgumentException",
    "Shards {SH1} and {SH2} in stream {S} under account {A} are not an adjacent pair of shards eligible for merging",
  ],
  "shard-already-closed": [
    "InvalidArgumentException",
    "Shard {SH} in stream {S} under account {A} has already been merged or split, and thus is not eligible for merging or splitting.",
  ],
  "shard-limit": [
    "LimitExceededException",
    "This request would exceed the shard limit for the account {A} in {R}. Current shard count for the account: {n}. Limit: {l}. Number of additional shards that would have resulted from this request: {m}. Refer to the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to request higher limits.",
  ],
  "control-rate": ["LimitExceededException", "Rate exceeded for stream {S} under account {A}."],
  "shard-rate": [
    "ProvisionedThroughputExceededException",
    "Rate exceeded for shard {SH} in stream {S} under account {A}.",
  ],
  // GetRecords only, seen in 2023 and 2025.
  "shard-read-rate": ["ProvisionedThroughputExceededException", "Rate exceeded for Shard - {A}/{S}/{SH}"],
  "hash-key-range": [
    "InvalidArgumentException",
    "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {v}",
  ],
  "ordering-invalid": [
    "InvalidArgumentException",
    "ExclusiveMinimumSequenceNumber {v} used in PutRecord on stream {S} under account {A} is invalid.",
  ],
  "iterator-invalid": ["InvalidArgumentException", "Invalid ShardIterator."],
  "iterator-expired": [
    "ExpiredIteratorException",
    "Iterator expired. The iterator was created at time {t1} while right now it is {t2} which is further in the future than the tolerated delay of 300000 milliseconds.",
  ],
  "iterator-no-seq": [
    "InvalidArgumentException",
    "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {TYPE} and no StartingSequenceNumber.",
  ],
  "iterator-extra-seq": [
    "InvalidArgumentException",
    "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {TYPE} and also a StartingSequenceNumber.",
  ],
  "iterator-no-timestamp": [
    "InvalidArgumentException",
    "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.",
  ],
  "iterator-future": [
    "InvalidArgumentException",
    "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: {ms}, currentTimestampInMillis: {now}",
  ],
  "iterator-seq-invalid": [
    "InvalidArgumentException",
    "StartingSequenceNumber {v} used in GetShardIterator on shard {SH} in stream {S} under account {A} is invalid.",
  ],
  "iterator-seq-other-shard": [
    "InvalidArgumentException",
    "Invalid StartingSequenceNumber. It encodes {SHother}, while it was used in a call to a shard with {SH}",
  ],
  "iterator-seq-other-stream": [
    "InvalidArgumentException",
    "StartingSequenceNumber {v} used in GetShardIterator on shard {SH} in stream {S} under account {A} is invalid because it did not come from this stream.",
  ],
  "retention-min": [
    "InvalidArgumentException",
    "Minimum allowed retention period is 24 hours. Requested retention period ({n} hours) is too short.",
  ],
  // Seen when the greatest was 168; the number is today's.
  "retention-max": [
    "InvalidArgumentException",
    "Maximum allowed retention period is 8760 hours. Requested retention period ({n} hours) is too long.",
  ],
  "retention-decrease-longer": [
    "InvalidArgumentException",
    "Requested retention period ({n} hours) for stream {S} can not be longer than existing retention period ({cur} hours). Use IncreaseRetentionPeriod API.",
  ],
  "retention-increase-shorter": [
    "InvalidArgumentException",
    "Requested retention period ({n} hours) for stream {S} can not be shorter than existing retention period ({cur} hours). Use DecreaseRetentionPeriod API.",
  ],
  "tags-invalid-chars": [
    "InvalidArgumentException",
    "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @.",
  ],
  "tags-illegal-percent": [
    "InvalidArgumentException",
    "Failed to {add tags to|remove tags from} stream {S} under account {A} because some tags contained illegal characters. The allowed characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@'.",
  ],
  "tags-too-many": [
    "InvalidArgumentException",
    "Failed to add tags to stream {S} under account {A} because a given stream cannot have more than 10 tags associated with it.",
  ],
  "listshards-neither": ["InvalidArgumentException", "Either NextToken or StreamName should be provided."],
  "listshards-both": [
    "InvalidArgumentException",
    "NextToken and {StreamName|StreamARN|ExclusiveStartShardId|ShardFilter} cannot be provided together.",
  ],
  // The type is documented; the sentence is as other servers have it.
  "ondemand-manual-reshard": [
    "ValidationException",
    "Request is invalid. Stream {S} under account {A} is in On-Demand mode.",
  ],
  "consumer-not-active": [
    "ResourceInUseException",
    "Consumer {C} with creation timestamp {epoch} under stream: {S} , account {A} is not in ACTIVE status.",
  ],
  "consumer-active-subscription": [
    "ResourceInUseException",
    "Another active subscription exists for this consumer: {A}:{S}:{SH}:{C}",
  ],
  "consumer-unnamed": [
    "InvalidArgumentException",
    "Both streamARN and consumer name must be provided if consumerARN is not provied.",
  ],
  // As other servers have it; the service's own has not been seen.
  "consumer-not-found": ["ResourceNotFoundException", "Consumer {nameOrArn}, account {A} not found."],
  // Known from 2020, when the limit was 5; the number is today's.
  "putrecords-total": ["InvalidArgumentException", "Records size exceeds 10 MB limit"],
  "record-too-big-batch": [
    "ValidationException",
    "1 validation error detected: Value at 'records.{i}.member.data' failed to satisfy constraint: Member must have length less than or equal to {maxBytes}",
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
