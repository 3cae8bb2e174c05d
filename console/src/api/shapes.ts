// The members of the Kinesis API's outputs that the page reads (API reference, "Data Types").

export type StreamStatus = "CREATING" | "ACTIVE" | "UPDATING" | "DELETING";

export interface StreamSummary {
  readonly StreamName: string;
  readonly StreamARN: string;
  readonly StreamStatus: StreamStatus;
  readonly StreamModeDetails?: { readonly StreamMode: string };
  readonly StreamCreationTimestamp?: number;
}

export interface StreamDescription extends StreamSummary {
  readonly RetentionPeriodHours: number;
  readonly OpenShardCount: number;
  readonly ConsumerCount?: number;
  readonly EncryptionType?: "NONE" | "KMS";
  readonly KeyId?: string;
  readonly EnhancedMonitoring?: readonly { readonly ShardLevelMetrics?: readonly string[] }[];
  readonly MaxRecordSizeInKiB?: number;
  readonly RecordDistributionStrategy?: "AUTO" | "USER_PARTITION_KEY";
  /** In MiB/s; only where some was asked for. */
  readonly WarmThroughput?: { readonly TargetMiBps?: number; readonly CurrentMiBps?: number };
  readonly QueueCount?: number;
  readonly ChannelCount?: number;
}

export interface ShardDescription {
  readonly ShardId: string;
  readonly ParentShardId?: string;
  readonly AdjacentParentShardId?: string;
  readonly HashKeyRange: { readonly StartingHashKey: string; readonly EndingHashKey: string };
  readonly SequenceNumberRange: { readonly StartingSequenceNumber: string; readonly EndingSequenceNumber?: string };
}

export interface GetRecordsOutput {
  readonly Records: readonly {
    readonly SequenceNumber: string;
    readonly ApproximateArrivalTimestamp: number;
    readonly Data: string;
    readonly PartitionKey: string;
    readonly EncryptionType?: string;
  }[];
  readonly NextShardIterator?: string;
  readonly MillisBehindLatest: number;
  readonly ChildShards?: readonly { readonly ShardId: string }[];
}

export interface Consumer {
  readonly ConsumerName: string;
  readonly ConsumerARN: string;
  readonly ConsumerStatus: string;
  readonly ConsumerCreationTimestamp: number;
}

export interface QueueSummary {
  readonly QueueName: string;
  readonly QueueARN: string;
  readonly QueueStatus: StreamStatus;
  readonly QueueCreationTimestamp: number;
  readonly Streams: readonly { readonly StreamARN: string }[];
}

export interface QueueDescription {
  readonly QueueName: string;
  readonly QueueARN: string;
  readonly QueueStatus: StreamStatus;
  readonly QueueCreationTimestamp: number;
  readonly StreamConfigurationList: readonly {
    readonly StreamARN: string;
    readonly StartingPosition?: { readonly Type: string; readonly Timestamp?: number };
  }[];
  readonly QueueAttributes?: {
    readonly VisibilityTimeoutSeconds?: number;
    readonly DeadLetterConfiguration?: { readonly TargetType: "BUILT_IN" | "NONE"; readonly MaxReceiveCount?: number };
  };
}

export interface ChannelSummary {
  readonly ChannelName: string;
  readonly ChannelARN: string;
  readonly ChannelId: string;
  readonly ChannelStatus: StreamStatus | "FAILED";
  readonly ChannelStatusReason?: string;
  readonly Streams: readonly { readonly StreamARN: string }[];
}

interface BucketPlace {
  readonly BucketARN: string;
  readonly ExpectedBucketOwner: string;
}

interface ChannelDestination {
  readonly DataFreshnessInSeconds: number;
  readonly DeadLetterQueueS3Configuration: BucketPlace & { readonly ErrorOutputPrefix?: string };
}

export interface ChannelDescription {
  readonly ChannelName: string;
  readonly ChannelARN: string;
  readonly ChannelId: string;
  readonly ChannelStatus: ChannelSummary["ChannelStatus"];
  readonly ChannelStatusReason?: string;
  readonly ChannelCreationTimestamp: number;
  readonly ServiceExecutionRoleARN: string;
  readonly StreamConfigurationList: readonly {
    readonly StreamARN: string;
    readonly RecordConfiguration: { readonly RecordFormatType: string };
  }[];
  /** Into a bucket, or into a table: one of the two is there. */
  readonly S3DestinationConfiguration?: ChannelDestination & {
    readonly StorageConfiguration: BucketPlace & {
      readonly OutputKeyTemplate: string;
      readonly StorageClass: string;
      readonly CompressionType: string;
    };
  };
  readonly S3TablesDestinationConfiguration?: ChannelDestination & {
    readonly S3TablesConfigurationList: readonly {
      readonly TableBucketARN: string;
      readonly Namespace: string;
      readonly TableName: string;
      readonly CompressionType: string;
    }[];
  };
  readonly LoggingConfiguration: { readonly CloudWatchLogs: { readonly Enabled: boolean } };
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

/** The result of a call about received records: each entry of the request is in one of the lists. */
export interface EntriesOutput {
  readonly Successful: readonly { readonly ReceiptHandle: string }[];
  readonly Failed: readonly {
    readonly ReceiptHandle: string;
    readonly ErrorCode: string;
    readonly ErrorMessage: string;
  }[];
}
