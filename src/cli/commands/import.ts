import { createReadStream, statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Connection, ConnectionOptions } from "../client/connection.ts";
import { CommandError, exitCodes } from "../output/command-error.ts";
import { bar, note, startProgress } from "../output/progress.ts";
import { type ImportedRecord, parseExportedLine } from "../records/exported-line.ts";
import { readCheckpoint, writeCheckpoint } from "../writing/checkpoint-file.ts";
import type { QueuedEntry } from "../writing/key-queues.ts";
import { putInOrder } from "../writing/put-in-order.ts";
import { readLines } from "../writing/read-lines.ts";
import { type SourcePosition, SourceProgressMap } from "../writing/source-progress.ts";
import { addConnectionOptions, defineCommand, runConnected } from "./define-command.ts";
import { onTrouble } from "./tail.ts";
import { addWritingOptions, type WritingOptions, writingOf } from "./writing-options.ts";

interface ImportOptions extends ConnectionOptions, WritingOptions {
  readonly speed: number;
  readonly checkpoint?: string;
}

/** How often the checkpoint is written at most. */
const checkpointMs = 500;
/** The source of lines that were not exported. */
const plainSource = "lines";

export function importCommand(): Command {
  const command = defineCommand({
    name: "import <stream> [file]",
    summary: "put the records of an export, at any speed",
    description:
      "Puts the records of an export, from a file or standard input, into a stream of any server. " +
      "A line needs partitionKey and data (base64); explicitHashKey is used if it is there. Records of one key keep their order. " +
      "With --checkpoint an import that was cut short, also by kill -9, goes on without a gap; " +
      "some hundred records around the cut may be put twice.",
    arguments: { stream: "the stream to fill", file: "NDJSON of export (standard input)" },
    examples: [
      "millrace import orders orders.ndjson --checkpoint orders.checkpoint",
      "millrace import orders --speed 10x < orders.ndjson",
      "millrace export orders -e aws --region eu-west-1 | millrace import orders",
    ],
  })
    .addOption(
      new Option("--speed <factor>", "1x: as the records arrived; 10x: ten times as fast; max: as fast as it goes")
        .argParser(parseSpeed)
        .default(Number.POSITIVE_INFINITY, "max"),
    )
    .option("--checkpoint <file>", "remember here what is stored, and skip it in the next run");
  addWritingOptions(command);
  addConnectionOptions(command);
  return runConnected<ImportOptions>(command, (connection, [stream = "", file], options) =>
    importRecords(connection, stream, file, options),
  );
}

interface ImportEntry extends QueuedEntry {
  readonly finish: () => void;
}

async function importRecords(
  { kinesis }: Connection,
  stream: string,
  file: string | undefined,
  options: ImportOptions,
): Promise<number> {
  const { checkpoint } = options;
  const progress = new SourceProgressMap(checkpoint === undefined ? [] : readCheckpoint(checkpoint, stream));
  const counts = { stored: 0, skipped: 0, retried: 0, bytes: 0 };
  const totalBytes = file === undefined ? undefined : statSync(file).size;
  const display = startProgress((seconds) => describeImport(counts, totalBytes, seconds));
  let writtenMs = performance.now();
  const save = (): void => {
    if (checkpoint === undefined) return;
    writeCheckpoint(checkpoint, stream, progress.storedUpTo());
    writtenMs = performance.now();
  };
  try {
    await putInOrder(importEntries(file, options.speed, progress, counts), {
      kinesis,
      stream,
      ...writingOf(options),
      onTrouble,
      onRetry: (entries) => {
        counts.retried += entries;
      },
      onOutcome: (entry, outcome) => {
        if (!outcome.isStored) {
          throw new CommandError(
            `line ${entry.line} (key ${JSON.stringify(entry.partitionKey)}) is not stored: ${outcome.code}: ${outcome.message}`,
            exitCodes.partly,
          );
        }
        entry.finish();
        counts.stored++;
        display.update();
        if (performance.now() - writtenMs >= checkpointMs) save();
      },
    });
    display.end();
  } catch (error) {
    if (counts.stored > 0) display.end();
    throw error;
  } finally {
    save();
  }
  if (counts.skipped > 0) note(`${counts.skipped} records were stored by an earlier run`);
  return exitCodes.done;
}

interface Counts {
  stored: number;
  skipped: number;
  retried: number;
  /** The size of the lines that have been read. */
  bytes: number;
}

function describeImport({ stored, retried, bytes }: Counts, totalBytes: number | undefined, seconds: number): string {
  const part = totalBytes === undefined || totalBytes === 0 ? "" : `${bar(bytes / totalBytes)} `;
  const rate = Math.round(stored / Math.max(seconds, 0.001));
  const again = retried === 0 ? "" : `, ${retried} sent again`;
  return `${part}imported ${stored} records in ${seconds.toFixed(1)} s (${rate}/s)${again}`;
}

/** The records that no earlier run has stored, each when it is due. */
async function* importEntries(
  file: string | undefined,
  speed: number,
  progress: SourceProgressMap,
  counts: Counts,
): AsyncGenerator<ImportEntry> {
  const pace = paceOf(speed);
  let [line, plainLines] = [0, 0];
  for await (const text of readLines(file === undefined ? process.stdin : createReadStream(file))) {
    line++;
    counts.bytes += text.length + 1;
    if (text.trim() === "") continue;
    const record = parseExportedLine(text, `${file ?? "standard input"}:${line}`);
    const exported = positionOf(record);
    const position = exported ?? { sequence: BigInt(++plainLines), part: 0 };
    const source = exported === undefined ? plainSource : (record.shardId ?? plainSource);
    if (progress.isStored(source, position)) {
      counts.skipped++;
      continue;
    }
    await pace(record.arrivalMs);
    const { partitionKey, explicitHashKey, data } = record;
    yield { partitionKey, explicitHashKey, data, line, finish: progress.take(source, position) };
  }
}

function positionOf({ shardId, sequenceNumber, part }: ImportedRecord): SourcePosition | undefined {
  if (shardId === undefined || sequenceNumber === undefined || !/^\d+$/.test(sequenceNumber)) return undefined;
  return { sequence: BigInt(sequenceNumber), part };
}

/** Waits until a record is due that arrived at the time given; the first one is due now. */
function paceOf(speed: number): (arrivalMs: number | undefined) => Promise<void> {
  let first: { readonly arrivalMs: number; readonly atMs: number } | undefined;
  return async (arrivalMs) => {
    if (speed === Number.POSITIVE_INFINITY || arrivalMs === undefined) return;
    first ??= { arrivalMs, atMs: performance.now() };
    const waitMs = first.atMs + (arrivalMs - first.arrivalMs) / speed - performance.now();
    if (waitMs > 1) await pause(waitMs);
  };
}

function parseSpeed(text: string): number {
  if (text === "max") return Number.POSITIVE_INFINITY;
  const factor = /^\d{1,6}(?:\.\d{1,3})?x$/.test(text) ? Number(text.slice(0, -1)) : 0;
  if (factor > 0) return factor;
  throw new InvalidArgumentError("It must be max, or a factor such as 1x or 0.5x.");
}
