// Hot path.
import assert from "node:assert/strict";
import { type IncomingRecords, NO_PARTITION_KEY } from "./incoming-records.ts";

/*
 * The body of an entry, version 1; integers are little-endian:
 *
 *   u8 version = 1 | u8 flags (bit 0: written under stream encryption) | u16 reserved = 0
 *   then per record:  u32 dataBytes | u16 keyBytes (0xffff: no partition key) | key | data
 */
const VERSION = 1;
const FLAG_KMS = 1;

export const ENTRY_HEADER_BYTES = 4;
const RECORD_HEADER_BYTES = 6;

/** Called for each record with offsets into the body; `keyBytes` is `NO_PARTITION_KEY` when there is none. */
export type VisitRecord = (keyStart: number, keyBytes: number, dataStart: number, dataBytes: number) => void;

/** Bytes that record `index` takes in an entry's body. */
export function encodedBytes(records: IncomingRecords, index: number): number {
  const keyBytes = records.keyBytes[index] as number;
  return RECORD_HEADER_BYTES + (keyBytes === NO_PARTITION_KEY ? 0 : keyBytes) + (records.dataBytes[index] as number);
}

/** Returns the offset behind the header. */
export function writeEntryHeader(body: Uint8Array, at: number, options: { readonly kms: boolean }): number {
  body[at] = VERSION;
  body[at + 1] = options.kms ? FLAG_KMS : 0;
  body[at + 2] = 0;
  body[at + 3] = 0;
  return at + ENTRY_HEADER_BYTES;
}

/** Returns the offset behind the record. */
export function writeRecord(body: Uint8Array, at: number, records: IncomingRecords, index: number): number {
  const keyBytes = records.keyBytes[index] as number;
  const dataBytes = records.dataBytes[index] as number;
  body[at] = dataBytes;
  body[at + 1] = dataBytes >>> 8;
  body[at + 2] = dataBytes >>> 16;
  body[at + 3] = dataBytes >>> 24;
  body[at + 4] = keyBytes;
  body[at + 5] = keyBytes >>> 8;
  let end = at + RECORD_HEADER_BYTES;
  if (keyBytes !== NO_PARTITION_KEY)
    end = copyBytes(body, end, records.bytes, records.keyStart[index] as number, keyBytes);
  return copyBytes(body, end, records.bytes, records.dataStart[index] as number, dataBytes);
}

/** Whether the entry was written under stream encryption. Throws on a body of another version. */
export function isKmsMarked(body: Uint8Array): boolean {
  checkHeader(body);
  return ((body[1] as number) & FLAG_KMS) !== 0;
}

/** Visits `count` records after the first `skip`. Throws when the body is malformed or holds fewer. */
export function forEachRecord(body: Uint8Array, skip: number, count: number, visit: VisitRecord): void {
  checkHeader(body);
  const last = skip + count;
  for (let index = 0, at = ENTRY_HEADER_BYTES; index < last; index += 1) {
    const dataBytes = dataBytesAt(body, at);
    const keyBytes = keyBytesAt(body, at);
    const keyStart = at + RECORD_HEADER_BYTES;
    const dataStart = keyStart + (keyBytes === NO_PARTITION_KEY ? 0 : keyBytes);
    at = dataStart + dataBytes;
    if (at > body.length) malformed();
    if (index >= skip) visit(keyStart, keyBytes, dataStart, dataBytes);
  }
}

export interface FitLimit {
  readonly skip: number;
  readonly countMax: number;
  readonly dataBytesMax: number;
  /** The first record counts as fitting whatever its size. */
  readonly atLeastOne: boolean;
}

/** How many records after the first `skip` fit into `dataBytesMax`, and their data bytes. Throws as `forEachRecord`. */
export function countFitting(
  body: Uint8Array,
  { skip, countMax, dataBytesMax, atLeastOne }: FitLimit,
): { readonly count: number; readonly dataBytes: number } {
  let fitting = 0;
  let fittingBytes = 0;
  let full = false;
  forEachRecord(body, skip, countMax, (_keyStart, _keyBytes, _dataStart, dataBytes) => {
    full ||= fittingBytes + dataBytes > dataBytesMax && !(atLeastOne && fitting === 0);
    if (full) return;
    fitting += 1;
    fittingBytes += dataBytes;
  });
  return { count: fitting, dataBytes: fittingBytes };
}

function checkHeader(body: Uint8Array): void {
  if (body.length < ENTRY_HEADER_BYTES) malformed();
  assert(body[0] === VERSION, `entry body of version ${body[0]}; this server reads version ${VERSION}`);
}

function dataBytesAt(body: Uint8Array, at: number): number {
  if (at + RECORD_HEADER_BYTES > body.length) malformed();
  return (
    ((body[at] as number) | ((body[at + 1] as number) << 8) | ((body[at + 2] as number) << 16)) +
    (body[at + 3] as number) * 0x100_0000
  );
}

function keyBytesAt(body: Uint8Array, at: number): number {
  return (body[at + 4] as number) | ((body[at + 5] as number) << 8);
}

function malformed(): never {
  assert.fail("an entry's body ends inside a record");
}

// The call into native code costs as much as a loop over this many bytes.
const COPY_BY_LOOP_BYTES_MAX = 24;

function copyBytes(to: Uint8Array, at: number, from: Uint8Array, start: number, length: number): number {
  if (length <= COPY_BY_LOOP_BYTES_MAX) {
    for (let i = 0; i < length; i += 1) to[at + i] = from[start + i] as number;
  } else {
    to.set(from.subarray(start, start + length), at);
  }
  return at + length;
}
