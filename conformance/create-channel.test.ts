import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { withChannel, withTableChannel } from "./support/channel-fixture.ts";
import { testInput } from "./support/input-shape.ts";
import { channelArnPattern, namePattern, streamArnPattern } from "./support/patterns.ts";

// Channels are made only where a bucket is named for them: they need roles and cost money.
describe("CreateChannel", () => {
  const bucket = { BucketARN: "arn:aws:s3:::bucket", ExpectedBucketOwner: "123456789012" };
  const valid = {
    ChannelName: "absent",
    ServiceExecutionRoleARN: "arn:aws:iam::123456789012:role/absent",
    StreamConfigurationList: [
      {
        StreamARN: "arn:aws:kinesis:us-east-1:123456789012:stream/absent",
        RecordConfiguration: { RecordFormatType: "JSON" },
      },
    ],
    S3DestinationConfiguration: {
      DeadLetterQueueS3Configuration: bucket,
      StorageConfiguration: { ...bucket, CompressionType: "NONE" },
    },
    S3TablesDestinationConfiguration: {
      DeadLetterQueueS3Configuration: bucket,
      S3TablesConfigurationList: [
        {
          TableBucketARN: "arn:aws:s3tables:us-east-1:123456789012:bucket/bucket",
          Namespace: "n",
          TableName: "t",
          CompressionType: "NONE",
          PartitionSpec: { PartitionFields: [{ Transform: "TIME_HOUR", SourceName: "at" }] },
        },
      ],
    },
    EncryptionConfiguration: { EncryptionType: "KMS", KeyId: "key" },
    LoggingConfiguration: { CloudWatchLogs: { Enabled: false } },
  };

  testInput("CreateChannel", valid, {
    ChannelName: { type: "String", required: true, min: 1, max: 128, pattern: namePattern },
    ServiceExecutionRoleARN: {
      type: "String",
      required: true,
      min: 1,
      max: 512,
      pattern: "arn:aws[-a-z0-9]*:iam::\\d{12}:role/[a-zA-Z_0-9+=,.@\\-_/]+",
    },
    StreamConfigurationList: { type: "List", required: true, min: 1, max: 10000 },
    "StreamConfigurationList[]": { type: "Structure" },
    "StreamConfigurationList[].StreamARN": {
      type: "String",
      required: true,
      min: 1,
      max: 2048,
      pattern: streamArnPattern,
    },
    "StreamConfigurationList[].RecordConfiguration": { type: "Structure", required: true },
    "StreamConfigurationList[].RecordConfiguration.RecordFormatType": {
      type: "String",
      required: true,
      values: ["GSR_JSON", "JSON", "STRING", "BYTE_ARRAY"],
    },
    "StreamConfigurationList[].RecordConfiguration.GSRSchemaARN": {
      type: "String",
      min: 1,
      max: 512,
      pattern: "arn:aws[-a-z0-9]*:glue:[-a-z0-9]+:\\d{12}:schema/[-a-zA-Z0-9_$#.]+/[-a-zA-Z0-9_$#.]+",
    },
    S3DestinationConfiguration: { type: "Structure" },
    "S3DestinationConfiguration.DataFreshnessInSeconds": { type: "Integer" },
    "S3DestinationConfiguration.DeadLetterQueueS3Configuration": { type: "Structure" },
    "S3DestinationConfiguration.DeadLetterQueueS3Configuration.BucketARN": {
      type: "String",
      required: true,
      min: 1,
      max: 2048,
      pattern: "arn:aws[-a-z0-9]*:s3:::[a-z0-9._-]{3,63}",
    },
    "S3DestinationConfiguration.DeadLetterQueueS3Configuration.ExpectedBucketOwner": {
      type: "String",
      required: true,
      min: 12,
      max: 12,
      pattern: "\\d{12}",
    },
    "S3DestinationConfiguration.DeadLetterQueueS3Configuration.ErrorOutputPrefix": {
      type: "String",
      min: 1,
      max: 512,
      pattern: "[0-9A-Za-z!\\-_'.*()\\/]+",
    },
    "S3DestinationConfiguration.StorageConfiguration": { type: "Structure", required: true },
    "S3DestinationConfiguration.StorageConfiguration.BucketARN": {
      type: "String",
      required: true,
      min: 1,
      max: 2048,
      pattern: "arn:aws[-a-z0-9]*:s3:::[a-z0-9._-]{3,63}",
    },
    "S3DestinationConfiguration.StorageConfiguration.ExpectedBucketOwner": {
      type: "String",
      required: true,
      min: 12,
      max: 12,
      pattern: "\\d{12}",
    },
    "S3DestinationConfiguration.StorageConfiguration.OutputKeyTemplate": {
      type: "String",
      min: 1,
      max: 1024,
      pattern: "[0-9A-Za-z!\\-_'.*()\\/=:{}]+",
    },
    "S3DestinationConfiguration.StorageConfiguration.StorageClass": {
      type: "String",
      values: ["STANDARD", "INTELLIGENT_TIERING", "GLACIER_IR"],
    },
    "S3DestinationConfiguration.StorageConfiguration.CompressionType": {
      type: "String",
      required: true,
      values: ["NONE", "GZIP", "ZSTD"],
    },
    S3TablesDestinationConfiguration: { type: "Structure" },
    "S3TablesDestinationConfiguration.DataFreshnessInSeconds": { type: "Integer" },
    "S3TablesDestinationConfiguration.DeadLetterQueueS3Configuration": { type: "Structure", required: true },
    "S3TablesDestinationConfiguration.DeadLetterQueueS3Configuration.BucketARN": {
      type: "String",
      required: true,
      min: 1,
      max: 2048,
      pattern: "arn:aws[-a-z0-9]*:s3:::[a-z0-9._-]{3,63}",
    },
    "S3TablesDestinationConfiguration.DeadLetterQueueS3Configuration.ExpectedBucketOwner": {
      type: "String",
      required: true,
      min: 12,
      max: 12,
      pattern: "\\d{12}",
    },
    "S3TablesDestinationConfiguration.DeadLetterQueueS3Configuration.ErrorOutputPrefix": {
      type: "String",
      min: 1,
      max: 512,
      pattern: "[0-9A-Za-z!\\-_'.*()\\/]+",
    },
    "S3TablesDestinationConfiguration.S3TablesConfigurationList": { type: "List", required: true, min: 1, max: 10000 },
    "S3TablesDestinationConfiguration.S3TablesConfigurationList[]": { type: "Structure" },
    "S3TablesDestinationConfiguration.S3TablesConfigurationList[].TableBucketARN": {
      type: "String",
      required: true,
      min: 1,
      max: 2048,
      pattern: "arn:aws[-a-z0-9]*:s3tables:[-a-z0-9]+:\\d{12}:bucket/[a-z0-9_-]{3,63}",
    },
    "S3TablesDestinationConfiguration.S3TablesConfigurationList[].Namespace": {
      type: "String",
      required: true,
      min: 1,
      max: 255,
      pattern: "[0-9a-z_]+",
    },
    "S3TablesDestinationConfiguration.S3TablesConfigurationList[].TableName": {
      type: "String",
      required: true,
      min: 1,
      max: 255,
      pattern: "[0-9a-z_]+",
    },
    "S3TablesDestinationConfiguration.S3TablesConfigurationList[].CompressionType": {
      type: "String",
      required: true,
      values: ["NONE", "ZSTD", "SNAPPY"],
    },
    "S3TablesDestinationConfiguration.S3TablesConfigurationList[].PartitionSpec": { type: "Structure" },
    "S3TablesDestinationConfiguration.S3TablesConfigurationList[].PartitionSpec.PartitionFields": {
      type: "List",
      required: true,
      min: 1,
      max: 10,
    },
    "S3TablesDestinationConfiguration.S3TablesConfigurationList[].PartitionSpec.PartitionFields[]": {
      type: "Structure",
    },
    "S3TablesDestinationConfiguration.S3TablesConfigurationList[].PartitionSpec.PartitionFields[].Transform": {
      type: "String",
      required: true,
      values: ["TIME_HOUR"],
    },
    "S3TablesDestinationConfiguration.S3TablesConfigurationList[].PartitionSpec.PartitionFields[].SourceName": {
      type: "String",
      required: true,
      min: 1,
      max: 255,
      pattern: "[a-zA-Z0-9\\.\\_]+",
    },
    EncryptionConfiguration: { type: "Structure" },
    "EncryptionConfiguration.EncryptionType": { type: "String", required: true, values: ["KMS"] },
    "EncryptionConfiguration.KeyId": { type: "String", required: true, min: 1, max: 2048 },
    Tags: { type: "Map", min: 1, max: 200, entry: { min: 0, max: 256 } },
    "Tags.*": { type: "String" },
    LoggingConfiguration: { type: "Structure" },
    "LoggingConfiguration.CloudWatchLogs": { type: "Structure", required: true },
    "LoggingConfiguration.CloudWatchLogs.Enabled": { type: "Boolean", required: true },
    "LoggingConfiguration.CloudWatchLogs.LogGroupName": {
      type: "String",
      min: 1,
      max: 512,
      pattern: "[\\.\\-_/#A-Za-z0-9]+",
    },
    "LoggingConfiguration.CloudWatchLogs.LogStreamName": { type: "String", min: 1, max: 512, pattern: "[^:*]*" },
  });

  test("CreateChannel makes a channel that becomes ACTIVE, with defaults", async () => {
    await withChannel(async ({ channel, input, StreamName }) => {
      assert.match(channel.ChannelARN, new RegExp(channelArnPattern));
      assert.equal(channel.ChannelARN.split("/")[1], channel.ChannelId);
      assert.equal(channel.ChannelName, input.ChannelName);
      const { StorageClass, OutputKeyTemplate } = channel.S3DestinationConfiguration?.StorageConfiguration ?? {};
      assert.equal(StorageClass, "STANDARD");
      assert.match(OutputKeyTemplate ?? "", /^kinesis-channel\/!{channel-name}\/!{channel-id}\//);
      const { StreamDescriptionSummary } = await ok("DescribeStreamSummary", { StreamName });
      assert.equal(StreamDescriptionSummary.ChannelCount, 1);
    });
  });

  test("CreateChannel makes a channel into a table that becomes ACTIVE", async () => {
    await withTableChannel(async ({ channel, StreamName }) => {
      assert.match(channel.ChannelARN, new RegExp(channelArnPattern));
      assert.equal(channel.S3DestinationConfiguration, undefined);
      const { StreamDescriptionSummary } = await ok("DescribeStreamSummary", { StreamName });
      assert.equal(StreamDescriptionSummary.ChannelCount, 1);
    });
  });

  test("CreateChannel takes tags, which are changed as those of other resources", async () => {
    await withChannel(
      async ({ channel: { ChannelARN: ResourceARN } }) => {
        await ok("TagResource", { ResourceARN, Tags: { stage: "b" } });
        await ok("UntagResource", { ResourceARN, TagKeys: ["team"] });
        assert.deepEqual((await ok("ListTagsForResource", { ResourceARN })).Tags, [{ Key: "stage", Value: "b" }]);
      },
      { Tags: { team: "a" } },
    );
  });

  test("CreateChannel refuses a name that the account has", async () => {
    await withChannel(async ({ input }) => {
      await assertRefusedAs("CreateChannel", input, "ResourceInUseException");
    });
  });

  test("a stream with a channel cannot be deleted", async () => {
    await withChannel(async ({ StreamName }) => {
      const input = { StreamName, EnforceConsumerDeletion: true };
      await assertRefusedAs("DeleteStream", input, "ResourceInUseException");
    });
  });
});
