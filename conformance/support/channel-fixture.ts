import { call, ok, refusalOf } from "./call.ts";
import type { ChannelDescription } from "./outputs.ts";
import { createStream, deleteStream, poll, uniqueName, untilActive } from "./stream-fixture.ts";
import { targetBucket, targetTable } from "./target.ts";

export interface ActiveChannel {
  readonly channel: ChannelDescription;
  /** What it was created with. */
  readonly input: { readonly ChannelName: string; readonly [member: string]: unknown };
  readonly StreamName: string;
  readonly StreamARN: string;
}

type Members = Readonly<Record<string, unknown>>;

/**
 * An ACTIVE channel into a bucket, on an on-demand stream of its own, both of which are deleted at the end. `test` is not called
 * where there is no bucket for it.
 */
export async function withChannel(test: (made: ActiveChannel) => Promise<void>, extra: Members = {}): Promise<void> {
  const bucket = targetBucket();
  if (bucket === undefined) return;
  const S3DestinationConfiguration = {
    DataFreshnessInSeconds: 300,
    StorageConfiguration: { ...bucketPlace(bucket), CompressionType: "GZIP" },
  };
  await withDestination(bucket.roleArn, {}, { S3DestinationConfiguration, ...extra }, test);
}

/** As `withChannel()`, into a table of its own, which stays. */
export async function withTableChannel(test: (made: ActiveChannel) => Promise<void>): Promise<void> {
  const bucket = targetBucket();
  const table = targetTable();
  if (bucket === undefined || table === undefined) return;
  const S3TablesDestinationConfiguration = {
    DataFreshnessInSeconds: 300,
    DeadLetterQueueS3Configuration: bucketPlace(bucket),
    S3TablesConfigurationList: [
      {
        TableBucketARN: table.bucketArn,
        Namespace: table.namespace,
        TableName: uniqueName("table")
          .toLowerCase()
          .replaceAll(/[^a-z0-9]/g, "_"),
        CompressionType: "ZSTD",
        PartitionSpec: { PartitionFields: [{ Transform: "TIME_HOUR", SourceName: "at" }] },
      },
    ],
  };
  const schema = { GSRSchemaARN: table.schemaArn };
  await withDestination(bucket.roleArn, schema, { S3TablesDestinationConfiguration }, test);
}

async function withDestination(
  ServiceExecutionRoleARN: string,
  record: Members,
  members: Members,
  test: (made: ActiveChannel) => Promise<void>,
): Promise<void> {
  const StreamName = await createStream({ shards: "on-demand" });
  try {
    const { StreamARN } = await untilActive(StreamName);
    const input = {
      ChannelName: uniqueName("channel"),
      ServiceExecutionRoleARN,
      StreamConfigurationList: [{ StreamARN, RecordConfiguration: { RecordFormatType: "JSON", ...record } }],
      ...members,
    };
    const { ChannelDescription } = await ok("CreateChannel", input);
    await test({ channel: await untilChannelActive(ChannelDescription.ChannelARN), input, StreamName, StreamARN });
  } finally {
    await deleteChannels(StreamName);
    await deleteStream(StreamName);
  }
}

function bucketPlace({ name, owner }: { readonly name: string; readonly owner: string }): Members {
  return { BucketARN: `arn:aws:s3:::${name}`, ExpectedBucketOwner: owner };
}

export async function untilChannelActive(ChannelARN: string): Promise<ChannelDescription> {
  const { ChannelDescription } = await poll(
    () => ok("DescribeChannel", { ChannelARN }),
    ({ ChannelDescription: { ChannelStatus } }) => ChannelStatus === "ACTIVE",
    `${ChannelARN} is ACTIVE`,
  );
  return ChannelDescription;
}

export async function untilChannelGone(ChannelARN: string): Promise<void> {
  await poll(
    () => call("DescribeChannel", { ChannelARN }),
    (answer) => answer.status === 400 && refusalOf(answer).type === "ResourceNotFoundException",
    `${ChannelARN} is gone`,
  );
}

async function deleteChannels(StreamName: string): Promise<void> {
  const { StreamARN } = await untilActive(StreamName);
  const { ChannelSummaries } = await ok("ListChannels", { StreamFilter: [{ StreamARN }] });
  for (const { ChannelARN } of ChannelSummaries) await call("DeleteChannel", { ChannelARN });
  for (const { ChannelARN } of ChannelSummaries) await untilChannelGone(ChannelARN);
}
