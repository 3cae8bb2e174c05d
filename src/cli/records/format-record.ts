import { isUtf8 } from "node:buffer";
import { CommandError } from "../output/command-error.ts";
import { exportedLine } from "./exported-line.ts";
import { findInJson } from "./json-path.ts";
import type { StreamRecord } from "./stream-record.ts";

/** Makes the text of one record, with its line end. */
export type RecordFormat = (record: StreamRecord) => string;

export const recordFormats = ["text", "json", "ndjson"] as const;

/** `text`, `json`, `ndjson`, or a template with at least one `{name}`. */
export function recordFormat(format: string, option = "--format"): RecordFormat {
  if (format === "text") return textLine;
  if (format === "json") return (record) => `${JSON.stringify(readable(record), undefined, 2)}\n`;
  if (format === "ndjson") return (record) => `${exportedLine(record)}\n`;
  if (format.includes("{")) return template(format, option);
  throw new CommandError(
    `${option} ${format}: must be ${recordFormats.join(", ")}, or a template such as "{key} {data}"`,
  );
}

function textLine(record: StreamRecord): string {
  return `${timeOf(record)}  ${record.shardId}  ${printable(record.partitionKey)}  ${printable(textOf(record.data))}\n`;
}

/** For people and jq: the data as JSON where it is JSON, as text where it is text, else in base64. */
function readable({ data, arrivalMs, ...record }: StreamRecord): object {
  const { shardId, sequenceNumber, subSequenceNumber, partitionKey, explicitHashKey } = record;
  const shown = isUtf8(data)
    ? { data: parsedOrText(textOf(data)) }
    : { dataBase64: Buffer.from(data).toString("base64") };
  const approximateArrivalTimestamp = new Date(arrivalMs).toISOString();
  const members = {
    shardId,
    sequenceNumber,
    subSequenceNumber,
    approximateArrivalTimestamp,
    partitionKey,
    explicitHashKey,
  };
  return { ...members, ...shown };
}

function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "0": "\0", "\\": "\\" };

const fields: Readonly<Record<string, (record: StreamRecord) => string>> = {
  time: timeOf,
  shard: ({ shardId }) => shardId,
  sequence: ({ sequenceNumber }) => sequenceNumber,
  key: ({ partitionKey }) => partitionKey,
  hash: ({ explicitHashKey = "" }) => explicitHashKey,
  data: ({ data }) => textOf(data),
  base64: ({ data }) => Buffer.from(data).toString("base64"),
  hex: ({ data }) => Buffer.from(data).toString("hex"),
  size: ({ data }) => String(data.length),
};

export const templateFields = [...Object.keys(fields), "json.PATH"];

/** A line end is added. `{json.user.id}` is a member of data that is JSON. */
function template(text: string, option: string): RecordFormat {
  const pieces = text.split(/(\{[^{}]*\})/).map((piece): RecordFormat => {
    const name = /^\{(.*)\}$/.exec(piece)?.[1];
    if (name === undefined) {
      const plain = piece.replaceAll(/\\([ntr0\\])/g, (_, letter: string) => escapes[letter] ?? "");
      return () => plain;
    }
    if (name.startsWith("json.")) return ({ data }) => memberText(data, name.slice("json.".length));
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) {
      throw new CommandError(
        `${option}: {${name}} is not one of ${templateFields.map((each) => `{${each}}`).join(" ")}`,
      );
    }
    return field;
  });
  return (record) => `${pieces.map((piece) => piece(record)).join("")}\n`;
}

function memberText(data: Uint8Array, path: string): string {
  const value = findInJson(parsedOrText(textOf(data)), path);
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function timeOf({ arrivalMs }: StreamRecord): string {
  return new Date(arrivalMs).toISOString();
}

export function textOf(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.length).toString("utf8");
}

/** One line that cannot move the cursor or colour the terminal: records are text of strangers. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replaceAll(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, (character) => {
    const known = { "\n": "\\n", "\r": "\\r" }[character];
    return known ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
