import { CommandError } from "../output/command-error.ts";
import type { StreamRecord } from "./stream-record.ts";

/** What `import` puts: a line of NDJSON as `export` writes it, or one that only has `partitionKey` and `data`. */
export interface ImportedRecord {
  readonly partitionKey: string;
  readonly explicitHashKey: string | undefined;
  readonly data: Uint8Array;
  /** Where the record was read; undefined in a line that was not exported. */
  readonly shardId: string | undefined;
  readonly sequenceNumber: string | undefined;
  readonly arrivalMs: number | undefined;
  /** The place in an aggregated record; 0 if it was not one. */
  readonly part: number;
}

/** One JSON object, without line end. The data is in base64. */
export function exportedLine(record: StreamRecord): string {
  const { shardId, sequenceNumber, subSequenceNumber, arrivalMs, partitionKey, explicitHashKey, data } = record;
  return JSON.stringify({
    shardId,
    sequenceNumber,
    ...(subSequenceNumber === undefined ? {} : { subSequenceNumber }),
    approximateArrivalTimestamp: new Date(arrivalMs).toISOString(),
    partitionKey,
    ...(explicitHashKey === undefined ? {} : { explicitHashKey }),
    data: Buffer.from(data.buffer, data.byteOffset, data.length).toString("base64"),
  });
}

/** `where` is the file and line, for messages. Throws CommandError if the line is not a record. */
export function parseExportedLine(line: string, where: string): ImportedRecord {
  const value = parseObject(line, where);
  const { partitionKey, data } = value;
  if (typeof partitionKey !== "string") throw new CommandError(`${where}: has no text "partitionKey"`);
  if (typeof data !== "string") throw new CommandError(`${where}: has no text "data", in base64`);
  const { subSequenceNumber: part } = value;
  const arrivalMs = Date.parse(textOf(value["approximateArrivalTimestamp"]) ?? "");
  return {
    partitionKey,
    explicitHashKey: textOf(value["explicitHashKey"]),
    data: Buffer.from(data, "base64"),
    shardId: textOf(value["shardId"]),
    sequenceNumber: textOf(value["sequenceNumber"]),
    arrivalMs: Number.isNaN(arrivalMs) ? undefined : arrivalMs,
    part: typeof part === "number" ? part : 0,
  };
}

function parseObject(line: string, where: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new CommandError(`${where}: is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CommandError(`${where}: is not a JSON object`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
