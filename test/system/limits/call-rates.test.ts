import assert from "node:assert/strict";
import { test } from "node:test";
import { operations } from "../../../src/operations/table.ts";
import {
  assertRate,
  assertRefused,
  isThrottled,
  limitedServer,
  shardId,
  shardRate,
  streamArn,
} from "../../support/limited-server.ts";
import { account } from "../../support/test-server.ts";

type Scope = "account" | "stream";

const byStream = (StreamName: string) => ({ StreamName });
const byArn = (name: string) => ({ StreamARN: streamArn(name) });
const byResource = (name: string) => ({ ResourceARN: streamArn(name) });
const retention = (StreamName: string) => ({ StreamName, RetentionPeriodHours: 48 });
const metrics = (StreamName: string) => ({ StreamName, ShardLevelMetrics: ["ALL"] });
const consumer = (name: string) => ({ StreamARN: streamArn(name), ConsumerName: "reader" });
const merge = (StreamName: string) => ({ StreamName, ShardToMerge: shardId(0), AdjacentShardToMerge: shardId(1) });
const resize = (StreamName: string) => ({ StreamName, TargetShardCount: 2, ScalingType: "UNIFORM_SCALING" });
const strategy = (name: string) => ({ ...byArn(name), RecordDistributionStrategy: "AUTO" });
const nothing = () => ({});
const queue = () => ({ QueueARN: streamArn("s").replace("stream/s", "queue/q") });
const newQueue = (name: string) => ({ QueueName: "q", StreamConfigurationList: [byArn(name)] });
const channel = () => ({ ChannelARN: streamArn("s").replace("stream/s", "channel/id/c") });

/** "Kinesis Data Streams API limits" of the Developer Guide: calls a second, what counts them together, and a call. */
const rates: readonly (readonly [string, number, Scope, (streamName: string) => object])[] = [
  ["AddTagsToStream", 5, "account", (StreamName) => ({ StreamName, Tags: { a: "b" } })],
  ["CreateQueue", 5, "account", newQueue],
  ["CreateStream", 5, "account", (StreamName) => ({ StreamName, ShardCount: 1 })],
  ["DecreaseStreamRetentionPeriod", 5, "stream", retention],
  ["DeleteChannel", 5, "account", channel],
  ["DeleteQueue", 5, "account", queue],
  ["DeleteResourcePolicy", 5, "account", byResource],
  ["DeleteStream", 5, "account", byStream],
  ["DeregisterStreamConsumer", 5, "stream", consumer],
  ["DescribeAccountSettings", 5, "account", nothing],
  ["DescribeChannel", 5, "account", channel],
  ["DescribeLimits", 1, "account", nothing],
  ["DescribeQueue", 5, "account", queue],
  ["DescribeStream", 10, "account", byStream],
  ["DescribeStreamConsumer", 20, "stream", consumer],
  ["DescribeStreamSummary", 20, "account", byStream],
  ["DisableEnhancedMonitoring", 5, "stream", metrics],
  ["EnableEnhancedMonitoring", 5, "stream", metrics],
  ["GetResourcePolicy", 5, "account", byResource],
  ["IncreaseStreamRetentionPeriod", 5, "stream", retention],
  ["ListChannels", 5, "account", nothing],
  ["ListQueues", 5, "account", nothing],
  ["ListShards", 1000, "stream", byStream],
  ["ListStreamConsumers", 5, "stream", byArn],
  ["ListStreams", 5, "account", nothing],
  ["ListTagsForResource", 5, "account", byResource],
  ["ListTagsForStream", 5, "stream", byStream],
  ["MergeShards", 5, "stream", merge],
  ["PutResourcePolicy", 5, "account", (name) => ({ ...byResource(name), Policy: "{}" })],
  ["RegisterStreamConsumer", 5, "stream", consumer],
  ["RemoveTagsFromStream", 5, "stream", (StreamName) => ({ StreamName, TagKeys: ["a"] })],
  ["SplitShard", 5, "stream", (StreamName) => ({ StreamName, ShardToSplit: shardId(0), NewStartingHashKey: "7" })],
  ["TagResource", 5, "account", (name) => ({ ...byResource(name), Tags: { a: "b" } })],
  ["UntagResource", 5, "account", (name) => ({ ...byResource(name), TagKeys: ["a"] })],
  ["UpdateAccountSettings", 5, "account", () => ({ MinimumThroughputBillingCommitment: { Status: "ENABLED" } })],
  ["UpdateMaxRecordSize", 5, "account", (name) => ({ ...byArn(name), MaxRecordSizeInKiB: 1024 })],
  ["UpdateQueue", 5, "account", () => ({ ...queue(), QueueAttributes: {} })],
  ["UpdateShardCount", 10, "account", resize],
  ["UpdateStreamRecordDistributionStrategy", 5, "account", strategy],
  ["UpdateStreamWarmThroughput", 5, "account", (name) => ({ ...byStream(name), WarmThroughputMiBps: 1 })],
];

/** Those whose calls count by shard have their own tests below; the rest are limited by their records or by the day. */
const countedByShard = ["GetRecords", "GetShardIterator", "SubscribeToShard"];
const withoutRate = ["PutRecord", "PutRecords", "StartStreamEncryption", "StopStreamEncryption", "UpdateStreamMode"];
const recordsOfQueues = Object.keys(operations).filter((name) => name.includes("QueueRecords"));

test("the table of this test names every operation", () => {
  const named = [
    ...rates.map(([operation]) => operation),
    ...countedByShard,
    ...withoutRate,
    ...recordsOfQueues,
    "CreateChannel",
    "UpdateChannel",
  ];
  assert.deepEqual(named.toSorted(), Object.keys(operations).toSorted());
});

for (const [operation, perSecond, scope, inputFor] of rates) {
  test(`${operation}: ${perSecond} calls a second by ${scope}`, async (t) => {
    const server = await limitedServer(t);
    // No stream of these names exists: a call is counted before it is looked at.
    const [input, other] = [inputFor("one"), inputFor("other")];
    const speaksOfStream = "StreamName" in input || "StreamARN" in input || "ResourceARN" in input;
    const text = speaksOfStream
      ? `Rate exceeded for stream one under account ${account}.`
      : `Rate exceeded for account ${account}.`;
    for (let call = 0; call < perSecond; call++) assert(!isThrottled(await server.call(operation, input)));
    assertRefused(await server.call(operation, input), "LimitExceededException", text);
    const isOtherThrottled = isThrottled(await server.call(operation, other));
    assert.equal(isOtherThrottled, scope === "account", "another stream of the account");

    await server.clock.advance(1_000);
    let accepted = 0;
    const seconds = perSecond > 20 ? 1 : 30;
    const callCount = 3 * perSecond * seconds;
    for (let call = 0; call < callCount; call++) {
      if (!isThrottled(await server.call(operation, input))) accepted++;
      await server.clock.advance((seconds * 1_000) / callCount);
    }
    // The second's worth that may come at once is what is over.
    assertRate(accepted - perSecond, { perSecond, seconds });
  });
}

test("CreateChannel and UpdateChannel: 5 calls a second by account", async (t) => {
  const server = await limitedServer(t);
  const bucket = { BucketARN: "arn:aws:s3:::bucket", ExpectedBucketOwner: account };
  const create = {
    ChannelName: "c",
    ServiceExecutionRoleARN: `arn:aws:iam::${account}:role/r`,
    StreamConfigurationList: [{ StreamARN: streamArn("s"), RecordConfiguration: { RecordFormatType: "JSON" } }],
    S3DestinationConfiguration: {
      DeadLetterQueueS3Configuration: bucket,
      StorageConfiguration: { ...bucket, CompressionType: "NONE" },
    },
  };
  const update = { ...channel(), S3DestinationConfiguration: { DataFreshnessInSeconds: 60 } };
  for (const [operation, input] of [
    ["CreateChannel", create],
    ["UpdateChannel", update],
  ] as const) {
    for (let call = 0; call < 5; call++) assert(!isThrottled(await server.call(operation, input)), operation);
    assert(isThrottled(await server.call(operation, input)), operation);
  }
});

test("operations do not take each other's calls", async (t) => {
  const server = await limitedServer(t);
  for (let call = 0; call < 5; call++) await server.expectOk("ListStreams", {});
  assert(isThrottled(await server.call("ListStreams", {})));
  await server.expectOk("DescribeAccountSettings", {});
});

test("GetShardIterator: 5 calls a second by shard", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 2);
  for (let call = 0; call < 5; call++) await server.iterator("s", 0);
  const place = { StreamName: "s", ShardId: shardId(0), ShardIteratorType: "LATEST" };
  const sentence = shardRate("s", 0);
  assertRefused(await server.call("GetShardIterator", place), "ProvisionedThroughputExceededException", sentence);
  await server.iterator("s", 1);
  await server.clock.advance(200);
  await server.iterator("s", 0);
  assert(isThrottled(await server.call("GetShardIterator", place)));
});

test("SubscribeToShard: once a second by consumer and shard", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 2);
  const arns: unknown[] = [];
  for (const ConsumerName of ["one", "two"]) {
    const { Consumer } = await server.expectOk("RegisterStreamConsumer", { StreamARN: streamArn("s"), ConsumerName });
    arns.push((Consumer as { readonly ConsumerARN: string }).ConsumerARN);
  }
  await server.untilIdle();
  const subscription = (consumerIndex: number, shardIndex: number) => ({
    ConsumerARN: arns[consumerIndex],
    ShardId: shardId(shardIndex),
    StartingPosition: { Type: "LATEST" },
  });
  const begin = (input: object) => server.firstBytes("SubscribeToShard", input, "initial-response");
  await begin(subscription(0, 0));
  const refused = await server.call("SubscribeToShard", subscription(0, 0));
  assertRefused(refused, "LimitExceededException", `Rate exceeded for stream s under account ${account}.`);
  await begin(subscription(0, 1));
  await begin(subscription(1, 0));
  await server.clock.advance(5_000);
  await begin(subscription(0, 0));
});

test("without limits no call is refused, however many there are", async (t) => {
  const server = await limitedServer(t, { table: undefined });
  await server.create("s", 1);
  const ShardIterator = await server.iterator("s");
  for (let call = 0; call < 2_000; call++) {
    await server.expectOk("DescribeLimits", {});
    await server.expectOk("GetRecords", { ShardIterator });
  }
});
