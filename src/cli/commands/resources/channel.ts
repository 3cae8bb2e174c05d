import { type Command, Option } from "commander";
import type { CreateChannelOutput, DescribeChannelOutput } from "../../../model/shapes.generated.ts";
import type { ConnectionOptions } from "../../client/connection.ts";
import { callNew, channels, resourceArnOf, waitForResource } from "../../client/named-resources.ts";
import { CommandError, exitCodes } from "../../output/command-error.ts";
import { formatOf, type OutputOptions, printObject } from "../../output/print-rows.ts";
import { note } from "../../output/progress.ts";
import { addConnectionOptions, addFormatOptions, defineCommand, runConnected, wholeNumber } from "../define-command.ts";
import { listCommand, removeCommand, resourceCommand } from "./resource-commands.ts";

const recordFormats = { json: "JSON", text: "STRING", bytes: "BYTE_ARRAY" } as const;
const compressions = { none: "NONE", gzip: "GZIP", zstd: "ZSTD" } as const;

export function channelCommand(): Command {
  return resourceCommand(
    {
      name: "channel",
      summary: "make channels, which deliver streams into buckets and tables",
      description:
        "Channels deliver the records of an on-demand stream into a bucket or a table by themselves; see docs/channels.md. " +
        "A channel is given by its name or ARN.",
      examples: ["millrace channel create clicks-to-lake clicks lake --compression zstd", "millrace channel ls"],
    },
    [
      createCommand(),
      listCommand(channels),
      describeCommand(),
      removeCommand(channels, {
        what: "a channel; what it has delivered stays, and so does the stream",
        example: "millrace channel rm clicks-to-lake",
      }),
    ],
  );
}

interface CreateOptions extends ConnectionOptions {
  readonly records: keyof typeof recordFormats;
  readonly compression: keyof typeof compressions;
  readonly freshness?: number;
  readonly key?: string;
  readonly owner?: string;
  readonly role?: string;
}

function createCommand(): Command {
  const command = defineCommand({
    name: "create <channel> <stream> <bucket>",
    summary: "make a channel from a stream into a bucket, and wait until it is ACTIVE",
    arguments: {
      channel: "name of the new channel",
      stream: "a stream in on-demand mode",
      bucket: "name of a bucket; --channels of the server says where it is",
    },
    examples: [
      "millrace channel create clicks-to-lake clicks lake",
      "millrace channel create archive orders lake --key 'orders/!{yyyy}/!{MM}/!{dd}'",
    ],
  })
    .addOption(new Option("--records <format>", "what records are").choices(Object.keys(recordFormats)).default("json"))
    .addOption(new Option("--compression <type>", "of the objects").choices(Object.keys(compressions)).default("none"))
    .option("--freshness <seconds>", "how long records wait at most for others (300)", wholeNumber(1, 900))
    .option("--key <template>", "template of the keys, with variables such as !{yyyy}")
    .option("--owner <account>", "the account that owns the bucket (that of the stream)")
    .option("--role <arn>", "the role that Amazon Kinesis takes on; needed there alone");
  addConnectionOptions(command);
  return runConnected<CreateOptions>(
    command,
    async ({ kinesis, isAws }, [channel = "", stream = "", bucket = ""], options) => {
      const { records, compression, freshness, key, role } = options;
      if (isAws && role === undefined) throw new CommandError("Amazon Kinesis needs --role");
      const { StreamDescriptionSummary: summary } = await kinesis.describeStreamSummary({ StreamName: stream });
      const owner = options.owner ?? summary?.StreamARN?.split(":")[4] ?? "";
      const { ChannelDescription: made } = await callNew<CreateChannelOutput>(kinesis, "CreateChannel", {
        ChannelName: channel,
        ServiceExecutionRoleARN: role ?? `arn:aws:iam::${owner}:role/millrace`,
        StreamConfigurationList: [
          { StreamARN: summary?.StreamARN, RecordConfiguration: { RecordFormatType: recordFormats[records] } },
        ],
        S3DestinationConfiguration: {
          DataFreshnessInSeconds: freshness,
          StorageConfiguration: {
            BucketARN: `arn:aws:s3:::${bucket}`,
            ExpectedBucketOwner: owner,
            CompressionType: compressions[compression],
            OutputKeyTemplate: key,
          },
        },
      });
      await waitForResource(kinesis, channels, { arn: made.ChannelARN, status: "ACTIVE" });
      note(`the channel ${channel} is ACTIVE`);
      return exitCodes.done;
    },
  );
}

function describeCommand(): Command {
  const command = defineCommand({
    name: "describe <channel>",
    summary: "print the state of a channel",
    arguments: { channel: "name or ARN of the channel" },
    examples: ["millrace channel describe clicks-to-lake"],
  });
  addConnectionOptions(addFormatOptions(command));
  return runConnected<ConnectionOptions & OutputOptions>(command, async ({ kinesis }, [channel = ""], options) => {
    const input = { ChannelARN: await resourceArnOf(kinesis, channels, channel) };
    const { ChannelDescription } = await callNew<DescribeChannelOutput>(kinesis, "DescribeChannel", input);
    const { S3DestinationConfiguration: bucket, S3TablesDestinationConfiguration: tables } = ChannelDescription;
    const storage = bucket?.StorageConfiguration;
    const [table] = tables?.S3TablesConfigurationList ?? [];
    const { DataFreshnessInSeconds, DeadLetterQueueS3Configuration: deadLetters } = bucket ?? tables ?? {};
    const { RecordFormatType: records, GSRSchemaARN: schema } =
      ChannelDescription.StreamConfigurationList[0]?.RecordConfiguration ?? {};
    await printObject(
      {
        channel: ChannelDescription.ChannelName,
        arn: ChannelDescription.ChannelARN,
        status: ChannelDescription.ChannelStatus,
        reason: ChannelDescription.ChannelStatusReason,
        created: new Date(ChannelDescription.ChannelCreationTimestamp * 1_000).toISOString(),
        streams: ChannelDescription.StreamConfigurationList.map(({ StreamARN }) => StreamARN),
        records,
        bucket: storage === undefined ? undefined : bucketName(storage.BucketARN),
        table: table === undefined ? undefined : `${table.Namespace}.${table.TableName}`,
        tableBucket: table?.TableBucketARN,
        schema,
        partitions: table?.PartitionSpec?.PartitionFields.map(({ SourceName }) => `hour(${SourceName})`),
        compression: (storage ?? table)?.CompressionType,
        key: storage?.OutputKeyTemplate,
        freshnessSeconds: DataFreshnessInSeconds,
        deadLetters:
          deadLetters === undefined
            ? undefined
            : `${bucketName(deadLetters.BucketARN)}/${deadLetters.ErrorOutputPrefix ?? ""}`,
      },
      formatOf(options),
    );
    return exitCodes.done;
  });
}

function bucketName(bucketArn: string): string {
  return bucketArn.split(":").at(-1) ?? "";
}
