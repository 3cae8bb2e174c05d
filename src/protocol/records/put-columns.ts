import { type BufferLease, type Lease, messageBuffers } from "../../memory/buffer-pool.ts";
import type { PutRecordsRequestEntry } from "../../model/shapes.generated.ts";
import { type IncomingRecords, NO_PARTITION_KEY } from "../../records/incoming-records.ts";
import { HASH_KEY_WORDS, hashPartitionKey, parseExplicitHashKey } from "../../streams/hash-keys/hash-key.ts";
import { decodeBase64Into, decodedLength } from "./decode-base64.ts";

// The model's constraints on records as plain comparisons; a test compares the two.
export const RECORD_COUNT_MAX = 500;
const PARTITION_KEY_LENGTH_MAX = 256;
export const DATA_BYTES_MAX = 10_485_760;
export const EXPLICIT_HASH_KEY_PATTERN = /^(?:0|[1-9]\d{0,38})$/;

/** The most that one UTF-16 unit takes in UTF-8. */
const UTF8_BYTES_PER_UNIT_MAX = 3;

/** Columns, and the memory that they are in. */
export interface LeasedRecords {
  readonly records: IncomingRecords;
  readonly lease: Lease;
}

/**
 * Columns straight from parsed JSON. Undefined when anything at all is unusual: then the general path decides, and words
 * the error if it is one.
 */
export function columnsOfParsedJson(records: unknown): LeasedRecords | undefined {
  if (!Array.isArray(records) || records.length === 0 || records.length > RECORD_COUNT_MAX) return undefined;
  const bytesMax = measureParsed(records);
  if (bytesMax === undefined) return undefined;
  const columns = new Columns(records.length, bytesMax);
  for (const record of records as readonly ParsedRecord[]) {
    if (!columns.addBase64(record.Data)) {
      columns.discard();
      return undefined;
    }
    columns.addKeys(record.PartitionKey, record.ExplicitHashKey);
  }
  return columns.finish();
}

/** Columns of records that have been bound and validated. */
export function columnsOfValidRecords(records: readonly PutRecordsRequestEntry[]): LeasedRecords {
  const columns = new Columns(
    records.length,
    records.reduce((sum, { Data, PartitionKey = "" }) => sum + Data.length + keyBytesMax(PartitionKey), 0),
  );
  for (const { Data, PartitionKey, ExplicitHashKey } of records) {
    columns.addBytes(Data);
    columns.addKeys(PartitionKey, ExplicitHashKey);
  }
  return columns.finish();
}

interface ParsedRecord {
  readonly Data: string;
  readonly PartitionKey?: string;
  readonly ExplicitHashKey?: string;
}

/** Bytes that data and keys may take, or undefined when a record is not an ordinary one. */
function measureParsed(records: readonly unknown[]): number | undefined {
  let bytes = 0;
  for (const record of records) {
    if (typeof record !== "object" || record === null) return undefined;
    const { Data, PartitionKey, ExplicitHashKey } = record as Readonly<Record<string, unknown>>;
    if (!isOrdinaryData(Data) || !isOrdinaryKey(PartitionKey) || !isOrdinaryHashKey(ExplicitHashKey)) return undefined;
    bytes += decodedLength(Data) + keyBytesMax(PartitionKey ?? "");
  }
  return bytes;
}

function isOrdinaryData(data: unknown): data is string {
  return typeof data === "string" && decodedLength(data) <= DATA_BYTES_MAX;
}

function isOrdinaryKey(key: unknown): key is string | undefined {
  if (key === undefined) return true;
  return typeof key === "string" && key.length > 0 && key.length <= PARTITION_KEY_LENGTH_MAX;
}

function isOrdinaryHashKey(hashKey: unknown): hashKey is string | undefined {
  return hashKey === undefined || (typeof hashKey === "string" && EXPLICIT_HASH_KEY_PATTERN.test(hashKey));
}

function keyBytesMax(key: string): number {
  return key.length * UTF8_BYTES_PER_UNIT_MAX;
}

/** Fills columns record by record: data first, then keys. */
class Columns {
  readonly #count: number;
  readonly #lease: BufferLease;
  readonly #bytes: Buffer;
  readonly #dataStart: Uint32Array;
  readonly #dataBytes: Uint32Array;
  readonly #keyStart: Uint32Array;
  readonly #keyBytes: Uint16Array;
  readonly #hashKeys: Uint32Array;
  #hashKeyOutOfRange: string | undefined;
  #record = 0;
  #end = 0;

  constructor(count: number, bytesMax: number) {
    this.#count = count;
    this.#lease = messageBuffers.take(bytesMax);
    this.#bytes = this.#lease.bytes;
    this.#dataStart = new Uint32Array(count);
    this.#dataBytes = new Uint32Array(count);
    this.#keyStart = new Uint32Array(count);
    this.#keyBytes = new Uint16Array(count);
    this.#hashKeys = new Uint32Array(count * HASH_KEY_WORDS);
  }

  /** False when the text is not strict base64. */
  addBase64(data: string): boolean {
    const dataBytes = decodedLength(data);
    if (!decodeBase64Into(data, this.#bytes, this.#end)) return false;
    this.#addData(dataBytes);
    return true;
  }

  addBytes(data: Uint8Array): void {
    this.#bytes.set(data, this.#end);
    this.#addData(data.length);
  }

  #addData(dataBytes: number): void {
    this.#dataStart[this.#record] = this.#end;
    this.#dataBytes[this.#record] = dataBytes;
    this.#end += dataBytes;
  }

  addKeys(partitionKey: string | undefined, explicitHashKey: string | undefined): void {
    const record = this.#record;
    this.#record += 1;
    this.#keyStart[record] = this.#end;
    if (partitionKey === undefined) {
      this.#keyBytes[record] = NO_PARTITION_KEY;
    } else {
      this.#keyBytes[record] = writeUtf8(partitionKey, this.#bytes, this.#end);
      this.#end += this.#keyBytes[record];
    }
    if (explicitHashKey !== undefined) {
      const inRange = parseExplicitHashKey(explicitHashKey, this.#hashKeys, record * HASH_KEY_WORDS);
      if (!inRange) this.#hashKeyOutOfRange ??= explicitHashKey;
    } else if (partitionKey !== undefined) {
      const keyStart = this.#keyStart[record] as number;
      hashPartitionKey(this.#bytes, keyStart, this.#end - keyStart, this.#hashKeys, record * HASH_KEY_WORDS);
    }
  }

  /** Gives the memory back instead of finishing. */
  discard(): void {
    this.#lease[Symbol.dispose]();
  }

  finish(): LeasedRecords {
    const records = {
      count: this.#count,
      bytes: this.#bytes,
      dataStart: this.#dataStart,
      dataBytes: this.#dataBytes,
      keyStart: this.#keyStart,
      keyBytes: this.#keyBytes,
      hashKeys: this.#hashKeys,
      ...(this.#hashKeyOutOfRange === undefined ? {} : { hashKeyOutOfRange: this.#hashKeyOutOfRange }),
    };
    return { records, lease: this.#lease };
  }
}

/** Up to here a loop over ASCII is faster than a native call. */
const UTF8_BY_LOOP_LENGTH_MAX = 24;

/** Returns the bytes written. */
function writeUtf8(text: string, out: Buffer, at: number): number {
  const { length } = text;
  if (length > UTF8_BY_LOOP_LENGTH_MAX) return out.write(text, at, "utf8");
  for (let index = 0; index < length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return out.write(text, at, "utf8");
    out[at + index] = unit;
  }
  return length;
}
