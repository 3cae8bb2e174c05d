import { fromHex, toBase64, toUtf8 } from "../decode/bytes.ts";

/** One record to put. */
export interface NewRecord {
  readonly partitionKey: string;
  readonly explicitHashKey?: string;
  readonly dataBase64: string;
}

export type DataEncoding = "text" | "base64" | "hex";

const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Data as typed, in base64; or what is wrong with it. */
export function encodeData(
  text: string,
  encoding: DataEncoding,
): { readonly base64: string } | { readonly problem: string } {
  switch (encoding) {
    case "text":
      return { base64: toBase64(toUtf8(text)) };
    case "base64": {
      const compact = text.replaceAll(/\s+/g, "");
      return base64Pattern.test(compact) ? { base64: compact } : { problem: "The data is not base64." };
    }
    case "hex": {
      const bytes = fromHex(text);
      return bytes === undefined
        ? { problem: "The data is not pairs of hexadecimal digits." }
        : { base64: toBase64(bytes) };
    }
  }
}

export type ParsedRecords = { readonly records: readonly NewRecord[] } | { readonly problem: string };

/**
 * Records of a text with one a line: an object with `partitionKey` and `data` in base64 is what the download writes; any other
 * line is the data of one record with the partition key `keyOf(line number)`.
 */
export function parseLines(text: string, keyOf: (index: number) => string): ParsedRecords {
  const records: NewRecord[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const record = recordOf(line);
    if (typeof record === "string") return { problem: `Line ${index + 1}: ${record}` };
    records.push(record ?? { partitionKey: keyOf(records.length), dataBase64: toBase64(toUtf8(line)) });
  }
  return { records };
}

/** Undefined for a line that is data; a text says what is wrong. */
function recordOf(line: string): NewRecord | string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("partitionKey" in value) || !("data" in value)) return undefined;
  const { partitionKey, data } = value;
  const explicitHashKey = "explicitHashKey" in value ? value.explicitHashKey : undefined;
  if (typeof partitionKey !== "string" || partitionKey === "") return '"partitionKey" must be a text.';
  if (typeof data !== "string" || !base64Pattern.test(data)) return '"data" must be in base64.';
  if (explicitHashKey !== undefined && typeof explicitHashKey !== "string") return '"explicitHashKey" must be a text.';
  return { partitionKey, dataBase64: data, ...(explicitHashKey === undefined ? {} : { explicitHashKey }) };
}

/** A PutRecords call takes 500 records (API reference) and, on a stream with the default record size, 10 MiB. */
const callRecordsMax = 500;
const callBytesMax = 5 * 1024 * 1024;

/** Consecutive records for one call each. */
export function callsOf(records: readonly NewRecord[]): readonly (readonly NewRecord[])[] {
  const calls: NewRecord[][] = [];
  let bytes = 0;
  for (const record of records) {
    const size = record.dataBase64.length * 0.75 + record.partitionKey.length;
    let call = calls.at(-1);
    if (call === undefined || call.length >= callRecordsMax || bytes + size > callBytesMax) {
      call = [];
      calls.push(call);
      bytes = 0;
    }
    call.push(record);
    bytes += size;
  }
  return calls;
}
