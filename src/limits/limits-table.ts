import type { OperationName } from "../model/shapes.generated.ts";
import type { WriteRate } from "../streams/scaling/write-rate.ts";

/** All rates and quotas of one server. */
export interface LimitsTable {
  /** Calls by operation; an absent one has no rate. `callScope` says which calls count together. */
  readonly callsPerSecond: Readonly<Partial<Record<OperationName, number>>>;
  /** Data and partition keys. `WriteLimits` says what the burst is. */
  readonly shardWriteBytesPerSecond: number;
  readonly shardWriteRecordsPerSecond: number;
  /** All GetRecords calls of a shard together; subscriptions are separate. */
  readonly shardReadBytesPerSecond: number;
  /** UpdateShardCount, per stream. This and the next three are counted over the last 24 hours. */
  readonly shardCountChangesPerDay: number;
  readonly modeSwitchesPerDay: number;
  readonly encryptionStartsPerDay: number;
  readonly encryptionStopsPerDay: number;
  /** Open shards of the provisioned streams of an account, by region; `other` for all other regions. */
  readonly shardCountMaxByRegion: Readonly<Record<string, number>> & { readonly other: number };
  /** Open shards up to which an on-demand stream is scaled, by region; `other` for all other regions. */
  readonly onDemandShardCountMaxByRegion: Readonly<Record<string, number>> & { readonly other: number };
  readonly onDemandStreamCountMax: number;
  readonly creatingStreamCountMax: number;
  readonly consumerCountMax: number;
  /** As `consumerCountMax`, in an account with the minimum throughput billing commitment. */
  readonly consumerCountMaxCommitted: number;
  readonly creatingConsumerCountMax: number;
  /** Queues in CREATING and DELETING of an account in a region, together. */
  readonly changingQueueCountMax: number;
  /** Records of one queue in flight at once. At this number a receive waits as if nothing were visible. */
  readonly queueInFlightCountMax: number;
  /** Channels of a stream into buckets, and as many into tables. */
  readonly streamChannelCountMax: number;
  /** The shortest DataFreshnessInSeconds. */
  readonly channelFreshnessSecondsMin: number;
}

/** What the calls of an operation are counted for. */
export type CallScope = "account" | "stream" | "shard" | "consumer-shard";

interface CallLimit {
  readonly per: CallScope;
  readonly callsPerSecond: number;
}

/** Limited by records or by a daily count instead. */
const noCallLimit = { per: undefined, callsPerSecond: undefined } as const;

/**
 * Amazon's rates, "Kinesis Data Streams API limits" in the Developer Guide; where the API reference names another scope,
 * the guide's holds. A missing row does not compile.
 */
const callLimits = {
  AcknowledgeDeadLetterQueueRecords: noCallLimit,
  AcknowledgeQueueRecords: noCallLimit,
  AddTagsToStream: { per: "account", callsPerSecond: 5 },
  CreateChannel: { per: "account", callsPerSecond: 5 },
  CreateQueue: { per: "account", callsPerSecond: 5 },
  CreateStream: { per: "account", callsPerSecond: 5 },
  DecreaseStreamRetentionPeriod: { per: "stream", callsPerSecond: 5 },
  DeleteChannel: { per: "account", callsPerSecond: 5 },
  DeleteQueue: { per: "account", callsPerSecond: 5 },
  DeleteResourcePolicy: { per: "account", callsPerSecond: 5 },
  DeleteStream: { per: "account", callsPerSecond: 5 },
  DeregisterStreamConsumer: { per: "stream", callsPerSecond: 5 },
  DescribeAccountSettings: { per: "account", callsPerSecond: 5 },
  DescribeChannel: { per: "account", callsPerSecond: 5 },
  DescribeLimits: { per: "account", callsPerSecond: 1 },
  DescribeQueue: { per: "account", callsPerSecond: 5 },
  DescribeStream: { per: "account", callsPerSecond: 10 },
  DescribeStreamConsumer: { per: "stream", callsPerSecond: 20 },
  DescribeStreamSummary: { per: "account", callsPerSecond: 20 },
  DisableEnhancedMonitoring: { per: "stream", callsPerSecond: 5 },
  EnableEnhancedMonitoring: { per: "stream", callsPerSecond: 5 },
  GetRecords: { per: "shard", callsPerSecond: 5 },
  GetResourcePolicy: { per: "account", callsPerSecond: 5 },
  GetShardIterator: { per: "shard", callsPerSecond: 5 },
  IncreaseStreamRetentionPeriod: { per: "stream", callsPerSecond: 5 },
  ListChannels: { per: "account", callsPerSecond: 5 },
  ListQueues: { per: "account", callsPerSecond: 5 },
  ListShards: { per: "stream", callsPerSecond: 1000 },
  ListStreamConsumers: { per: "stream", callsPerSecond: 5 },
  ListStreams: { per: "account", callsPerSecond: 5 },
  // The rates of ListTagsForResource, of five more below and of queues are not published; these are those of similar
  // operations. What receives and acknowledges has none: "virtually unlimited".
  ListTagsForResource: { per: "account", callsPerSecond: 5 },
  ListTagsForStream: { per: "stream", callsPerSecond: 5 },
  MergeShards: { per: "stream", callsPerSecond: 5 },
  PutRecord: noCallLimit,
  PutRecords: noCallLimit,
  PutResourcePolicy: { per: "account", callsPerSecond: 5 },
  ReceiveDeadLetterQueueRecords: noCallLimit,
  ReceiveQueueRecords: noCallLimit,
  RegisterStreamConsumer: { per: "stream", callsPerSecond: 5 },
  RemoveTagsFromStream: { per: "stream", callsPerSecond: 5 },
  RestoreDeadLetterQueueRecords: noCallLimit,
  SplitShard: { per: "stream", callsPerSecond: 5 },
  StartStreamEncryption: noCallLimit,
  StopStreamEncryption: noCallLimit,
  SubscribeToShard: { per: "consumer-shard", callsPerSecond: 1 },
  TagResource: { per: "account", callsPerSecond: 5 },
  UntagResource: { per: "account", callsPerSecond: 5 },
  UpdateAccountSettings: { per: "account", callsPerSecond: 5 },
  UpdateChannel: { per: "account", callsPerSecond: 5 },
  UpdateDeadLetterQueueRecordsVisibility: noCallLimit,
  UpdateMaxRecordSize: { per: "account", callsPerSecond: 5 },
  UpdateQueue: { per: "account", callsPerSecond: 5 },
  UpdateQueueRecordsVisibility: noCallLimit,
  UpdateShardCount: { per: "account", callsPerSecond: 10 },
  UpdateStreamMode: noCallLimit,
  UpdateStreamRecordDistributionStrategy: { per: "account", callsPerSecond: 5 },
  UpdateStreamWarmThroughput: { per: "account", callsPerSecond: 5 },
} as const satisfies Readonly<Record<OperationName, CallLimit | typeof noCallLimit>>;

/** Undefined for an operation without a rate of calls. */
export function callScope(operation: OperationName): CallScope | undefined {
  return callLimits[operation].per;
}

const awsCallsPerSecond: LimitsTable["callsPerSecond"] = Object.fromEntries(
  Object.entries(callLimits).flatMap(([operation, { callsPerSecond }]) =>
    callsPerSecond === undefined ? [] : [[operation, callsPerSecond]],
  ),
);

/**
 * Amazon's default limits. Other regions have 1,000 or 6,000 shards, it is not published which; this is the lower one. An
 * on-demand stream takes 10 GB/s in three regions and 200 MB/s in the others, a shard 1 MB/s.
 */
export const awsLimits: LimitsTable = {
  callsPerSecond: awsCallsPerSecond,
  shardWriteBytesPerSecond: 1024 ** 2,
  shardWriteRecordsPerSecond: 1000,
  shardReadBytesPerSecond: 2 * 1024 ** 2,
  shardCountChangesPerDay: 10,
  modeSwitchesPerDay: 2,
  encryptionStartsPerDay: 25,
  encryptionStopsPerDay: 25,
  shardCountMaxByRegion: { "us-east-1": 20_000, "us-west-2": 20_000, "eu-west-1": 20_000, other: 1_000 },
  onDemandShardCountMaxByRegion: { "us-east-1": 10_000, "us-west-2": 10_000, "eu-west-1": 10_000, other: 200 },
  onDemandStreamCountMax: 50,
  creatingStreamCountMax: 5,
  consumerCountMax: 20,
  consumerCountMaxCommitted: 50,
  creatingConsumerCountMax: 5,
  changingQueueCountMax: 5,
  queueInFlightCountMax: 120_000,
  streamChannelCountMax: 1,
  channelFreshnessSecondsMin: 300,
};

/** What one shard may take each second; where limits are off, as Amazon's. */
export function shardWriteRateOf(table: LimitsTable | undefined): WriteRate {
  const { shardWriteBytesPerSecond, shardWriteRecordsPerSecond } = table ?? awsLimits;
  return { bytesPerSecond: shardWriteBytesPerSecond, recordsPerSecond: shardWriteRecordsPerSecond };
}

/** The rates of one of so many gateways that share them. Quotas and daily counts are in documents, and stay whole. */
export function partOfRates(table: LimitsTable, gatewayCount: number): LimitsTable {
  const calls = Object.entries(table.callsPerSecond).map(([operation, rate]) => [operation, rate / gatewayCount]);
  return {
    ...table,
    callsPerSecond: Object.fromEntries(calls),
    shardWriteBytesPerSecond: table.shardWriteBytesPerSecond / gatewayCount,
    shardWriteRecordsPerSecond: table.shardWriteRecordsPerSecond / gatewayCount,
    shardReadBytesPerSecond: table.shardReadBytesPerSecond / gatewayCount,
  };
}
