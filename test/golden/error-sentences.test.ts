import assert from "node:assert/strict";
import { test } from "node:test";
import * as auth from "../../src/model/auth-errors.ts";
import * as consumers from "../../src/model/consumer-errors.ts";
import * as iterators from "../../src/model/iterator-errors.ts";
import * as limits from "../../src/model/limit-errors.ts";
import * as lists from "../../src/model/list-errors.ts";
import * as policies from "../../src/model/policy-errors.ts";
import * as records from "../../src/model/record-errors.ts";
import * as requests from "../../src/model/request-errors.ts";
import * as retention from "../../src/model/retention-errors.ts";
import type { ServiceError } from "../../src/model/service-error.ts";
import * as shards from "../../src/model/shard-errors.ts";
import * as streams from "../../src/model/stream-errors.ts";
import * as tags from "../../src/model/tag-errors.ts";

const orders = { name: "orders", account: "123456789012" };
const place = "in stream orders under account 123456789012";
const zero = "shardId-000000000000";
const one = "shardId-000000000001";
const either =
  "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber.";

const table: readonly [error: ServiceError, type: string, message: string][] = [
  [streams.streamNotFound(orders), "ResourceNotFoundException", "Stream orders under account 123456789012 not found."],
  [streams.streamExists(orders), "ResourceInUseException", "Stream orders under account 123456789012 already exists."],
  [
    streams.streamNotActive(orders, "UPDATING"),
    "ResourceInUseException",
    "Stream orders under account 123456789012 not ACTIVE, instead in state UPDATING",
  ],
  [
    streams.streamHasConsumers(orders),
    "ResourceInUseException",
    "DeleteStream can't delete 123456789012:orders because there are consumers associated with this data stream. To delete orders anyway, set the EnforceConsumerDeletion parameter to true to force the deletion of all the consumers that are associated with it.",
  ],
  [
    streams.streamIsOnDemand(orders),
    "ValidationException",
    "Request is invalid. Stream orders under account 123456789012 is in On-Demand mode.",
  ],
  [
    streams.streamRateExceeded(orders),
    "LimitExceededException",
    "Rate exceeded for stream orders under account 123456789012.",
  ],
  [
    streams.shardLimitExceeded(
      { account: "123456789012", region: "us-east-1" },
      { current: 9, limit: 10, additional: 2 },
    ),
    "LimitExceededException",
    "This request would exceed the shard limit for the account 123456789012 in us-east-1. Current shard count for the account: 9. Limit: 10. Number of additional shards that would have resulted from this request: 2. Refer to the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to request higher limits.",
  ],
  [shards.shardNotInStream(orders, "x-1"), "ResourceNotFoundException", `Could not find shard x-1 ${place}.`],
  [shards.shardDoesNotExist(orders, zero), "ResourceNotFoundException", `Shard ${zero} ${place} does not exist`],
  [
    shards.shardRateExceeded(orders, zero),
    "ProvisionedThroughputExceededException",
    `Rate exceeded for shard ${zero} ${place}.`,
  ],
  [
    shards.readRateExceeded(orders, zero),
    "ProvisionedThroughputExceededException",
    `Rate exceeded for Shard - 123456789012/orders/${zero}`,
  ],
  [
    limits.tooManyOnDemandStreams({ account: "123456789012", region: "us-east-1" }, { current: 50, limit: 50 }),
    "LimitExceededException",
    "This request would exceed the limit on the number of On-Demand streams for the account 123456789012 in us-east-1. Current On-Demand streams count: 50. Limit: 50.",
  ],
  [
    shards.splitHashKeyOutOfRange(orders, {
      shardId: zero,
      newStartingHashKey: "1",
      startingHashKey: 0n,
      endingHashKey: "340282366920938463463374607431768211455",
    }),
    "InvalidArgumentException",
    `NewStartingHashKey 1 used in SplitShard() on shard ${zero} ${place} is not both greater than one plus the shard's StartingHashKey 0 and less than the shard's EndingHashKey 340282366920938463463374607431768211455.`,
  ],
  [
    shards.shardsNotAdjacent(orders, { shardId: one, adjacentShardId: zero }),
    "InvalidArgumentException",
    `Shards ${one} and ${zero} ${place} are not an adjacent pair of shards eligible for merging`,
  ],
  [
    shards.shardAlreadyClosed(orders, zero),
    "InvalidArgumentException",
    `Shard ${zero} ${place} has already been merged or split, and thus is not eligible for merging or splitting.`,
  ],
  [
    records.hashKeyOutOfRange("340282366920938463463374607431768211456"),
    "InvalidArgumentException",
    "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was 340282366920938463463374607431768211456",
  ],
  [
    records.orderingInvalid(orders, "5"),
    "InvalidArgumentException",
    "ExclusiveMinimumSequenceNumber 5 used in PutRecord on stream orders under account 123456789012 is invalid.",
  ],
  [records.recordsTooLarge(), "InvalidArgumentException", "Records size exceeds 10 MB limit"],
  [
    records.recordTooLarge(1_048_576, 0),
    "ValidationException",
    "1 validation error detected: Value at 'records.1.member.data' failed to satisfy constraint: Member must have length less than or equal to 1048576",
  ],
  [
    records.recordTooLarge(1_048_576),
    "ValidationException",
    "1 validation error detected: Value at 'data' failed to satisfy constraint: Member must have length less than or equal to 1048576",
  ],
  [
    records.partitionKeyMissing(),
    "ValidationException",
    "1 validation error detected: Value null at 'partitionKey' failed to satisfy constraint: Member must not be null",
  ],
  [iterators.invalidShardIterator(), "InvalidArgumentException", "Invalid ShardIterator."],
  [
    iterators.iteratorExpired({
      createdMs: Date.UTC(2015, 0, 22, 1, 22, 2),
      nowMs: Date.UTC(2015, 0, 22, 1, 28, 9, 5),
    }),
    "ExpiredIteratorException",
    "Iterator expired. The iterator was created at time Thu Jan 22 01:22:02 UTC 2015 while right now it is Thu Jan 22 01:28:09 UTC 2015 which is further in the future than the tolerated delay of 300000 milliseconds.",
  ],
  [
    iterators.startingSequenceNumberMissing("AT_SEQUENCE_NUMBER"),
    "InvalidArgumentException",
    `${either} Request specified AT_SEQUENCE_NUMBER and no StartingSequenceNumber.`,
  ],
  [
    iterators.startingSequenceNumberNotExpected("LATEST"),
    "InvalidArgumentException",
    `${either} Request specified LATEST and also a StartingSequenceNumber.`,
  ],
  [
    iterators.timestampMissing(),
    "InvalidArgumentException",
    "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.",
  ],
  [
    iterators.timestampInFuture({ timestampMs: 2, nowMs: 1 }),
    "InvalidArgumentException",
    "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: 2, currentTimestampInMillis: 1",
  ],
  [
    iterators.startingSequenceNumberInvalid(orders, { sequenceNumber: "5", shardId: zero }),
    "InvalidArgumentException",
    `StartingSequenceNumber 5 used in GetShardIterator on shard ${zero} ${place} is invalid.`,
  ],
  [
    iterators.startingSequenceNumberOfOtherStream(orders, { sequenceNumber: "5", shardId: zero }),
    "InvalidArgumentException",
    `StartingSequenceNumber 5 used in GetShardIterator on shard ${zero} ${place} is invalid because it did not come from this stream.`,
  ],
  [
    iterators.startingSequenceNumberOfOtherShard({ encodedShardId: "shardId--02147483648", shardId: zero }),
    "InvalidArgumentException",
    `Invalid StartingSequenceNumber. It encodes shardId--02147483648, while it was used in a call to a shard with ${zero}`,
  ],
  [lists.listShardsUnnamed(), "InvalidArgumentException", "Either NextToken or StreamName should be provided."],
  [
    lists.nextTokenWith("StreamARN"),
    "InvalidArgumentException",
    "NextToken and StreamARN cannot be provided together.",
  ],
  [
    tags.tagCharactersInvalid(),
    "InvalidArgumentException",
    "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @.",
  ],
  [
    tags.tagPercentSignIllegal(orders, "remove tags from"),
    "InvalidArgumentException",
    "Failed to remove tags from stream orders under account 123456789012 because some tags contained illegal characters. The allowed characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@'.",
  ],
  [
    tags.tooManyTags(orders),
    "InvalidArgumentException",
    "Failed to add tags to stream orders under account 123456789012 because a given stream cannot have more than 10 tags associated with it.",
  ],
  [
    retention.retentionTooShort(23),
    "InvalidArgumentException",
    "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short.",
  ],
  [
    retention.retentionTooLong(8761),
    "InvalidArgumentException",
    "Maximum allowed retention period is 8760 hours. Requested retention period (8761 hours) is too long.",
  ],
  [
    retention.retentionNotDecreased(orders, { requestedHours: 48, currentHours: 24 }),
    "InvalidArgumentException",
    "Requested retention period (48 hours) for stream orders can not be longer than existing retention period (24 hours). Use IncreaseRetentionPeriod API.",
  ],
  [
    retention.retentionNotIncreased(orders, { requestedHours: 24, currentHours: 48 }),
    "InvalidArgumentException",
    "Requested retention period (24 hours) for stream orders can not be shorter than existing retention period (48 hours). Use DecreaseRetentionPeriod API.",
  ],
  [
    consumers.consumerNotIdentified(),
    "InvalidArgumentException",
    "Both streamARN and consumer name must be provided if consumerARN is not provied.",
  ],
  [
    consumers.consumerNotFound("reader", "123456789012"),
    "ResourceNotFoundException",
    "Consumer reader, account 123456789012 not found.",
  ],
  [
    consumers.consumerNotActive(orders, { name: "reader", createdSecond: 1_600_000_000 }),
    "ResourceInUseException",
    "Consumer reader with creation timestamp 1600000000 under stream: orders , account 123456789012 is not in ACTIVE status.",
  ],
  [
    consumers.subscriptionActive(orders, { shardId: zero, consumerName: "reader" }),
    "ResourceInUseException",
    `Another active subscription exists for this consumer: 123456789012:orders:${zero}:reader`,
  ],
  [policies.policyNotFound("arn:a"), "ResourceNotFoundException", "No resource policy found for resource ARN arn:a."],
  [auth.missingAuthenticationToken(), "MissingAuthenticationTokenException", "Missing Authentication Token"],
  [auth.unrecognizedClient(), "UnrecognizedClientException", "The security token included in the request is invalid."],
  [
    auth.signatureDoesNotMatch(),
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
  ],
  [
    auth.signatureExpired({
      signed: "20150122T011000Z",
      oldest: "20150122T011702Z",
      now: "20150122T012202Z",
      lifeMs: 300_000,
    }),
    "InvalidSignatureException",
    "Signature expired: 20150122T011000Z is now earlier than 20150122T011702Z (20150122T012202Z - 5 min.)",
  ],
  [
    auth.signatureNotYetCurrent({ signed: "20150122T013000Z", newest: "20150122T012702Z", now: "20150122T012202Z" }),
    "InvalidSignatureException",
    "Signature not yet current: 20150122T013000Z is still later than 20150122T012702Z (20150122T012202Z + 5 min.)",
  ],
  [auth.sessionExpired(), "ExpiredTokenException", "The security token included in the request is expired"],
  [
    auth.accessDenied({ principalArn: "arn:p", action: "PutRecord", resourceArn: "arn:r" }),
    "AccessDeniedException",
    "User: arn:p is not authorized to perform: kinesis:PutRecord on resource: arn:r because no identity-based policy allows the kinesis:PutRecord action",
  ],
  [requests.wrongType("Expected null"), "SerializationException", "Expected null"],
  [requests.unparsableBody(), "SerializationException", ""],
];

for (const [error, type, message] of table) {
  test(`a ${type} says: ${message.slice(0, 90)}`, () => {
    assert.equal(error.type, type);
    assert.equal(error.message, message);
    assert.equal(error.httpStatus, 400);
  });
}

test("only an error of binding spells Message with a capital", () => {
  assert.equal(requests.wrongType("Expected null").capitalMessage, true);
  assert.equal(streams.streamNotFound(orders).capitalMessage, false);
});

test("an internal failure is the only 500, and says nothing unless we have something to say", () => {
  assert.equal(requests.internalFailure().httpStatus, 500);
  assert.equal(requests.internalFailure().type, "InternalFailure");
  assert.equal(requests.internalFailure().message, "");
});

test("a service in trouble is the only 503, and says nothing", () => {
  const { type, httpStatus, message } = requests.serviceUnavailable();
  assert.deepEqual([type, httpStatus, message], ["ServiceUnavailable", 503, ""]);
});

test("the errors whose sentences are ours carry the service's types", () => {
  const types: readonly [ServiceError, string][] = [
    [streams.streamUnnamed(), "InvalidArgumentException"],
    [streams.streamNameAndArnDiffer(), "InvalidArgumentException"],
    [streams.invalidStreamArn("a"), "InvalidArgumentException"],
    [streams.shardCountRequired(), "InvalidArgumentException"],
    [streams.shardCountNotExpected(), "InvalidArgumentException"],
    [streams.onlyOnDemand("WarmThroughputMiBps"), "InvalidArgumentException"],
    [iterators.iteratorOfOtherStream(), "InvalidArgumentException"],
    [lists.invalidNextToken(), "InvalidArgumentException"],
    [lists.nextTokenExpired(), "ExpiredNextTokenException"],
    [lists.membersExclude({ present: "a", other: "b" }), "InvalidArgumentException"],
    [lists.shardFilterNeeds("ShardId", "AFTER_SHARD_ID"), "InvalidArgumentException"],
    [lists.shardFilterRefuses("ShardId", "AT_LATEST"), "InvalidArgumentException"],
    [tags.reservedTagKey("aws:a"), "InvalidArgumentException"],
    [requests.dryRunSucceeded(), "DryRunOperationException"],
    [records.storageThrottled("a"), "ProvisionedThroughputExceededException"],
    [auth.invalidSignature("a"), "InvalidSignatureException"],
    [auth.incompleteSignature("a"), "IncompleteSignatureException"],
  ];
  for (const [error, type] of types) {
    assert.equal(error.type, type);
    assert.notEqual(error.message, "");
  }
});
