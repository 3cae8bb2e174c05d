import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChannelDescription } from "../../../../../console/src/api/shapes.ts";
import { destinationOf } from "../../../../../console/src/channels/destination.ts";

const described = {
  ...{ ChannelName: "c", ChannelARN: "arn", ChannelId: "id", ChannelStatus: "ACTIVE", ChannelCreationTimestamp: 0 },
  ...{ ServiceExecutionRoleARN: "role", StreamConfigurationList: [] },
  LoggingConfiguration: { CloudWatchLogs: { Enabled: false } },
} as const satisfies ChannelDescription;
const shared = {
  DataFreshnessInSeconds: 60,
  DeadLetterQueueS3Configuration: { BucketARN: "arn:aws:s3:::letters", ExpectedBucketOwner: "000000000000" },
};

test("a channel into a table is not shown as one into no bucket, whose freshness cannot change", () => {
  const table = { Namespace: "web", TableName: "clicks", CompressionType: "ZSTD" };
  const TableBucketARN = "arn:aws:s3tables:us-east-1:000000000000:bucket/analytics";
  const configuration = { ...shared, S3TablesConfigurationList: [{ ...table, TableBucketARN }] };
  assert.deepEqual(destinationOf({ ...described, S3TablesDestinationConfiguration: configuration }), {
    ...{ kind: "table", name: "web.clicks", compression: "ZSTD" },
    ...{ member: "S3TablesDestinationConfiguration", configuration },
    places: [
      ["Table bucket", TableBucketARN],
      ["Table", "web.clicks"],
    ],
  });
});

test("a channel into a bucket is shown with its keys", () => {
  const place = { BucketARN: "arn:aws:s3:::lake", ExpectedBucketOwner: "000000000000" };
  const StorageConfiguration = { ...place, OutputKeyTemplate: "k", StorageClass: "STANDARD", CompressionType: "GZIP" };
  const configuration = { ...shared, StorageConfiguration };
  assert.deepEqual(destinationOf({ ...described, S3DestinationConfiguration: configuration }), {
    ...{ kind: "bucket", name: "lake", compression: "GZIP" },
    ...{ member: "S3DestinationConfiguration", configuration },
    places: [
      ["Bucket", "arn:aws:s3:::lake"],
      ["Keys", "k"],
    ],
  });
});
