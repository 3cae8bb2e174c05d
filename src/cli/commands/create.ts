import type { Kinesis } from "@aws-sdk/client-kinesis";
import type { Command } from "commander";
import type { ConnectionOptions } from "../client/connection.ts";
import { statusOf, waitUntilActive } from "../client/wait-for-stream.ts";
import { CommandError, exitCodes } from "../output/command-error.ts";
import { note } from "../output/progress.ts";
import { addConnectionOptions, defineCommand, runConnected, wholeNumber } from "./define-command.ts";

interface CreateOptions extends ConnectionOptions {
  readonly shards?: number;
  readonly retention?: number;
  readonly ifAbsent?: boolean;
  readonly wait: boolean;
}

const retentionHoursDefault = 24;

export function createCommand(): Command {
  const command = defineCommand({
    name: "create <stream>",
    summary: "create a stream and wait until it is ACTIVE",
    arguments: { stream: "name of the stream" },
    examples: ["millrace create orders --shards 4", "millrace create orders --if-absent --retention 48"],
  })
    .option(
      "-s, --shards <count>",
      "number of shards; without it the stream is in on-demand mode",
      wholeNumber(1, 100_000),
    )
    .option("--retention <hours>", "hours that records are kept (24)", wholeNumber(retentionHoursDefault, 8_760))
    .option("--if-absent", "do nothing if the stream exists")
    .option("--no-wait", "do not wait until it is ACTIVE");
  addConnectionOptions(command);
  return runConnected<CreateOptions>(command, ({ kinesis }, [stream = ""], options) =>
    create(kinesis, stream, options),
  );
}

async function create(kinesis: Kinesis, stream: string, options: CreateOptions): Promise<number> {
  const { shards, retention, ifAbsent, wait } = options;
  if (!wait && retention !== undefined) {
    throw new CommandError("--retention needs an ACTIVE stream, so it does not go with --no-wait");
  }
  const exists = ifAbsent === true && (await statusOf(kinesis, stream)) !== undefined;
  if (!exists) {
    const onDemand = { StreamModeDetails: { StreamMode: "ON_DEMAND" as const } };
    await kinesis.createStream({ StreamName: stream, ...(shards === undefined ? onDemand : { ShardCount: shards }) });
  }
  if (wait) await waitUntilActive(kinesis, stream);
  if (!exists && retention !== undefined && retention > retentionHoursDefault) {
    await kinesis.increaseStreamRetentionPeriod({ StreamName: stream, RetentionPeriodHours: retention });
  }
  note(`${stream} ${exists ? "exists" : wait ? "is ACTIVE" : "is being created"}`);
  return exitCodes.done;
}
