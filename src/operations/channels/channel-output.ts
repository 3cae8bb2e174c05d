import type { ChannelDescription, ChannelSummary } from "../../model/shapes.generated.ts";
import { channelArn, streamArn } from "../../streams/arn.ts";
import type { Stream, StreamChannel } from "../../streams/stream.ts";

/** What a description and a summary of a channel share. */
function channelOutput(stream: Stream, channel: StreamChannel) {
  return {
    ChannelName: channel.name,
    ChannelARN: channelArn({ account: stream.account, region: stream.region, channelId: channel.id }),
    ChannelId: channel.id,
    ChannelStatus: channel.status,
    ...(channel.statusReason === undefined ? {} : { ChannelStatusReason: channel.statusReason }),
    ChannelCreationTimestamp: channel.createdMs,
  };
}

/** Whole: what a request left out is in it as the default in effect. */
export function channelDescriptionOutput(stream: Stream, channel: StreamChannel): ChannelDescription {
  const { format, schemaArn, encryption, logging } = channel;
  return {
    ...channelOutput(stream, channel),
    ServiceExecutionRoleARN: channel.roleArn,
    StreamConfigurationList: [
      {
        StreamARN: streamArn(stream),
        StreamCreationTimestamp: stream.createdMs,
        RecordConfiguration: {
          RecordFormatType: format,
          ...(schemaArn === undefined ? {} : { GSRSchemaARN: schemaArn }),
        },
      },
    ],
    ...destinationOutput(channel),
    ...(encryption === undefined
      ? {}
      : { EncryptionConfiguration: { EncryptionType: "KMS" as const, KeyId: encryption.keyId } }),
    LoggingConfiguration: {
      CloudWatchLogs: {
        Enabled: logging.isEnabled,
        LogGroupName: logging.group,
        LogStreamName: logging.stream,
      },
    },
  };
}

export function channelSummaryOutput(stream: Stream, channel: StreamChannel): ChannelSummary {
  return {
    ...channelOutput(stream, channel),
    ChannelDestinationType: channel.destination.kind === "bucket" ? "S3" : "S3_TABLES",
    Streams: [{ StreamARN: streamArn(stream), StreamCreationTimestamp: stream.createdMs }],
  };
}

function destinationOutput({ destination, deadLetters, freshnessSeconds }: StreamChannel) {
  const shared = {
    DataFreshnessInSeconds: freshnessSeconds,
    DeadLetterQueueS3Configuration: {
      BucketARN: deadLetters.bucketArn,
      ExpectedBucketOwner: deadLetters.owner,
      ...(deadLetters.prefix === undefined ? {} : { ErrorOutputPrefix: deadLetters.prefix }),
    },
  };
  if (destination.kind === "bucket") {
    return {
      S3DestinationConfiguration: {
        ...shared,
        StorageConfiguration: {
          BucketARN: destination.bucketArn,
          ExpectedBucketOwner: destination.owner,
          OutputKeyTemplate: destination.keyTemplate,
          StorageClass: destination.storageClass,
          CompressionType: destination.compression,
        },
      },
    };
  }
  const fields = destination.partitionColumns.map((SourceName) => ({ Transform: "TIME_HOUR" as const, SourceName }));
  return {
    S3TablesDestinationConfiguration: {
      ...shared,
      S3TablesConfigurationList: [
        {
          TableBucketARN: destination.bucketArn,
          Namespace: destination.namespace,
          TableName: destination.table,
          CompressionType: destination.compression,
          ...(fields.length === 0 ? {} : { PartitionSpec: { PartitionFields: fields } }),
        },
      ],
    },
  };
}
