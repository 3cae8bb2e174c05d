import { randomUUID } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import type { Connection, ConnectionOptions } from "../client/connection.ts";
import { CommandError, exitCodes } from "../output/command-error.ts";
import { type OutputOptions, outputFormats } from "../output/print-rows.ts";
import { note, startProgress } from "../output/progress.ts";
import { writeOut } from "../output/stdout.ts";
import { findInJson } from "../records/json-path.ts";
import type { QueuedEntry } from "../writing/key-queues.ts";
import type { PutOutcome } from "../writing/put-batch.ts";
import { putInOrder } from "../writing/put-in-order.ts";
import { readLines } from "../writing/read-lines.ts";
import { addConnectionOptions, collect, defineCommand, runConnected } from "./define-command.ts";
import { onTrouble } from "./tail.ts";
import { addWritingOptions, type WritingOptions, writingOf } from "./writing-options.ts";

interface PutOptions extends ConnectionOptions, OutputOptions, WritingOptions {
  readonly key?: string;
  readonly keyFrom?: string;
  readonly hashKey?: string;
  readonly file?: readonly string[];
  readonly base64?: boolean;
  readonly failed?: string;
}

/** Failures that are printed; --failed FILE gets all. */
const failuresShownMax = 20;

export function putCommand(): Command {
  const command = defineCommand({
    name: "put <stream> [data...]",
    summary: "put records: arguments, files, or each line of standard input",
    description:
      "Puts records: one for each argument, one for each --file, or else one for each line of standard input. " +
      "Records that are throttled or fail for now are sent again; those that fail in the end are listed, and the exit code is 1.",
    arguments: { stream: "name of the stream", data: "the data of one record" },
    examples: [
      "millrace put orders hello --key alice",
      "millrace put orders --file picture.png --key alice",
      "millrace put orders --key-from '$.user.id' < events.ndjson",
      "journalctl -f -o json | millrace put logs --key-from _PID",
    ],
  })
    .option("-k, --key <key>", "partition key of all records (a random one for each)")
    .addOption(
      new Option("--key-from <path>", "partition key from data that is JSON, such as user.id").conflicts("key"),
    )
    .option("--hash-key <number>", "explicit hash key of all records")
    .option("--file <path>", "one record with the contents of the file; repeatable", collect)
    .option("--base64", "the data is in base64");
  addWritingOptions(command)
    .option("--failed <file>", "append records that failed, as import reads them")
    .addOption(new Option("-f, --format <format>", "how to print what was stored").choices([...outputFormats]))
    .option("--json", "short for --format json");
  addConnectionOptions(command);
  return runConnected<PutOptions>(command, (connection, [stream = "", ...data], options) =>
    put(connection, stream, data, options),
  );
}

/** What is printed of a record that is stored. */
interface Stored {
  readonly line: number;
  readonly shardId: string;
  readonly sequenceNumber: string;
}

interface Failed {
  readonly entry: QueuedEntry;
  readonly code: string;
  readonly message: string;
}

async function put(
  { kinesis }: Connection,
  stream: string,
  data: readonly string[],
  options: PutOptions,
): Promise<number> {
  const format = options.json === true ? "json" : options.format;
  const isGiven = data.length > 0 || options.file !== undefined;
  const failures: Failed[] = [];
  const results: Stored[] = [];
  let [stored, retried] = [0, 0];
  const progress = startProgress((seconds) => {
    const again = retried === 0 ? "" : `, ${retried} sent again`;
    const lost = failures.length === 0 ? "" : `, ${failures.length} FAILED`;
    return `${stored} stored in ${seconds.toFixed(1)} s${again}${lost}`;
  });
  const onOutcome = (entry: QueuedEntry, outcome: PutOutcome): void => {
    if (outcome.isStored) {
      stored++;
      const { shardId, sequenceNumber } = outcome;
      if (isGiven || format !== undefined) results.push({ line: entry.line, shardId, sequenceNumber });
    } else failures.push({ entry, ...outcome });
    progress.update();
  };
  await putInOrder(isGiven ? givenEntries(data, options) : lineEntries(options), {
    kinesis,
    stream,
    ...writingOf(options),
    onTrouble,
    onRetry: (entries) => {
      retried += entries;
    },
    onOutcome,
  });
  results.sort((a, b) => a.line - b.line);
  await writeOut(resultText(results, format));
  if (isGiven && failures.length === 0) return exitCodes.done;
  progress.end();
  reportFailures(failures, options.failed);
  return failures.length === 0 ? exitCodes.done : exitCodes.partly;
}

function resultText(results: readonly Stored[], format: string | undefined): string {
  if (format === "json") return `${JSON.stringify(results, undefined, 2)}\n`;
  if (format === "ndjson") return results.map((result) => `${JSON.stringify(result)}\n`).join("");
  return results.map(({ shardId, sequenceNumber }) => `${shardId}  ${sequenceNumber}\n`).join("");
}

function* givenEntries(data: readonly string[], options: PutOptions): Generator<QueuedEntry> {
  let line = 0;
  for (const text of data) yield entryOf(bytesOf(text, options), ++line, options);
  for (const path of options.file ?? []) yield entryOf(readFileSync(path), ++line, options);
}

async function* lineEntries(options: PutOptions): AsyncGenerator<QueuedEntry> {
  let line = 0;
  for await (const text of readLines(process.stdin)) yield entryOf(bytesOf(text, options), ++line, options);
}

function bytesOf(text: string, { base64 }: PutOptions): Buffer {
  return Buffer.from(text, base64 === true ? "base64" : "utf8");
}

function entryOf(data: Buffer, line: number, { key, keyFrom, hashKey }: PutOptions): QueuedEntry {
  const partitionKey = keyFrom === undefined ? (key ?? randomUUID()) : keyIn(data, keyFrom, line);
  return { partitionKey, explicitHashKey: hashKey, data, line };
}

function keyIn(data: Buffer, path: string, line: number): string {
  let value: unknown;
  try {
    value = findInJson(JSON.parse(data.toString()), path);
  } catch {
    throw new CommandError(`record ${line} is not JSON, so --key-from finds no key; records before it may be stored`);
  }
  if (value === undefined || value === null || value === "") {
    throw new CommandError(`record ${line} has no ${path} for its key; records before it may be stored`);
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}

function reportFailures(failures: readonly Failed[], path: string | undefined): void {
  for (const { entry, code, message } of failures.slice(0, failuresShownMax)) {
    note(`record ${entry.line} (key ${JSON.stringify(entry.partitionKey)}) is not stored: ${code}: ${message}`);
  }
  if (failures.length > failuresShownMax) note(`and ${failures.length - failuresShownMax} more`);
  if (path === undefined) return;
  const lines = failures.map(({ entry: { partitionKey, explicitHashKey, data } }) => {
    const hashKey = explicitHashKey === undefined ? {} : { explicitHashKey };
    return `${JSON.stringify({ partitionKey, ...hashKey, data: Buffer.from(data).toString("base64") })}\n`;
  });
  appendFileSync(path, lines.join(""));
}
