import assert from "node:assert/strict";
import { type IncomingRecords, NO_PARTITION_KEY } from "./incoming-records.ts";

/*
 * The body of an entry, version 1; integers are little-endian:
 *
 *   u8 version = 1 | u8 flags (bit 0: written under stream encryption) | u16 reserved = 0
 *   then per record:  u32 bytes of the data | u16 bytes of the key (0xffff: no partition key) | key | data
 */
const VERSION = 1;
const VERSION_AT = 0;
const FLAGS_AT = VERSION_AT + 1;
const FLAG_KMS = 1;
const RESERVED_AT = FLAGS_AT + 1;
export const ENTRY_HEADER_BYTES = RESERVED_AT + 2;

// Offsets within a record.
const DATA_BYTES_AT = 0;
const KEY_BYTES_AT = DATA_BYTES_AT + 4;
const RECORD_HEADER_BYTES = KEY_BYTES_AT + 2;

/** Called for each record with offsets into the body; `keyBytes` is `NO_PARTITION_KEY` when there is none. */
export type VisitRecord = (keyStart: number, keyBytes: number, dataStart: number, dataBytes: number) => void;

/** Bytes that record `index` takes in an entry's body. */
export function encodedBytes(records: IncomingRecords, index: number): number {
  const keyBytes = records.keyBytes[index] as number;
  return RECORD_HEADER_BYTES + (keyBytes === NO_PARTITION_KEY ? 0 : keyBytes) + (records.dataBytes[index] as number);
}

/** Returns the offset behind the header. */
export function writeEntryHeader(body: Uint8Array, at: number, options: { readonly kms: boolean }): number {
  body[at + VERSION_AT] = VERSION;
  body[at + FLAGS_AT] = options.kms ? FLAG_KMS : 0;
  body[at + RESERVED_AT] = 0;
  body[at + RESERVED_AT + 1] = 0;
  return at + ENTRY_HEADER_BYTES;
}

/** Returns the offset behind the record. */
export function writeRecord(body: Uint8Array, at: number, records: IncomingRecords, index: number): number {
  const keyBytes = records.keyBytes[index] as number;
  const dataBytes = records.dataBytes[index] as number;
  body[at + DATA_BYTES_AT] = dataBytes;
  body[at + DATA_BYTES_AT + 1] = dataBytes >>> 8;
  body[at + DATA_BYTES_AT + 2] = dataBytes >>> 16;
  body[at + DATA_BYTES_AT + 3] = dataBytes >>> 24;
  body[at + KEY_BYTES_AT] = keyBytes;
  body[at + KEY_BYTES_AT + 1] = keyBytes >>> 8;
  let end = at + RECORD_HEADER_BYTES;
  if (keyBytes !== NO_PARTITION_KEY)
    end = copyBytes(body, end, records.bytes, records.keyStart[index] as number, keyBytes);
  return copyBytes(body, end, records.bytes, records.dataStart[index] as number, dataBytes);
}

/** Whether the entry was written under stream encryption. Throws on a body of another version. */
export function isKmsMarked(body: Uint8Array): boolean {
  checkHeader(body);
  return ((body[FLAGS_AT] as number) & FLAG_KMS) !== 0;
}

/** Visits the records between two offsets that `cutSlice()` gave. */
export function forEachRecord(body: Uint8Array, start: number, end: number, visit: VisitRecord): void {
  for (let at = start; at < end; ) {
    const dataBytes = dataBytesAt(body, at);
    const keyBytes = keyBytesAt(body, at);
    const keyStart = at + RECORD_HEADER_BYTES;
    const dataStart = keyStart + (keyBytes === NO_PARTITION_KEY ? 0 : keyBytes);
    at = dataStart + dataBytes;
    visit(keyStart, keyBytes, dataStart, dataBytes);
  }
}

export interface SliceLimit {
  readonly skip: number;
  readonly countMax: number;
  readonly dataBytesMax: number;
  /** The first record counts as fitting whatever its size. */
  readonly atLeastOne: boolean;
}

/** Consecutive records of a body. */
export interface BodySlice {
  /** Offset of the first record. */
  readonly start: number;
  /** Offset behind the last record. */
  readonly end: number;
  readonly count: number;
  /** Bytes of all their data, without keys. */
  readonly dataBytes: number;
}

/** The records after the first `skip` that fit into the limits. Throws when the body is malformed or holds fewer than `skip`. */
export function cutSlice(body: Uint8Array, { skip, countMax, dataBytesMax, atLeastOne }: SliceLimit): BodySlice {
  checkHeader(body);
  let start = ENTRY_HEADER_BYTES;
  for (let left = skip; left > 0; left -= 1) start = recordEnd(body, start);
  let end = start;
  let count = 0;
  let dataBytes = 0;
  while (count < countMax) {
    const more = dataBytesAt(body, end);
    if (dataBytes + more > dataBytesMax && !(atLeastOne && count === 0)) break;
    end = recordEnd(body, end);
    count += 1;
    dataBytes += more;
  }
  return { start, end, count, dataBytes };
}

/** The offset behind the record at `at`. Throws when the body is malformed. */
export function recordEnd(body: Uint8Array, at: number): number {
  const dataBytes = dataBytesAt(body, at);
  const keyBytes = keyBytesAt(body, at);
  const end = at + RECORD_HEADER_BYTES + (keyBytes === NO_PARTITION_KEY ? 0 : keyBytes) + dataBytes;
  if (end > body.length) malformed();
  return end;
}

function checkHeader(body: Uint8Array): void {
  if (body.length < ENTRY_HEADER_BYTES) malformed();
  const version = body[VERSION_AT];
  assert(version === VERSION, `entry body of version ${version}; this server reads version ${VERSION}`);
}

function dataBytesAt(body: Uint8Array, at: number): number {
  if (at + RECORD_HEADER_BYTES > body.length) malformed();
  const first = at + DATA_BYTES_AT;
  return (
    ((body[first] as number) | ((body[first + 1] as number) << 8) | ((body[first + 2] as number) << 16)) +
    (body[first + 3] as number) * 0x100_0000
  );
}

function keyBytesAt(body: Uint8Array, at: number): number {
  return (body[at + KEY_BYTES_AT] as number) | ((body[at + KEY_BYTES_AT + 1] as number) << 8);
}

function malformed(): never {
  assert.fail("an entry's body ends inside a record");
}

/** Up to here a loop is as fast as a native call. */
const COPY_BY_LOOP_BYTES_MAX = 24;

function copyBytes(to: Uint8Array, at: number, from: Uint8Array, start: number, length: number): number {
  if (length <= COPY_BY_LOOP_BYTES_MAX) {
    for (let i = 0; i < length; i += 1) to[at + i] = from[start + i] as number;
  } else {
    to.set(from.subarray(start, start + length), at);
  }
  return at + length;
}
