import { fromUtf8 } from "./bytes.ts";
import { readFields } from "./protobuf.ts";
import { type Packing, packingOf, unpack } from "./unpack.ts";

/** The data of a record as it can be read. */
export interface Decoded {
  /** What it was packed in, from the outside in. */
  readonly packings: readonly Packing[];
  readonly form: "json" | "text" | "cloudwatch-logs" | "message" | "protobuf" | "binary" | "empty";
  /** The whole as text: JSON with line breaks, or as it is; empty for `binary`. */
  readonly text: string;
  /** Without its packing. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The value of `json`, `cloudwatch-logs` and `message`. */
  readonly value?: unknown;
}

/**
 * Reads a message of a schema; undefined when the bytes are none. `isWhole`: the schema has all of its fields. A text can be
 * a message by chance, but hardly one without unknown fields.
 */
export type MessageDecoder = (bytes: Uint8Array) => { readonly value: unknown; readonly isWhole: boolean } | undefined;

/** A gzip in a gzip in a gzip is read; deeper nesting is shown as bytes. */
const packingsMax = 3;

/** Finds out what the bytes are; with a schema, first whether they are its message. A promise only where they are packed. */
export function decode(
  bytes: Uint8Array<ArrayBuffer>,
  decodeMessage?: MessageDecoder | undefined,
): Decoded | Promise<Decoded> {
  return packingOf(bytes) === undefined ? decodePlain(bytes, [], decodeMessage) : decodePacked(bytes, decodeMessage);
}

async function decodePacked(
  packed: Uint8Array<ArrayBuffer>,
  decodeMessage: MessageDecoder | undefined,
): Promise<Decoded> {
  const packings: Packing[] = [];
  let bytes = packed;
  while (packings.length < packingsMax) {
    const packing = packingOf(bytes);
    const inner = packing === undefined ? undefined : await unpack(bytes, packing);
    if (packing === undefined || inner === undefined) break;
    packings.push(packing);
    bytes = inner;
  }
  return decodePlain(bytes, packings, decodeMessage);
}

function decodePlain(
  bytes: Uint8Array<ArrayBuffer>,
  packings: readonly Packing[],
  decodeMessage: MessageDecoder | undefined,
): Decoded {
  if (bytes.length === 0) return { packings, form: "empty", text: "", bytes };
  const text = fromUtf8(bytes);
  const isText = text !== undefined && !hasControls(text);
  const message = decodeMessage?.(bytes);
  if (message !== undefined && (message.isWhole || !isText)) {
    const { value } = message;
    return { packings, form: "message", text: JSON.stringify(value, null, 2), bytes, value };
  }
  if (isText) {
    const value = parseJson(text);
    if (value === undefined) return { packings, form: "text", text, bytes };
    const form = isCloudWatchLogs(value) ? "cloudwatch-logs" : "json";
    return { packings, form, text: JSON.stringify(value, null, 2), bytes, value };
  }
  const fields = protobufText(bytes);
  if (fields !== undefined) return { packings, form: "protobuf", text: fields, bytes };
  return { packings, form: "binary", text: "", bytes };
}

/** Characters that a text for people does not have. */
function hasControls(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are looked for.
  return /[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f]/.test(text);
}

/** Only objects and lists: a number or a quoted word is a text as well. */
function parseJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** CloudWatch Logs, "subscription filters": the message that the service puts into a stream, gzipped. */
export interface CloudWatchLogs {
  readonly messageType: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly logEvents: readonly { readonly id: string; readonly timestamp: number; readonly message: string }[];
}

function isCloudWatchLogs(value: unknown): value is CloudWatchLogs {
  if (typeof value !== "object" || value === null) return false;
  if (!("messageType" in value && "logGroup" in value && "logEvents" in value && Array.isArray(value.logEvents)))
    return false;
  return value.logEvents.every(isLogEvent);
}

function isLogEvent(event: unknown): boolean {
  if (typeof event !== "object" || event === null) return false;
  return "message" in event && typeof event.message === "string";
}

const protobufDepthMax = 8;

/** The fields of a message by number, as `protoc --decode_raw` has them; undefined when the bytes are no message. */
function protobufText(bytes: Uint8Array, depth = 0): string | undefined {
  const fields = readFields(bytes);
  if (fields === undefined || fields.length === 0) return undefined;
  const indent = "  ".repeat(depth);
  const lines = fields.map(({ number, value }) => {
    if (typeof value === "bigint") return `${indent}${number}: ${value}`;
    const text = fromUtf8(value);
    if (text !== undefined && !hasControls(text)) return `${indent}${number}: ${JSON.stringify(text)}`;
    const inner = depth < protobufDepthMax ? protobufText(value, depth + 1) : undefined;
    if (inner !== undefined) return `${indent}${number} {\n${inner}\n${indent}}`;
    const hex = Array.from(value.subarray(0, 32), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    return `${indent}${number}: ${hex}${value.length > 32 ? " …" : ""}`;
  });
  return lines.join("\n");
}

const previewCharsMax = 300;

/** One line of the data, for a row of a list. */
export function previewOf({ form, text, bytes, value }: Decoded): string {
  switch (form) {
    case "empty":
      return "";
    case "binary":
      return Array.from(bytes.subarray(0, 64), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    case "cloudwatch-logs": {
      const { logGroup, logEvents } = value as CloudWatchLogs;
      return `${logGroup} (${logEvents.length}): ${logEvents[0]?.message ?? ""}`.slice(0, previewCharsMax);
    }
    case "json":
    case "message":
      return JSON.stringify(value).slice(0, previewCharsMax);
    default:
      return text.slice(0, previewCharsMax).replaceAll(/\s+/g, " ");
  }
}
