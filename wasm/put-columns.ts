/** The columns of a put, and its other members: what both scanners write. Columns hold addresses. */
import { decimalWords } from "./decimal";
import { hashKey } from "./md5";

export const RECORD_COUNT_MAX: usize = 500;
export const DATA_BYTES_MAX: usize = 10485760;
export const NO_PARTITION_KEY: u32 = 0xffff;

/*
 * Columns, each for `capacity` records:
 *
 *   u32[4] hash key | u32 address of the data | u32 its bytes | u32 address of the key | u16 its bytes
 */
let hashKeyColumn: usize = 0;
let dataStartColumn: usize = 0;
let dataBytesColumn: usize = 0;
let keyStartColumn: usize = 0;
let keyBytesColumn: usize = 0;

/** Records in the columns. */
export let rowCount: usize = 0;

export function beginColumns(columns: usize, capacity: usize): void {
  hashKeyColumn = columns;
  dataStartColumn = columns + (capacity << 4);
  dataBytesColumn = dataStartColumn + (capacity << 2);
  keyStartColumn = dataBytesColumn + (capacity << 2);
  keyBytesColumn = keyStartColumn + (capacity << 2);
  rowCount = 0;
}

/** Key and explicit hash key are 0 where absent. False when the latter is no number below 2^128. */
export function addRow(
  data: usize,
  dataBytes: usize,
  key: usize,
  keyBytes: usize,
  explicitHashKey: usize,
  digits: usize,
): bool {
  const target = hashKeyColumn + (rowCount << 4);
  if (explicitHashKey !== 0) {
    if (!decimalWords(explicitHashKey, digits, target)) return false;
  } else if (key !== 0) {
    hashKey(key, keyBytes, target);
  } else {
    v128.store(target, i32x4.splat(0));
  }
  store<u32>(dataStartColumn + (rowCount << 2), <u32>data);
  store<u32>(dataBytesColumn + (rowCount << 2), <u32>dataBytes);
  store<u32>(keyStartColumn + (rowCount << 2), key !== 0 ? <u32>key : <u32>data);
  store<u16>(keyBytesColumn + (rowCount << 1), key !== 0 ? <u16>keyBytes : <u16>NO_PARTITION_KEY);
  rowCount += 1;
  return true;
}

// The members of a put, as bits.
export const DATA: u32 = 1;
export const PARTITION_KEY: u32 = 2;
export const EXPLICIT_HASH_KEY: u32 = 4;
export const RECORD_MEMBERS: u32 = 7;
export const STREAM_NAME: u32 = 8;
export const STREAM_ARN: u32 = 16;
export const ORDERING: u32 = 32;
export const DRY_RUN: u32 = 64;
export const RECORDS: u32 = 128;

/*
 * The members beside the records. Of a text: the addresses of its first byte, 0 where absent, and behind its last.
 *
 *   u32[2] StreamName | u32[2] StreamARN | u32[2] SequenceNumberForOrdering | u32 DryRun: 0 absent, 1 false, 2 true
 */
const OTHERS: usize = memory.data(28, 4);
const OTHERS_BYTES: usize = 28;
const STREAM_NAME_OFFSET: usize = 0;
const STREAM_ARN_OFFSET: usize = 8;
const ORDERING_OFFSET: usize = 16;
const DRY_RUN_OFFSET: usize = 24;
const DRY_RUN_FALSE: u32 = 1;
const DRY_RUN_TRUE: u32 = 2;

export function othersAddress(): usize {
  return OTHERS;
}

export function clearOthers(): void {
  memory.fill(OTHERS, 0, OTHERS_BYTES);
}

/** `member` is `STREAM_NAME`, `STREAM_ARN` or `ORDERING`. JavaScript reads the text as Latin-1. */
export function setText(member: u32, start: usize, end: usize): void {
  const offset =
    member === STREAM_NAME ? STREAM_NAME_OFFSET : member === STREAM_ARN ? STREAM_ARN_OFFSET : ORDERING_OFFSET;
  store<u32>(OTHERS + offset, <u32>start);
  store<u32>(OTHERS + offset, <u32>end, 4);
}

export function setDryRun(value: bool): void {
  store<u32>(OTHERS, value ? DRY_RUN_TRUE : DRY_RUN_FALSE, DRY_RUN_OFFSET);
}
