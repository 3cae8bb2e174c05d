/** The outputs that tests read members of, as JSON carries them; every other operation's is an unnamed object. */
interface Outputs {
  readonly AcknowledgeDeadLetterQueueRecords: EntryResults;
  readonly AcknowledgeQueueRecords: EntryResults;
  readonly CreateChannel: { readonly ChannelDescription: ChannelDescription };
  readonly CreateQueue: { readonly QueueDescription: QueueDescription };
  readonly DescribeChannel: { readonly ChannelDescription: ChannelDescription };
  readonly DescribeQueue: { readonly QueueDescription: QueueDescription };
  readonly DescribeStream: { readonly StreamDescription: StreamDescription };
  readonly DescribeStreamConsumer: { readonly ConsumerDescription: Consumer & { readonly StreamARN: string } };
  readonly DescribeStreamSummary: { readonly StreamDescriptionSummary: StreamDescriptionSummary };
  readonly DescribeLimits: Readonly<Record<string, number>>;
  readonly DescribeAccountSettings: { readonly MinimumThroughputBillingCommitment?: BillingCommitment };
  readonly DisableEnhancedMonitoring: MonitoringChange;
  readonly EnableEnhancedMonitoring: MonitoringChange;
  readonly GetRecords: RecordsPage;
  readonly GetResourcePolicy: { readonly Policy: string };
  readonly GetShardIterator: { readonly ShardIterator: string };
  readonly ListChannels: { readonly ChannelSummaries: readonly ChannelSummary[]; readonly NextToken?: string };
  readonly ListQueues: { readonly QueueSummaries: readonly QueueSummary[]; readonly NextToken?: string };
  readonly ListShards: { readonly Shards: readonly Shard[]; readonly NextToken?: string };
  readonly ListStreamConsumers: { readonly Consumers: readonly Consumer[]; readonly NextToken?: string };
  readonly ListStreams: StreamsPage;
  readonly ListTagsForResource: { readonly Tags: readonly Tag[] };
  readonly ListTagsForStream: { readonly Tags: readonly Tag[]; readonly HasMoreTags: boolean };
  readonly PutRecord: { readonly ShardId: string; readonly SequenceNumber: string; readonly EncryptionType?: string };
  readonly PutRecords: PutRecordsOutput;
  readonly ReceiveDeadLetterQueueRecords: { readonly QueueRecords: readonly QueueRecord[] };
  readonly ReceiveQueueRecords: { readonly QueueRecords: readonly QueueRecord[] };
  readonly RegisterStreamConsumer: { readonly Consumer: Consumer };
  readonly RestoreDeadLetterQueueRecords: EntryResults;
  readonly UpdateAccountSettings: { readonly MinimumThroughputBillingCommitment: BillingCommitment };
  readonly UpdateDeadLetterQueueRecordsVisibility: EntryResults;
  readonly UpdateChannel: { readonly ChannelDescription: ChannelDescription };
  readonly UpdateQueue: { readonly QueueDescription: QueueDescription };
  readonly UpdateQueueRecordsVisibility: EntryResults;
  readonly UpdateShardCount: ShardCountChange;
  readonly UpdateStreamWarmThroughput: { readonly StreamName: string; readonly StreamARN: string };
}

export type OutputOf<Name extends string> = Name extends keyof Outputs ? Outputs[Name] : unknown;

export interface ChannelSummary {
  readonly ChannelName: string;
  readonly ChannelARN: string;
  readonly ChannelId: string;
  readonly ChannelStatus: string;
  readonly ChannelDestinationType: string;
  readonly Streams: readonly { readonly StreamARN: string }[];
}

export interface ChannelDescription extends Omit<ChannelSummary, "ChannelDestinationType" | "Streams"> {
  readonly ServiceExecutionRoleARN: string;
  readonly S3DestinationConfiguration?: {
    readonly DataFreshnessInSeconds: number;
    readonly StorageConfiguration: {
      readonly BucketARN: string;
      readonly CompressionType: string;
      readonly StorageClass: string;
      readonly OutputKeyTemplate: string;
    };
  };
  readonly S3TablesDestinationConfiguration?: {
    readonly DataFreshnessInSeconds: number;
    readonly S3TablesConfigurationList: readonly {
      readonly TableBucketARN: string;
      readonly Namespace: string;
      readonly TableName: string;
      readonly CompressionType: string;
      readonly PartitionSpec?: object;
    }[];
  };
}

export interface HashKeyRange {
  readonly StartingHashKey: string;
  readonly EndingHashKey: string;
}

export interface Shard {
  readonly ShardId: string;
  readonly ParentShardId?: string;
  readonly AdjacentParentShardId?: string;
  readonly HashKeyRange: HashKeyRange;
  readonly SequenceNumberRange: { readonly StartingSequenceNumber: string; readonly EndingSequenceNumber?: string };
}

export interface StreamSummary {
  readonly StreamName: string;
  readonly StreamARN: string;
  readonly StreamStatus: string;
  readonly StreamModeDetails: { readonly StreamMode: string };
  readonly StreamCreationTimestamp: number;
}

interface Described extends StreamSummary {
  readonly RetentionPeriodHours: number;
  readonly EnhancedMonitoring: readonly { readonly ShardLevelMetrics: readonly string[] }[];
  readonly EncryptionType: string;
  readonly KeyId?: string;
}

export interface StreamDescription extends Described {
  readonly Shards: readonly Shard[];
  readonly HasMoreShards: boolean;
}

export interface StreamDescriptionSummary extends Described {
  readonly OpenShardCount: number;
  readonly ConsumerCount: number;
  readonly QueueCount?: number;
  readonly ChannelCount?: number;
  readonly MaxRecordSizeInKiB?: number;
  readonly RecordDistributionStrategy?: string;
  readonly WarmThroughput?: { readonly TargetMiBps: number; readonly CurrentMiBps: number };
}

interface StreamsPage {
  readonly StreamNames: readonly string[];
  readonly StreamSummaries: readonly StreamSummary[];
  readonly HasMoreStreams: boolean;
  readonly NextToken?: string;
}

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export interface StoredRecord {
  readonly SequenceNumber: string;
  readonly ApproximateArrivalTimestamp: number;
  readonly Data: string;
  readonly PartitionKey?: string;
  readonly EncryptionType?: string;
}

export interface RecordsPage {
  readonly Records: readonly StoredRecord[];
  readonly NextShardIterator?: string;
  readonly MillisBehindLatest: number;
  readonly ChildShards?: readonly {
    readonly ShardId: string;
    readonly ParentShards: readonly string[];
    readonly HashKeyRange: HashKeyRange;
  }[];
}

interface PutRecordsOutput {
  readonly FailedRecordCount: number;
  readonly EncryptionType?: string;
  readonly Records: readonly {
    readonly ShardId?: string;
    readonly SequenceNumber?: string;
    readonly ErrorCode?: string;
    readonly ErrorMessage?: string;
  }[];
}

export interface Consumer {
  readonly ConsumerName: string;
  readonly ConsumerARN: string;
  readonly ConsumerStatus: string;
  readonly ConsumerCreationTimestamp: number;
}

interface MonitoringChange {
  readonly StreamName: string;
  readonly StreamARN: string;
  readonly CurrentShardLevelMetrics: readonly string[];
  readonly DesiredShardLevelMetrics: readonly string[];
}

interface ShardCountChange {
  readonly StreamName: string;
  readonly StreamARN: string;
  readonly CurrentShardCount: number;
  readonly TargetShardCount: number;
}

interface BillingCommitment {
  readonly Status: string;
  readonly StartedAt?: number;
  readonly EndedAt?: number;
  readonly EarliestAllowedEndAt?: number;
}

export interface QueueDescription {
  readonly QueueName: string;
  readonly QueueARN: string;
  readonly QueueStatus: string;
  readonly QueueCreationTimestamp: number;
  readonly StreamConfigurationList: readonly {
    readonly StreamARN: string;
    readonly StartingPosition?: { readonly Type: string; readonly Timestamp?: number };
  }[];
  readonly QueueAttributes?: {
    readonly VisibilityTimeoutSeconds?: number;
    readonly DeadLetterConfiguration?: { readonly TargetType: string; readonly MaxReceiveCount?: number };
  };
}

export interface QueueSummary {
  readonly QueueName: string;
  readonly QueueARN: string;
  readonly QueueStatus: string;
  readonly QueueCreationTimestamp: number;
  readonly Streams: readonly { readonly StreamARN: string; readonly StreamCreationTimestamp: number }[];
}

export interface QueueRecord {
  readonly ReceiptHandle: string;
  readonly RecordId: string;
  readonly PartitionKey?: string;
  readonly Data: string;
  readonly ApproximateArrivalTimestamp: number;
  readonly FirstReceiveTimestamp: number;
  readonly ReceiveCount: number;
}

interface EntryResults {
  readonly Successful: readonly { readonly ReceiptHandle: string }[];
  readonly Failed: readonly {
    readonly ReceiptHandle: string;
    readonly ErrorCode: string;
    readonly ErrorMessage?: string;
  }[];
}
