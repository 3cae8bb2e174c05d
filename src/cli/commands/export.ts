import { hash } from "node:crypto";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import type { Command } from "commander";
import type { Connection } from "../client/connection.ts";
import type { ListedShard } from "../client/list-shards.ts";
import { CommandError, exitCodes } from "../output/command-error.ts";
import { startProgress } from "../output/progress.ts";
import { watchReader, writeOut } from "../output/stdout.ts";
import type { ShardPage } from "../reading/shard-source.ts";
import { exportedLine } from "../records/exported-line.ts";
import type { StreamRecord } from "../records/stream-record.ts";
import { resumePositions } from "../writing/resume-export.ts";
import { addConnectionOptions, defineCommand, runConnected } from "./define-command.ts";
import { addReadOptions, endOf, type ReadOptions, readStream } from "./tail.ts";

interface ExportOptions extends ReadOptions {
  readonly follow?: boolean;
  readonly output?: string;
  readonly resume?: boolean;
}

export function exportCommand(): Command {
  const command = defineCommand({
    name: "export <stream>",
    summary: "write records as NDJSON, for import",
    description:
      "Writes the records of a stream as NDJSON, one object a record, as import reads them: " +
      "shardId, sequenceNumber, approximateArrivalTimestamp, partitionKey, data in base64, and explicitHashKey where it is known " +
      "(the service does not return it; for a record outside the shard of its key it is the first hash key of the shard). " +
      "Records of one partition key are in their order.",
    arguments: { stream: "name of the stream" },
    examples: [
      "millrace export orders > orders.ndjson",
      "millrace export orders --output orders.ndjson --resume",
      "millrace export orders --follow | millrace import copy",
    ],
  });
  addReadOptions(command, "oldest")
    .option("--follow", "go on with new records, until --until if it is given")
    .option("-o, --output <file>", "write to this file")
    .option("--resume", "continue the --output of an export that was cut short");
  addConnectionOptions(command);
  return runConnected<ExportOptions>(command, (connection, [stream = ""], options) =>
    exportStream(connection, stream, options),
  );
}

async function exportStream(connection: Connection, stream: string, options: ExportOptions): Promise<number> {
  const { output, resume = false, follow = false } = options;
  if (resume && output === undefined) throw new CommandError("--resume needs --output FILE, the file to continue");
  const resumeAfter = resume && output !== undefined ? resumePositions(output) : new Map<string, string>();
  const file = output === undefined ? undefined : openOutput(output, resume);
  const endWatch = file === undefined ? watchReader() : () => undefined;
  let [records, bytes] = [0, 0];
  const progress = startProgress((seconds) => {
    const rate = (bytes / 1e6 / Math.max(seconds, 0.001)).toFixed(1);
    return `exported ${records} records, ${(bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s (${rate} MB/s)`;
  });
  const onPage = async (shard: ListedShard, page: ShardPage): Promise<void> => {
    const text = page.records.map((record) => `${exportedLine(withHashKey(record, shard))}\n`).join("");
    if (file === undefined) await writeOut(text);
    else writeWhole(file, text);
    records += page.records.length;
    for (const { data } of page.records) bytes += data.length;
    progress.update();
  };
  const end = endOf({ ...options, follow: follow || options.until !== undefined });
  try {
    await readStream(connection, stream, options, { end, onPage, resumeAfter, signal: new AbortController().signal });
    progress.end();
  } catch (error) {
    if (records > 0) progress.end();
    throw error;
  } finally {
    endWatch();
    if (file !== undefined) {
      fsyncSync(file);
      closeSync(file);
    }
  }
  return exitCodes.done;
}

function openOutput(path: string, resume: boolean): number {
  try {
    return openSync(path, resume ? "a" : "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new CommandError(`${path} exists; add --resume to continue it, or give another file`);
  }
}

function writeWhole(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

/** A record whose key leads to another shard was put with an explicit hash key; any of the shard leads there again. */
function withHashKey(record: StreamRecord, { firstHashKey, lastHashKey }: ListedShard): StreamRecord {
  if (record.explicitHashKey !== undefined) return record;
  const hashKey = BigInt(`0x${hash("md5", record.partitionKey, "hex")}`);
  if (hashKey >= firstHashKey && hashKey <= lastHashKey) return record;
  return { ...record, explicitHashKey: String(firstHashKey) };
}
