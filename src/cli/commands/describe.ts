import type { Command } from "commander";
import type { ConnectionOptions } from "../client/connection.ts";
import { exitCodes } from "../output/command-error.ts";
import { formatOf, type OutputOptions, printObject } from "../output/print-rows.ts";
import { addConnectionOptions, addFormatOptions, defineCommand, runConnected } from "./define-command.ts";

export function describeCommand(): Command {
  const command = defineCommand({
    name: "describe <stream>",
    summary: "print the state of a stream",
    description: "Prints status, mode, shards, retention, encryption, consumers and tags of a stream.",
    arguments: { stream: "name of the stream" },
    examples: ["millrace describe orders", "millrace describe orders --json | jq .openShards"],
  });
  addConnectionOptions(addFormatOptions(command));
  return runConnected<ConnectionOptions & OutputOptions>(command, async ({ kinesis }, [stream = ""], options) => {
    const format = formatOf(options);
    const { StreamDescriptionSummary: summary } = await kinesis.describeStreamSummary({ StreamName: stream });
    const [consumers, tags] = await Promise.all([
      kinesis.listStreamConsumers({ StreamARN: summary?.StreamARN }),
      kinesis.listTagsForStream({ StreamName: stream }),
    ]);
    const encryption = summary?.EncryptionType === "KMS" ? { key: summary.KeyId } : undefined;
    await printObject(
      {
        name: summary?.StreamName,
        arn: summary?.StreamARN,
        status: summary?.StreamStatus,
        mode: summary?.StreamModeDetails?.StreamMode,
        created: summary?.StreamCreationTimestamp?.toISOString(),
        openShards: summary?.OpenShardCount,
        retentionHours: summary?.RetentionPeriodHours,
        recordKiBMax: summary?.MaxRecordSizeInKiB,
        encryption,
        shardMetrics: summary?.EnhancedMonitoring?.flatMap(({ ShardLevelMetrics = [] }) => ShardLevelMetrics),
        consumers: consumers.Consumers?.map(({ ConsumerName }) => ConsumerName),
        tags: Object.fromEntries((tags.Tags ?? []).map(({ Key = "", Value }) => [Key, Value])),
      },
      format,
    );
    return exitCodes.done;
  });
}
