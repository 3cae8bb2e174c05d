import type { OperationName } from "../model/shapes.generated.ts";

/** All rates and quotas of one server, as numbers. */
export interface LimitsTable {
  /** By operation; what is absent has no rate of calls. Calls are counted together by `callScopes`. */
  readonly callsPerSecond: Readonly<Partial<Record<OperationName, number>>>;
  /** Data and partition keys; also the burst, unless the stream takes larger records. */
  readonly shardWriteBytesPerSecond: number;
  readonly shardWriteRecordsPerSecond: number;
  /** All GetRecords of a shard together; consumers with a subscription have a rate of their own. */
  readonly shardReadBytesPerSecond: number;
  /** UpdateShardCount, per stream. This and the next three are counted over the last 24 hours. */
  readonly shardCountChangesPerDay: number;
  readonly modeSwitchesPerDay: number;
  readonly encryptionStartsPerDay: number;
  readonly encryptionStopsPerDay: number;
  /** Open shards of an account's provisioned streams, by region; `other` holds for the regions not named. */
  readonly shardCountMaxByRegion: Readonly<Record<string, number>> & { readonly other: number };
  readonly onDemandStreamCountMax: number;
  readonly creatingStreamCountMax: number;
  readonly consumerCountMax: number;
  /** Of a stream in an account with the minimum throughput billing commitment. */
  readonly consumerCountMaxCommitted: number;
  readonly creatingConsumerCountMax: number;
}

/** What counts an operation's calls together. */
export type CallScope = "account" | "stream" | "shard" | "consumer-shard";

interface CallLimit {
  readonly per: CallScope;
  readonly callsPerSecond: number;
}

/** Limited by its records or by its daily count, not by its calls. */
const noCallLimit = { per: undefined, callsPerSecond: undefined } as const;

/**
 * Amazon's rates, "Kinesis Data Streams API limits" in the Developer Guide; where the API reference names another scope,
 * the guide's holds. A missing row does not compile.
 */
const callLimits = {
  AddTagsToStream: { per: "account", callsPerSecond: 5 },
  CreateChannel: { per: "account", callsPerSecond: 5 },
  CreateStream: { per: "account", callsPerSecond: 5 },
  DecreaseStreamRetentionPeriod: { per: "stream", callsPerSecond: 5 },
  DeleteChannel: { per: "account", callsPerSecond: 5 },
  DeleteResourcePolicy: { per: "account", callsPerSecond: 5 },
  DeleteStream: { per: "account", callsPerSecond: 5 },
  DeregisterStreamConsumer: { per: "stream", callsPerSecond: 5 },
  DescribeAccountSettings: { per: "account", callsPerSecond: 5 },
  DescribeChannel: { per: "account", callsPerSecond: 5 },
  DescribeLimits: { per: "account", callsPerSecond: 1 },
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
  ListShards: { per: "stream", callsPerSecond: 1000 },
  ListStreamConsumers: { per: "stream", callsPerSecond: 5 },
  ListStreams: { per: "account", callsPerSecond: 5 },
  // The rates of this one and of five more below are not published; ours are those of their neighbours.
  ListTagsForResource: { per: "account", callsPerSecond: 5 },
  ListTagsForStream: { per: "stream", callsPerSecond: 5 },
  MergeShards: { per: "stream", callsPerSecond: 5 },
  PutRecord: noCallLimit,
  PutRecords: noCallLimit,
  PutResourcePolicy: { per: "account", callsPerSecond: 5 },
  RegisterStreamConsumer: { per: "stream", callsPerSecond: 5 },
  RemoveTagsFromStream: { per: "stream", callsPerSecond: 5 },
  SplitShard: { per: "stream", callsPerSecond: 5 },
  StartStreamEncryption: noCallLimit,
  StopStreamEncryption: noCallLimit,
  SubscribeToShard: { per: "consumer-shard", callsPerSecond: 1 },
  TagResource: { per: "account", callsPerSecond: 5 },
  UntagResource: { per: "account", callsPerSecond: 5 },
  UpdateAccountSettings: { per: "account", callsPerSecond: 5 },
  UpdateChannel: { per: "account", callsPerSecond: 5 },
  UpdateMaxRecordSize: { per: "account", callsPerSecond: 5 },
  UpdateShardCount: { per: "account", callsPerSecond: 10 },
  UpdateStreamMode: noCallLimit,
  UpdateStreamRecordDistributionStrategy: { per: "account", callsPerSecond: 5 },
  UpdateStreamWarmThroughput: { per: "account", callsPerSecond: 5 },
} as const satisfies Readonly<Record<OperationName, CallLimit | typeof noCallLimit>>;

export function callScope(operation: OperationName): CallScope | undefined {
  return callLimits[operation].per;
}

const awsCallsPerSecond: LimitsTable["callsPerSecond"] = Object.fromEntries(
  Object.entries(callLimits).flatMap(([operation, { callsPerSecond }]) =>
    callsPerSecond === undefined ? [] : [[operation, callsPerSecond]],
  ),
);

/** Amazon's default quotas. A region outside the three has 1,000 or 6,000 shards there, we do not know which: the fewer. */
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
  onDemandStreamCountMax: 50,
  creatingStreamCountMax: 5,
  consumerCountMax: 20,
  consumerCountMaxCommitted: 50,
  creatingConsumerCountMax: 5,
};
