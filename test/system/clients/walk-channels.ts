/** The way through the operations of channels, on a server that knows where buckets are, and on one that does not. */
import assert from "node:assert/strict";
import { clickSchemaArn } from "../../support/bucket-stand-in.ts";
import type { Members } from "./api-client.ts";
import type { Walk } from "./walk.ts";

const absent = "ResourceNotFoundException";
const bucket = { BucketARN: "arn:aws:s3:::bucket", ExpectedBucketOwner: "000000000000" };

interface Description {
  readonly ChannelARN: string;
  readonly ChannelId: string;
  readonly ChannelStatus: string;
  readonly S3TablesDestinationConfiguration?: {
    readonly DataFreshnessInSeconds: number;
    readonly S3TablesConfigurationList: readonly object[];
  };
}

/** The stream must be in on-demand mode. Leaves no channel behind. */
export async function walkChannels(walk: Walk, StreamARN: string, hasBuckets: boolean): Promise<void> {
  if (!walk.knows("CreateChannel")) return;
  const channel = {
    ChannelName: "walked",
    ServiceExecutionRoleARN: "arn:aws:iam::000000000000:role/delivery",
    StreamConfigurationList: [{ StreamARN, RecordConfiguration: { RecordFormatType: "JSON" } }],
    S3DestinationConfiguration: {
      DataFreshnessInSeconds: 300,
      DeadLetterQueueS3Configuration: { ...bucket, ErrorOutputPrefix: "errors/" },
      StorageConfiguration: { ...bucket, CompressionType: "ZSTD" },
    },
  };
  await walk.refused("ListChannels", { NextToken: "AAAA" }, "InvalidArgumentException");
  const { S3DestinationConfiguration: _bucket, ...shared } = channel;
  if (hasBuckets) {
    await walkOne(walk, channel);
    await walkTable(walk, shared, StreamARN);
  }
  if (!hasBuckets) await walk.refused("CreateChannel", channel, "InvalidArgumentException", /--channels/);
  const ChannelARN = StreamARN.replace(/stream\/.*/, "channel/absent");
  await walk.refused("DescribeChannel", { ChannelARN }, absent);
  await walk.refused("DeleteChannel", { ChannelARN }, absent);
  await walk.refused("UpdateChannel", { ChannelARN, ...freshness(400) }, absent);
  await walk.answered("ListChannels", {}, (output) => assert.deepEqual(output["ChannelSummaries"], []));
}

async function walkOne(walk: Walk, channel: Members): Promise<void> {
  const created = describedIn(await walk.expectOk("CreateChannel", channel));
  const { ChannelARN } = created;
  assert.equal(created.ChannelStatus, "CREATING");
  assert.match(ChannelARN, /^arn:aws:kinesis:[a-z0-9-]+:000000000000:channel\/[a-z0-9]{20}$/);
  await walk.refused("CreateChannel", channel, "ResourceInUseException");
  await untilActive(walk, ChannelARN);
  const changed = describedIn(await walk.expectOk("UpdateChannel", { ChannelARN, ...freshness(600) }));
  assert.match(JSON.stringify(changed), /"DataFreshnessInSeconds":600/);
  await untilActive(walk, ChannelARN);
  const { StreamConfigurationList: streams } = channel as { readonly StreamConfigurationList: readonly Members[] };
  const StreamFilter = streams.map(({ StreamARN }) => ({ StreamARN }));
  await walk.answered("ListChannels", { StreamFilter }, (output) => {
    const summaries = output["ChannelSummaries"] as readonly Members[];
    const seen = summaries.map(({ ChannelName, ChannelDestinationType }) => [ChannelName, ChannelDestinationType]);
    assert.deepEqual(seen, [["walked", "S3"]]);
  });
  await walk.ok("TagResource", { ResourceARN: ChannelARN, Tags: { a: "1" } });
  const tags = async (expected: readonly object[]): Promise<void> =>
    await walk.answered("ListTagsForResource", { ResourceARN: ChannelARN }, (output) =>
      assert.deepEqual(output["Tags"], expected),
    );
  await tags([{ Key: "a", Value: "1" }]);
  await walk.ok("UntagResource", { ResourceARN: ChannelARN, TagKeys: ["a"] });
  await tags([]);
  await walk.ok("DeleteChannel", { ChannelARN });
  await walk.untilRefused("DescribeChannel", { ChannelARN }, absent);
}

/** A channel into a table, for which the server has the schema. */
async function walkTable(walk: Walk, shared: Members, StreamARN: string): Promise<void> {
  const RecordConfiguration = { RecordFormatType: "JSON", GSRSchemaARN: clickSchemaArn };
  const table = {
    TableBucketARN: "arn:aws:s3tables:us-east-1:000000000000:bucket/analytics",
    ...{ Namespace: "web", TableName: "walked", CompressionType: "SNAPPY" },
    PartitionSpec: { PartitionFields: [{ Transform: "TIME_HOUR", SourceName: "at" }] },
  };
  const channel = {
    ...shared,
    StreamConfigurationList: [{ StreamARN, RecordConfiguration }],
    S3TablesDestinationConfiguration: { DeadLetterQueueS3Configuration: bucket, S3TablesConfigurationList: [table] },
  };
  const { ChannelARN } = describedIn(await walk.expectOk("CreateChannel", channel));
  await untilActive(walk, ChannelARN);
  const freshness = { DataFreshnessInSeconds: 600 };
  await walk.ok("UpdateChannel", { ChannelARN, S3TablesDestinationConfiguration: freshness });
  await untilActive(walk, ChannelARN);
  await walk.answered("DescribeChannel", { ChannelARN }, (output) => {
    const { S3TablesDestinationConfiguration: shown } = describedIn(output);
    assert.deepEqual([shown?.DataFreshnessInSeconds, shown?.S3TablesConfigurationList], [600, [table]]);
  });
  await walk.answered("ListChannels", { StreamFilter: [{ StreamARN }] }, (output) => {
    const [summary] = output["ChannelSummaries"] as readonly Members[];
    assert.equal(summary?.["ChannelDestinationType"], "S3_TABLES");
  });
  await walk.ok("DeleteChannel", { ChannelARN });
  await walk.untilRefused("DescribeChannel", { ChannelARN }, absent);
}

async function untilActive(walk: Walk, ChannelARN: string): Promise<void> {
  await walk.until("DescribeChannel", { ChannelARN }, (output) => describedIn(output).ChannelStatus === "ACTIVE");
}

function freshness(DataFreshnessInSeconds: number): Members {
  return { S3DestinationConfiguration: { DataFreshnessInSeconds } };
}

function describedIn(output: Members): Description {
  return output["ChannelDescription"] as Description;
}
