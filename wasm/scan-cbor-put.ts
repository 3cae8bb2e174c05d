/**
 * Reads the CBOR of an ordinary PutRecords or PutRecord into columns. Anything unusual (a member twice or unknown, null,
 * another type, a tag, text in chunks or not UTF-8, a broken constraint) ends it with 0: then the general path decides,
 * and words the error if there is one.
 *
 * Nothing is copied: data and keys stay in the text.
 */
import { sequenceEnd } from "./json-text";
import { dropKeys, flushKeys } from "./md5";
import {
  addRow,
  beginColumns,
  clearOthers,
  DATA,
  DATA_BYTES_MAX,
  DRY_RUN,
  EXPLICIT_HASH_KEY,
  ORDERING,
  PARTITION_KEY,
  RECORD_COUNT_MAX,
  RECORD_MEMBERS,
  RECORDS,
  rowCount,
  STREAM_ARN,
  STREAM_NAME,
  setDryRun,
  setText,
} from "./put-columns";

/** UTF-8 is never shorter than UTF-16 has units, so a key of so many bytes is within 256 units. */
const PARTITION_KEY_BYTES_MAX: usize = 256;

/*
 * A head of CBOR: 3 bits type, 5 bits information | argument, big-endian, if the information is 24 or more
 */
const TYPE_SHIFT: u32 = 5;
const INFO_MASK: u32 = 31;
const UINT8_INFO: u32 = 24;
const UINT16_INFO: u32 = 25;
const UINT32_INFO: u32 = 26;
const BYTES: u32 = 2;
const TEXT: u32 = 3;
const LIST: u32 = 4;
const MAP: u32 = 5;
const INDEFINITE: u32 = 31;
const BREAK: u32 = 0xff;
const FALSE: u32 = 0xf4;
const TRUE: u32 = 0xf5;

let textEnd: usize = 0;

// The record that is being read; 0 where a member is absent.
let dataAt: usize = 0;
let dataBytes: usize = 0;
let keyAt: usize = 0;
let keyBytes: usize = 0;
let hashKeyAt: usize = 0;
let hashKeyDigits: usize = 0;

/** Returns the number of records. 64 bytes behind `text` may be read. */
export function scanCborPutRecords(text: usize, textBytes: usize, columns: usize): u32 {
  beginColumns(columns, RECORD_COUNT_MAX);
  return scan(text, textBytes, RECORDS | STREAM_NAME | STREAM_ARN | DRY_RUN);
}

/** As `scanCborPutRecords()`, with columns for one record. */
export function scanCborPutRecord(text: usize, textBytes: usize, columns: usize): u32 {
  beginColumns(columns, 1);
  return scan(text, textBytes, RECORD_MEMBERS | STREAM_NAME | STREAM_ARN | DRY_RUN | ORDERING);
}

function scan(text: usize, textBytes: usize, allowed: u32): u32 {
  textEnd = text + textBytes;
  clearOthers();
  const end = behindMap(text, allowed);
  const isRead = end === textEnd && ((allowed & RECORDS) !== 0 || endRecord());
  if (!isRead || rowCount === 0) {
    dropKeys();
    return 0;
  }
  flushKeys();
  return <u32>rowCount;
}

/** The count of a list or map that ends with a break; no definite one has so many. */
const UNTIL_BREAK: u32 = 0x80000000;

/** The argument of the last head: a count or a length. */
let argument: u32 = 0;

/** The address behind a head of this type; 0 for any other, and for an argument of 2^31 or more. */
function behindHead(at: usize, type: u32): usize {
  const initial = <u32>load<u8>(at);
  if (initial >> TYPE_SHIFT !== type) return 0;
  const info = initial & INFO_MASK;
  if (info < UINT8_INFO) {
    argument = info;
    return at + 1;
  }
  switch (info) {
    case UINT8_INFO:
      argument = load<u8>(at, 1);
      return at + 2;
    case UINT16_INFO:
      argument = bswap<u16>(load<u16>(at, 1));
      return at + 3;
    case UINT32_INFO:
      argument = bswap<u32>(load<u32>(at, 1));
      return argument < UNTIL_BREAK ? at + 5 : 0;
    case INDEFINITE:
      argument = UNTIL_BREAK;
      return type === LIST || type === MAP ? at + 1 : 0;
    default:
      return 0;
  }
}

/** The address behind a map; 0 unless its members are allowed, each once at most. */
function behindMap(at: usize, allowed: u32): usize {
  at = behindHead(at, MAP);
  if (at === 0) return 0;
  let seen: u32 = 0;
  dataAt = 0;
  keyAt = 0;
  hashKeyAt = 0;
  const count = argument;
  for (let index: u32 = 0; index < count; index += 1) {
    if (at >= textEnd) return 0;
    if (count === UNTIL_BREAK && <u32>load<u8>(at) === BREAK) return at + 1;
    const member = memberAt(at);
    if ((member & allowed & ~seen) === 0) return 0;
    seen |= member;
    at += nameBytes(member);
    at = member === RECORDS ? behindRecords(at) : behindValue(at, member);
    if (at === 0 || at > textEnd) return 0;
  }
  return at;
}

function behindRecords(at: usize): usize {
  at = behindHead(at, LIST);
  if (at === 0) return 0;
  const count = argument;
  for (let index: u32 = 0; index < count; index += 1) {
    if (at >= textEnd) return 0;
    if (count === UNTIL_BREAK && <u32>load<u8>(at) === BREAK) return at + 1;
    if (rowCount === RECORD_COUNT_MAX) return 0;
    at = behindMap(at, RECORD_MEMBERS);
    if (at === 0 || !endRecord()) return 0;
  }
  return at;
}

/** False without data. */
function endRecord(): bool {
  return dataAt !== 0 && addRow(dataAt, dataBytes, keyAt, keyBytes, hashKeyAt, hashKeyDigits);
}

/** The member whose name, with its head, is at `at`; 0 for any other. */
function memberAt(at: usize): u32 {
  switch (<u32>load<u8>(at)) {
    case 0x64: // "Data"
      return load<u32>(at, 1) === 0x61746144 ? DATA : 0;
    case 0x66: // "DryR" "un"
      return load<u32>(at, 1) === 0x52797244 && load<u16>(at, 5) === 0x6e75 ? DRY_RUN : 0;
    case 0x67: // "Reco" "cord" "ds"
      return load<u32>(at, 1) === 0x6f636552 && load<u32>(at, 4) === 0x7364726f ? RECORDS : 0;
    case 0x69: // "Stre" "amAR" "N"
      return isStream(at) && load<u32>(at, 5) === 0x52416d61 && load<u8>(at, 9) === 0x4e ? STREAM_ARN : 0;
    case 0x6a: // "Stre" "amNa" "me"
      return isStream(at) && load<u32>(at, 5) === 0x614e6d61 && load<u16>(at, 9) === 0x656d ? STREAM_NAME : 0;
    case 0x6c: // "Part" "itio" "nKey"
      return load<u32>(at, 1) === 0x74726150 && load<u32>(at, 5) === 0x6f697469 && load<u32>(at, 9) === 0x79654b6e
        ? PARTITION_KEY
        : 0;
    case 0x6f: // "Expl" "icit" "Hash" "hKey"
      return load<u32>(at, 1) === 0x6c707845 &&
        load<u32>(at, 5) === 0x74696369 &&
        load<u32>(at, 9) === 0x68736148 &&
        load<u32>(at, 12) === 0x79654b68
        ? EXPLICIT_HASH_KEY
        : 0;
    case 0x78: // 25: "Sequ" "ence" "Numb" "erFo" "rOrd" "erin" "g"
      return load<u8>(at, 1) === 25 &&
        load<u32>(at, 2) === 0x75716553 &&
        load<u32>(at, 6) === 0x65636e65 &&
        load<u32>(at, 10) === 0x626d754e &&
        load<u32>(at, 14) === 0x6f467265 &&
        load<u32>(at, 18) === 0x64724f72 &&
        load<u32>(at, 22) === 0x6e697265 &&
        load<u8>(at, 26) === 0x67
        ? ORDERING
        : 0;
    default:
      return 0;
  }
}

function isStream(at: usize): bool {
  return load<u32>(at, 1) === 0x65727453;
}

/** The length of a name with its head. */
function nameBytes(member: u32): usize {
  switch (member) {
    case DATA:
      return 5;
    case PARTITION_KEY:
      return 13;
    case EXPLICIT_HASH_KEY:
      return 16;
    case RECORDS:
      return 8;
    case DRY_RUN:
      return 7;
    case STREAM_NAME:
      return 11;
    case STREAM_ARN:
      return 10;
    default:
      return 27;
  }
}

function behindValue(at: usize, member: u32): usize {
  if (member === DRY_RUN) {
    const value = <u32>load<u8>(at);
    if (value !== FALSE && value !== TRUE) return 0;
    setDryRun(value === TRUE);
    return at + 1;
  }
  const start = behindHead(at, member === DATA ? BYTES : TEXT);
  if (start === 0) return 0;
  const bytes = <usize>argument;
  // Both are far below 2^32, so their sum is too.
  if (bytes > DATA_BYTES_MAX || start + bytes > textEnd) return 0;
  const end = start + bytes;
  if (member === DATA) {
    dataAt = start;
    dataBytes = bytes;
    return end;
  }
  if (member === PARTITION_KEY) {
    keyAt = start;
    keyBytes = bytes;
    return bytes > 0 && bytes <= PARTITION_KEY_BYTES_MAX && isUtf8(start, end) ? end : 0;
  }
  if (member === EXPLICIT_HASH_KEY) {
    hashKeyAt = start;
    hashKeyDigits = bytes;
    return end;
  }
  if (!isAscii(start, end)) return 0;
  setText(member, start, end);
  return end;
}

function isAscii(at: usize, end: usize): bool {
  for (; at < end; at += 1) if (load<u8>(at) >= 0x80) return false;
  return true;
}

function isUtf8(at: usize, end: usize): bool {
  while (at < end) {
    const mask = i8x16.bitmask(v128.load(at));
    if (mask === 0) {
      at += 16;
      continue;
    }
    at += ctz(mask);
    if (at >= end) break;
    at = sequenceEnd(at, load<u8>(at));
    // Bytes behind the text are no part of a character.
    if (at === 0 || at > end) return false;
  }
  return true;
}
