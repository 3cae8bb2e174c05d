import type { Kinesis, StreamSummary } from "@aws-sdk/client-kinesis";
import type { Command } from "commander";
import type { ConnectionOptions } from "../client/connection.ts";
import { exitCodes } from "../output/command-error.ts";
import { formatOf, type OutputOptions, printRows } from "../output/print-rows.ts";
import { addConnectionOptions, addFormatOptions, defineCommand, runConnected } from "./define-command.ts";

export function lsCommand(): Command {
  const command = defineCommand({
    name: "ls",
    summary: "list the streams",
    examples: ["millrace ls", "millrace ls --json | jq -r '.[].name'"],
  });
  addConnectionOptions(addFormatOptions(command));
  return runConnected<ConnectionOptions & OutputOptions>(command, async ({ kinesis }, _, options) => {
    const format = formatOf(options);
    const rows = (await listStreams(kinesis)).map((stream) => ({
      name: stream.StreamName,
      status: stream.StreamStatus,
      mode: stream.StreamModeDetails?.StreamMode,
      created: stream.StreamCreationTimestamp?.toISOString(),
      arn: stream.StreamARN,
    }));
    await printRows(rows, ["name", "status", "mode", "created"], format);
    return exitCodes.done;
  });
}

async function listStreams(kinesis: Kinesis): Promise<readonly StreamSummary[]> {
  const streams: StreamSummary[] = [];
  for (let NextToken: string | undefined; ; ) {
    const page = await kinesis.listStreams(NextToken === undefined ? {} : { NextToken });
    // Stand-ins may return names alone.
    streams.push(
      ...(page.StreamSummaries ?? (page.StreamNames ?? []).map((StreamName) => ({ StreamName }) as StreamSummary)),
    );
    if (page.HasMoreStreams !== true || !page.NextToken) return streams;
    NextToken = page.NextToken;
  }
}
