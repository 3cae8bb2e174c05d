/** The way through all operations: each is called at least once for its answer and once to be refused. */
import assert from "node:assert/strict";
import { hashKeyMiddle } from "../../support/kinesis-call.ts";
import type { ApiClient, Members } from "./api-client.ts";
import { Walk } from "./walk.ts";
import { walkChannels } from "./walk-channels.ts";
import { walkQueues } from "./walk-queues.ts";

const missing = "absent";
const onlyShard = "shardId-000000000000";

interface Description {
  readonly StreamARN: string;
  readonly StreamStatus: string;
  readonly RetentionPeriodHours: number;
  readonly EncryptionType?: string;
  readonly EnhancedMonitoring: readonly [{ readonly ShardLevelMetrics: readonly string[] }];
  readonly StreamModeDetails: { readonly StreamMode: string };
  readonly Shards: readonly unknown[];
  readonly HasMoreShards: boolean;
  readonly OpenShardCount?: number;
}

/**
 * The server must have rates for DescribeLimits and DescribeAccountSettings of one call a second: nothing else makes
 * these two refuse a well-formed call.
 */
export async function walkOperations(
  client: ApiClient,
  operations: readonly string[],
  /** Whether the server knows where buckets are, so that channels can be made. */
  hasBuckets: boolean,
): Promise<void> {
  const walk = new Walk(client);
  const streamName = "walked";
  await walk.ok("CreateStream", { StreamName: streamName, ShardCount: 1 });
  await walk.untilActive(streamName);
  const arn = (await describe(walk, streamName)).StreamARN;
  const stream = { walk, streamName, arn };
  await walkStreams(stream);
  await walkAccount(walk);
  await walkRecords(stream);
  await walkTags(stream);
  await walkSettings(stream);
  await walkConsumers(stream);
  await walkPolicies(stream);
  await walkShards(stream);
  await walkModes(stream);
  await walkQueues(walk, streamName, arn);
  await walkChannels(walk, arn, hasBuckets);
  await walk.ok("DeleteStream", { StreamName: streamName });
  await walk.refused("DeleteStream", { StreamName: missing }, "ResourceNotFoundException", notFound);
  // Nothing but a bucket lets a channel be made.
  walk.assertComplete(operations, hasBuckets ? [] : operations.filter((name) => name.endsWith("Channel")));
}

interface WalkedStream {
  readonly walk: Walk;
  readonly streamName: string;
  readonly arn: string;
}

const notFound = /^Stream absent under account 000000000000 not found\.$/;

async function describe(walk: Walk, StreamName: string): Promise<Description> {
  const output = await walk.expectOk("DescribeStream", { StreamName });
  return output["StreamDescription"] as Description;
}

async function walkStreams({ walk, streamName, arn }: WalkedStream): Promise<void> {
  const exists = new RegExp(`^Stream ${streamName} under account 000000000000 already exists\\.$`);
  await walk.refused("CreateStream", { StreamName: streamName, ShardCount: 1 }, "ResourceInUseException", exists);
  const description = await describe(walk, streamName);
  assert.match(arn, /^arn:aws:kinesis:[a-z0-9-]+:000000000000:stream\/walked$/);
  assert.equal(description.Shards.length, 1);
  assert.equal(description.HasMoreShards, false);
  await walk.refused("DescribeStream", { StreamName: missing }, "ResourceNotFoundException", notFound);
  await walk.answered("DescribeStreamSummary", { StreamName: streamName }, (output) => {
    const summary = output["StreamDescriptionSummary"] as Description;
    assert.equal(summary.OpenShardCount, 1);
    assert.equal(summary.StreamStatus, "ACTIVE");
  });
  await walk.refused("DescribeStreamSummary", { StreamName: missing }, "ResourceNotFoundException", notFound);
  await walk.answered("ListStreams", {}, (output) => assert.deepEqual(output["StreamNames"], [streamName]));
  await walk.refused("ListStreams", { Limit: 20_000 }, "ValidationException", /Value '20000' at 'limit'/);
}

async function walkAccount(walk: Walk): Promise<void> {
  await walk.answered("DescribeLimits", {}, (output) => assert.equal(output["OpenShardCount"], 1));
  await walk.refusedByRate("DescribeLimits");
  const commitment = (output: Members) => output["MinimumThroughputBillingCommitment"] as { readonly Status: string };
  await walk.answered("DescribeAccountSettings", {}, (output) => assert.equal(commitment(output).Status, "DISABLED"));
  await walk.refusedByRate("DescribeAccountSettings");
  const enable = { MinimumThroughputBillingCommitment: { Status: "ENABLED" } };
  await walk.answered("UpdateAccountSettings", enable, (output) => assert.equal(commitment(output).Status, "ENABLED"));
  const odd = { MinimumThroughputBillingCommitment: { Status: "PERHAPS" } };
  await walk.refused("UpdateAccountSettings", odd, "ValidationException", /Value 'PERHAPS'/);
}

async function walkRecords({ walk, streamName: StreamName }: WalkedStream): Promise<void> {
  const first = await walk.expectOk("PutRecord", { StreamName, Data: "one", PartitionKey: "a" });
  assert.equal(first["ShardId"], onlyShard);
  await walk.refused("PutRecord", { StreamName: missing, Data: "x", PartitionKey: "a" }, "ResourceNotFoundException");
  const Records = ["two", "drei é"].map((Data) => ({ Data, PartitionKey: "a" }));
  await walk.answered("PutRecords", { StreamName, Records }, (output) => {
    assert.equal(output["FailedRecordCount"], 0);
    const numbers = (output["Records"] as readonly { SequenceNumber: string }[]).map((each) => each.SequenceNumber);
    assert(BigInt(numbers[0] ?? 0) > BigInt(String(first["SequenceNumber"])));
    assert(BigInt(numbers[1] ?? 0) > BigInt(numbers[0] ?? 0));
  });
  await walk.refused("PutRecords", { StreamName: missing, Records }, "ResourceNotFoundException", notFound);

  const read = async (position: Members): Promise<readonly unknown[] | undefined> => {
    const place = await walk.ok("GetShardIterator", { StreamName, ShardId: onlyShard, ...position });
    if (place === undefined) return undefined;
    const page = await walk.expectOk("GetRecords", { ShardIterator: place["ShardIterator"] });
    assert.equal(page["MillisBehindLatest"], 0);
    assert.equal(typeof page["NextShardIterator"], "string");
    return (page["Records"] as readonly Members[]).map((record) => record["Data"]);
  };
  assert.deepEqual(await read({ ShardIteratorType: "TRIM_HORIZON" }), ["one", "two", "drei é"]);
  const StartingSequenceNumber = first["SequenceNumber"];
  const behind = { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber };
  assert.deepEqual(await read(behind), ["two", "drei é"]);
  const early = await read({ ShardIteratorType: "AT_TIMESTAMP", Timestamp: "2026-01-01T00:00:00Z" });
  if (early !== undefined) assert.deepEqual(early, ["one", "two", "drei é"]);
  const nowhere = { StreamName, ShardId: "shardId-000000000009", ShardIteratorType: "LATEST" };
  await walk.refused("GetShardIterator", nowhere, "ResourceNotFoundException", /^Shard shardId-000000000009 in stream/);
  await walk.refused("GetRecords", { ShardIterator: "AAAA" }, "InvalidArgumentException", /^Invalid ShardIterator\.$/);
}

async function walkTags({ walk, streamName: StreamName, arn }: WalkedStream): Promise<void> {
  const sorted = (output: Members): readonly string[] =>
    (output["Tags"] as readonly { Key: string; Value: string }[]).map(({ Key, Value }) => `${Key}=${Value}`).sort();
  await walk.ok("AddTagsToStream", { StreamName, Tags: { a: "1", b: "2", c: "3" } });
  assert.deepEqual(sorted(await walk.expectOk("ListTagsForStream", { StreamName })), ["a=1", "b=2", "c=3"]);
  // No client has a paginator for it: the manual's loop, by the last key of each page.
  const pages: string[] = [];
  for (let ExclusiveStartTagKey: string | undefined; ; ) {
    const start = ExclusiveStartTagKey === undefined ? {} : { ExclusiveStartTagKey };
    const page = await walk.expectOk("ListTagsForStream", { StreamName, Limit: 2, ...start });
    const tags = sorted(page);
    pages.push(...tags);
    if (page["HasMoreTags"] !== true) break;
    assert.equal(tags.length, 2);
    ExclusiveStartTagKey = tags.at(-1)?.split("=")[0];
  }
  assert.deepEqual(pages, ["a=1", "b=2", "c=3"]);
  await walk.ok("RemoveTagsFromStream", { StreamName, TagKeys: ["b"] });
  assert.deepEqual(sorted(await walk.expectOk("ListTagsForStream", { StreamName })), ["a=1", "c=3"]);
  await walk.refused("AddTagsToStream", { StreamName: missing, Tags: { a: "1" } }, "ResourceNotFoundException");
  await walk.refused("ListTagsForStream", { StreamName: missing }, "ResourceNotFoundException", notFound);
  await walk.refused("RemoveTagsFromStream", { StreamName: missing, TagKeys: ["a"] }, "ResourceNotFoundException");

  const elsewhere = arn.replace(StreamName, missing);
  await walk.ok("TagResource", { ResourceARN: arn, Tags: { d: "4" } });
  const listed = await walk.ok("ListTagsForResource", { ResourceARN: arn });
  if (listed !== undefined) assert.deepEqual(sorted(listed), ["a=1", "c=3", "d=4"]);
  await walk.ok("UntagResource", { ResourceARN: arn, TagKeys: ["a", "d"] });
  const left = await walk.ok("ListTagsForResource", { ResourceARN: arn });
  if (left !== undefined) assert.deepEqual(sorted(left), ["c=3"]);
  await walk.refused("TagResource", { ResourceARN: elsewhere, Tags: { d: "4" } }, "ResourceNotFoundException");
  await walk.refused("ListTagsForResource", { ResourceARN: elsewhere }, "ResourceNotFoundException");
  await walk.refused("UntagResource", { ResourceARN: elsewhere, TagKeys: ["d"] }, "ResourceNotFoundException");
}

async function walkSettings({ walk, streamName: StreamName, arn }: WalkedStream): Promise<void> {
  const absent = { StreamName: missing };
  const described = () => describe(walk, StreamName);
  const hours = (RetentionPeriodHours: number) => ({ StreamName, RetentionPeriodHours });
  if (await walk.changed("IncreaseStreamRetentionPeriod", hours(48), StreamName)) {
    assert.equal((await described()).RetentionPeriodHours, 48);
  }
  await walk.refused("IncreaseStreamRetentionPeriod", hours(24), "InvalidArgumentException", /24 hours/);
  if (await walk.changed("DecreaseStreamRetentionPeriod", hours(24), StreamName)) {
    assert.equal((await described()).RetentionPeriodHours, 24);
  }
  await walk.refused("DecreaseStreamRetentionPeriod", hours(48), "InvalidArgumentException", /48 hours/);

  const metrics = { StreamName, ShardLevelMetrics: ["IncomingBytes", "OutgoingBytes"] };
  const enabled = await walk.changed("EnableEnhancedMonitoring", metrics, StreamName);
  if (enabled !== undefined) {
    assert.deepEqual(enabled["DesiredShardLevelMetrics"], ["IncomingBytes", "OutgoingBytes"]);
    assert.deepEqual((await described()).EnhancedMonitoring[0].ShardLevelMetrics, ["IncomingBytes", "OutgoingBytes"]);
  }
  const all = { ShardLevelMetrics: ["ALL"] };
  const disabled = await walk.changed("DisableEnhancedMonitoring", { StreamName, ...all }, StreamName);
  if (disabled !== undefined) assert.deepEqual((await described()).EnhancedMonitoring[0].ShardLevelMetrics, []);
  await walk.refused("EnableEnhancedMonitoring", { ...absent, ...all }, "ResourceNotFoundException", notFound);
  await walk.refused("DisableEnhancedMonitoring", { ...absent, ...all }, "ResourceNotFoundException", notFound);

  const key = { EncryptionType: "KMS", KeyId: "alias/aws/kinesis" };
  if (await walk.changed("StartStreamEncryption", { StreamName, ...key }, StreamName)) {
    const put = await walk.expectOk("PutRecord", { StreamName, Data: "kept", PartitionKey: "a" });
    assert.equal(put["EncryptionType"], "KMS");
  }
  if (await walk.changed("StopStreamEncryption", { StreamName, ...key }, StreamName)) {
    assert.equal((await described()).EncryptionType, "NONE");
  }
  await walk.refused("StartStreamEncryption", { ...absent, ...key }, "ResourceNotFoundException", notFound);
  await walk.refused("StopStreamEncryption", { ...absent, ...key }, "ResourceNotFoundException", notFound);

  await walk.changed("UpdateMaxRecordSize", { StreamARN: arn, MaxRecordSizeInKiB: 2048 }, StreamName);
  await walk.answered("DescribeStreamSummary", { StreamName }, (output) => {
    const { MaxRecordSizeInKiB } = output["StreamDescriptionSummary"] as { readonly MaxRecordSizeInKiB?: number };
    if (walk.knows("UpdateMaxRecordSize")) assert.equal(MaxRecordSizeInKiB, 2048);
  });
  const elsewhere = { StreamARN: arn.replace(StreamName, missing), MaxRecordSizeInKiB: 2048 };
  await walk.refused("UpdateMaxRecordSize", elsewhere, "ResourceNotFoundException", notFound);
}

async function walkConsumers({ walk, arn }: WalkedStream): Promise<void> {
  const consumer = { StreamARN: arn, ConsumerName: "reader" };
  const absent = { StreamARN: arn, ConsumerName: missing };
  const registered = await walk.ok("RegisterStreamConsumer", consumer);
  if (registered === undefined) return;
  const { ConsumerARN } = registered["Consumer"] as { readonly ConsumerARN: string };
  await walk.refused("RegisterStreamConsumer", consumer, "ResourceInUseException", /^Consumer reader under stream/);
  for (let poll = 0; ; poll++) {
    const output = await walk.expectOk("DescribeStreamConsumer", consumer);
    const description = output["ConsumerDescription"] as {
      readonly ConsumerStatus: string;
      readonly ConsumerARN: string;
    };
    assert.equal(description.ConsumerARN, ConsumerARN);
    if (description.ConsumerStatus === "ACTIVE") break;
    assert(poll < 1_000, "the consumer becomes ACTIVE");
  }
  await walk.refused("DescribeStreamConsumer", absent, "ResourceNotFoundException", /^Consumer absent/);
  await walk.answered("ListStreamConsumers", { StreamARN: arn }, (output) => {
    const names = (output["Consumers"] as readonly Members[]).map((each) => each["ConsumerName"]);
    assert.deepEqual(names, ["reader"]);
  });
  const elsewhere = arn.replace("walked", missing);
  await walk.refused("ListStreamConsumers", { StreamARN: elsewhere }, "ResourceNotFoundException", notFound);
  const StartingPosition = { Type: "TRIM_HORIZON" };
  await walk.subscribed({ ConsumerARN, ShardId: onlyShard, StartingPosition }, ["one", "two", "drei é", "kept"]);
  const otherShard = { ConsumerARN, ShardId: "shardId-000000000009", StartingPosition };
  await walk.refused("SubscribeToShard", otherShard, "ResourceNotFoundException", /shardId-000000000009/);
  await walk.ok("DeregisterStreamConsumer", consumer);
  await walk.refused("DeregisterStreamConsumer", absent, "ResourceNotFoundException", /^Consumer absent/);
}

async function walkPolicies({ walk, streamName, arn }: WalkedStream): Promise<void> {
  const Principal = { AWS: "arn:aws:iam::111122223333:root" };
  const statement = { Effect: "Allow", Principal, Action: "kinesis:GetRecords", Resource: arn };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await walk.ok("PutResourcePolicy", { ResourceARN: arn, Policy });
  await walk.answered("GetResourcePolicy", { ResourceARN: arn }, (output) => assert.equal(output["Policy"], Policy));
  await walk.ok("DeleteResourcePolicy", { ResourceARN: arn });
  await walk.refused("DeleteResourcePolicy", { ResourceARN: arn }, "ResourceNotFoundException");
  await walk.refused("PutResourcePolicy", { ResourceARN: arn, Policy: "no policy" }, "InvalidArgumentException");
  const elsewhere = arn.replace(streamName, missing);
  await walk.refused("GetResourcePolicy", { ResourceARN: elsewhere }, "ResourceNotFoundException", notFound);
}

async function walkShards({ walk, streamName: StreamName }: WalkedStream): Promise<void> {
  const split = { StreamName, ShardToSplit: onlyShard, NewStartingHashKey: hashKeyMiddle };
  await walk.changed("SplitShard", split, StreamName);
  await walk.refused("SplitShard", { ...split, StreamName: missing }, "ResourceNotFoundException", notFound);
  const merge = { StreamName, ShardToMerge: "shardId-000000000001", AdjacentShardToMerge: "shardId-000000000002" };
  await walk.changed("MergeShards", merge, StreamName);
  const same = { ...merge, AdjacentShardToMerge: "shardId-000000000001" };
  await walk.refused("MergeShards", same, "InvalidArgumentException");
  assert.equal((await describe(walk, StreamName)).Shards.length, 4);
  const parents = (output: Members) => {
    const shards = output["Shards"] as readonly { ParentShardId?: string; AdjacentParentShardId?: string }[];
    return shards.map(({ ParentShardId, AdjacentParentShardId }) => [ParentShardId, AdjacentParentShardId]);
  };
  await walk.answered("ListShards", { StreamName }, (output) =>
    assert.deepEqual(parents(output), [
      [undefined, undefined],
      [onlyShard, undefined],
      [onlyShard, undefined],
      ["shardId-000000000001", "shardId-000000000002"],
    ]),
  );
  const latest = { StreamName, ShardFilter: { Type: "AT_LATEST" } };
  await walk.answered("ListShards", latest, (output) => assert.equal(parents(output).length, 1));
  await walk.refused("ListShards", { StreamName: missing }, "ResourceNotFoundException", notFound);
  const target = { StreamName, TargetShardCount: 2, ScalingType: "UNIFORM_SCALING" };
  const updated = await walk.changed("UpdateShardCount", target, StreamName);
  if (updated !== undefined) {
    assert.deepEqual([updated["CurrentShardCount"], updated["TargetShardCount"]], [1, 2]);
    await walk.answered("DescribeStreamSummary", { StreamName }, (output) =>
      assert.equal((output["StreamDescriptionSummary"] as Description).OpenShardCount, 2),
    );
  }
  await walk.refused("UpdateShardCount", { ...target, StreamName: missing }, "ResourceNotFoundException", notFound);
}

async function walkModes({ walk, streamName: StreamName, arn: StreamARN }: WalkedStream): Promise<void> {
  const elsewhere = StreamARN.replace(StreamName, missing);
  const onDemand = { StreamModeDetails: { StreamMode: "ON_DEMAND" } };
  const strategy = { StreamARN, RecordDistributionStrategy: "AUTO" };
  await walk.refused("UpdateStreamRecordDistributionStrategy", strategy, "InvalidArgumentException");
  const warm = { StreamName, WarmThroughputMiBps: 5 };
  await walk.refused("UpdateStreamWarmThroughput", warm, "InvalidArgumentException");
  if ((await walk.changed("UpdateStreamMode", { StreamARN, ...onDemand }, StreamName)) === undefined) return;
  assert.equal((await describe(walk, StreamName)).StreamModeDetails.StreamMode, "ON_DEMAND");
  await walk.refused("UpdateStreamMode", { StreamARN: elsewhere, ...onDemand }, "ResourceNotFoundException", notFound);
  const warmed = await walk.changed("UpdateStreamWarmThroughput", warm, StreamName);
  if (warmed !== undefined) {
    assert.equal((warmed["WarmThroughput"] as { readonly TargetMiBps: number }).TargetMiBps, 5);
  }
  if (await walk.changed("UpdateStreamRecordDistributionStrategy", strategy, StreamName)) {
    await walk.answered("DescribeStreamSummary", { StreamName }, (output) => {
      const summary = output["StreamDescriptionSummary"] as { readonly RecordDistributionStrategy: string };
      assert.equal(summary.RecordDistributionStrategy, "AUTO");
    });
    // A record without a partition key: only what AUTO placed may come so.
    await walk.ok("PutRecord", { StreamName, Data: "keyless" });
  }
}
