/**
 * Reads the JSON of an ordinary PutRecords or PutRecord straight into columns. Whatever is unusual (an escape, a member
 * twice or unknown, null, another type, bytes that are not UTF-8, base64 that is not strict, a constraint broken) ends it
 * with 0: then the general path decides, and words the error if it is one.
 *
 * Data is decoded to a place of its own, one record behind another; keys stay where they are in the text, which is only
 * read. Columns hold addresses.
 */
import { decodeBase64, decodedEnd } from "./base64";
import { decimalWords } from "./decimal";
import { skipSpace, surplusBytes, textEnd } from "./json-text";
import { dropKeys, flushKeys, hashKey } from "./md5";

const RECORD_COUNT_MAX: u32 = 500;
const DATA_BYTES_MAX: usize = 10485760;
const PARTITION_KEY_UNITS_MAX: usize = 256;
const NO_PARTITION_KEY: u32 = 0xffff;

const QUOTE: u32 = 0x22;
const COMMA: u32 = 0x2c;
const COLON: u32 = 0x3a;
const LIST_BEGIN: u32 = 0x5b;
const LIST_END: u32 = 0x5d;
const OBJECT_BEGIN: u32 = 0x7b;
const OBJECT_END: u32 = 0x7d;

// Members, as bits of what has been seen.
const DATA: u32 = 1;
const PARTITION_KEY: u32 = 2;
const EXPLICIT_HASH_KEY: u32 = 4;
const STREAM_NAME: u32 = 8;
const STREAM_ARN: u32 = 16;
const ORDERING: u32 = 32;
const DRY_RUN: u32 = 64;
const RECORDS: u32 = 128;

/**
 * What was found beside the records, 32-bit words: StreamName's first byte and its end, StreamARN's, and
 * SequenceNumberForOrdering's, 0 where the member is absent; then 0 (DryRun absent), 1 (false) or 2 (true).
 */
const REST: usize = memory.data(28, 4);
const REST_BYTES: usize = 28;

export function restOfPut(): usize {
  return REST;
}

// The record that is being read.
let dataAt: usize = 0;
let dataBytes: usize = 0;
let keyAt: usize = 0;
let keyBytes: usize = 0;
let hashKeyAt: usize = 0;
let hashKeyDigits: usize = 0;

// Where the columns begin, and how many records they hold by now.
let dataStartColumn: usize = 0;
let dataBytesColumn: usize = 0;
let keyStartColumn: usize = 0;
let keyBytesColumn: usize = 0;
let hashKeyColumn: usize = 0;
let count: usize = 0;
/** Where the next record's data goes. */
let decodeAt: usize = 0;

/**
 * Columns have room for `capacity` records: 16 bytes each of hash key, then 4 of data's place, 4 of its length, 4 of the
 * key's place, 2 of its length.
 */
function beginColumns(columns: usize, capacity: usize): void {
  hashKeyColumn = columns;
  dataStartColumn = columns + (capacity << 4);
  dataBytesColumn = dataStartColumn + (capacity << 2);
  keyStartColumn = dataBytesColumn + (capacity << 2);
  keyBytesColumn = keyStartColumn + (capacity << 2);
  count = 0;
  memory.fill(REST, 0, REST_BYTES);
}

/**
 * Returns the number of records. `text` is followed by a zero byte and 64 bytes that may be read; at `decoded` there is
 * room for three quarters of it and 16 bytes.
 */
export function scanPutRecords(text: usize, textBytes: usize, columns: usize, decoded: usize): u32 {
  beginColumns(columns, RECORD_COUNT_MAX);
  decodeAt = decoded;
  const isRead = behindRequest(text, RECORDS | STREAM_NAME | STREAM_ARN | DRY_RUN, RECORDS) === text + textBytes;
  if (!isRead) return refused();
  flushKeys();
  return <u32>count;
}

/** As `scanPutRecords()`, with columns for one record. */
export function scanPutRecord(text: usize, textBytes: usize, columns: usize, decoded: usize): u32 {
  beginColumns(columns, 1);
  decodeAt = decoded;
  const record = DATA | PARTITION_KEY | EXPLICIT_HASH_KEY;
  const isRead = behindRequest(text, record | STREAM_NAME | STREAM_ARN | DRY_RUN | ORDERING, DATA) === text + textBytes;
  if (!isRead) return refused();
  flushKeys();
  return 1;
}

function refused(): u32 {
  dropKeys();
  return 0;
}

/** Behind the object and the white space around it; 0 when it is not one of the allowed members, or lacks the needed one. */
function behindRequest(at: usize, allowed: u32, needed: u32): usize {
  at = skipSpace(at);
  if (load<u8>(at) !== OBJECT_BEGIN) return 0;
  let seen: u32 = 0;
  while (true) {
    at = skipSpace(at + 1);
    const member = memberAt(at);
    if ((member & allowed & ~seen) === 0) return 0;
    seen |= member;
    at = valueAt(at + nameBytes(member));
    at = (member & RECORDS) !== 0 ? behindRecords(at) : behindValue(at, member);
    if (at === 0) return 0;
    at = skipSpace(at);
    if (load<u8>(at) !== COMMA) break;
  }
  if (load<u8>(at) !== OBJECT_END || (seen & needed) === 0) return 0;
  if ((seen & DATA) !== 0 && !endRecord(seen)) return 0;
  return skipSpace(at + 1);
}

function behindRecords(at: usize): usize {
  if (load<u8>(at) !== LIST_BEGIN) return 0;
  while (true) {
    at = behindRecord(skipSpace(at + 1));
    if (at === 0) return 0;
    at = skipSpace(at);
    if (load<u8>(at) !== COMMA) break;
  }
  return load<u8>(at) === LIST_END ? at + 1 : 0;
}

function behindRecord(at: usize): usize {
  if (load<u8>(at) !== OBJECT_BEGIN || count === RECORD_COUNT_MAX) return 0;
  let seen: u32 = 0;
  while (true) {
    at = skipSpace(at + 1);
    const member = memberAt(at);
    if ((member & (DATA | PARTITION_KEY | EXPLICIT_HASH_KEY) & ~seen) === 0) return 0;
    seen |= member;
    at = behindValue(valueAt(at + nameBytes(member)), member);
    if (at === 0) return 0;
    at = skipSpace(at);
    if (load<u8>(at) !== COMMA) break;
  }
  if (load<u8>(at) !== OBJECT_END || !endRecord(seen)) return 0;
  return at + 1;
}

/** The member whose name, with its quotes, is at `at`; 0 for any other. */
function memberAt(at: usize): u32 {
  if (load<u8>(at) !== QUOTE) return 0;
  switch (load<u32>(at, 1)) {
    case 0x61746144: // "Data"
      return load<u8>(at, 5) === QUOTE ? DATA : 0;
    case 0x74726150: // "Part" "itionKey" "
      return load<u32>(at, 5) === 0x6f697469 && load<u32>(at, 9) === 0x79654b6e && load<u8>(at, 13) === QUOTE
        ? PARTITION_KEY
        : 0;
    case 0x6c707845: // "Expl" "icitHash" "Key" "
      return load<u32>(at, 5) === 0x74696369 && load<u32>(at, 9) === 0x68736148 && load<u32>(at, 13) === 0x2279654b
        ? EXPLICIT_HASH_KEY
        : 0;
    case 0x6f636552: // "Reco" "rds" "
      return load<u32>(at, 5) === 0x22736472 ? RECORDS : 0;
    case 0x52797244: // "DryR" "un" "
      return load<u16>(at, 5) === 0x6e75 && load<u8>(at, 7) === QUOTE ? DRY_RUN : 0;
    case 0x65727453: // "Stre" "amNa" "me" " or "Stre" "amAR" "N" "
      if (load<u32>(at, 5) === 0x614e6d61) {
        return load<u16>(at, 9) === 0x656d && load<u8>(at, 11) === QUOTE ? STREAM_NAME : 0;
      }
      return load<u32>(at, 5) === 0x52416d61 && load<u16>(at, 9) === 0x224e ? STREAM_ARN : 0;
    case 0x75716553: // "Sequ" "enceNumb" "erForOrd" "erin" "g" "
      return load<u32>(at, 5) === 0x65636e65 &&
        load<u32>(at, 9) === 0x626d754e &&
        load<u32>(at, 13) === 0x6f467265 &&
        load<u32>(at, 17) === 0x64724f72 &&
        load<u32>(at, 21) === 0x6e697265 &&
        load<u16>(at, 25) === 0x2267
        ? ORDERING
        : 0;
    default:
      return 0;
  }
}

/** With both quotes. */
function nameBytes(member: u32): usize {
  switch (member) {
    case DATA:
      return 6;
    case PARTITION_KEY:
      return 14;
    case EXPLICIT_HASH_KEY:
      return 17;
    case RECORDS:
      return 9;
    case DRY_RUN:
      return 8;
    case STREAM_NAME:
      return 12;
    case STREAM_ARN:
      return 11;
    default:
      return 27;
  }
}

/** The place of the value behind a name; 0 without a colon. */
function valueAt(at: usize): usize {
  at = skipSpace(at);
  return load<u8>(at) === COLON ? skipSpace(at + 1) : 0;
}

function behindValue(at: usize, member: u32): usize {
  if (at === 0) return 0;
  if (member === DRY_RUN) return behindDryRun(at);
  if (load<u8>(at) !== QUOTE) return 0;
  at += 1;
  if (member === DATA) {
    const end = decodeBase64(at, decodeAt);
    if (end === 0) return 0;
    dataAt = decodeAt;
    dataBytes = decodedEnd - decodeAt;
    decodeAt = decodedEnd;
    return dataBytes <= DATA_BYTES_MAX ? end + 1 : 0;
  }
  const end = textEnd(at);
  if (end === 0) return 0;
  const bytes = end - at;
  if (member === PARTITION_KEY) {
    keyAt = at;
    keyBytes = bytes;
    return bytes > 0 && bytes - surplusBytes <= PARTITION_KEY_UNITS_MAX ? end + 1 : 0;
  }
  if (member === EXPLICIT_HASH_KEY) {
    hashKeyAt = at;
    hashKeyDigits = bytes;
    return end + 1;
  }
  // What is left is a name or a number, given to JavaScript as Latin-1.
  if (surplusBytes > 0) return 0;
  const slot: usize = member === STREAM_NAME ? 0 : member === STREAM_ARN ? 8 : 16;
  store<u32>(REST + slot, <u32>at);
  store<u32>(REST + slot, <u32>end, 4);
  return end + 1;
}

function behindDryRun(at: usize): usize {
  if (load<u32>(at) === 0x65757274) {
    store<u32>(REST, 2, 24);
    return at + 4;
  }
  if (load<u32>(at) === 0x736c6166 && load<u8>(at, 4) === 0x65) {
    store<u32>(REST, 1, 24);
    return at + 5;
  }
  return 0;
}

/** Adds a row to the columns. False without data, or with an explicit hash key that is not a number below 2^128. */
function endRecord(seen: u32): bool {
  if ((seen & DATA) === 0) return false;
  const hasKey = (seen & PARTITION_KEY) !== 0;
  const target = hashKeyColumn + (count << 4);
  if ((seen & EXPLICIT_HASH_KEY) !== 0) {
    if (!decimalWords(hashKeyAt, hashKeyDigits, target)) return false;
  } else if (hasKey) {
    hashKey(keyAt, keyBytes, target);
  } else {
    v128.store(target, i32x4.splat(0));
  }
  store<u32>(dataStartColumn + (count << 2), <u32>dataAt);
  store<u32>(dataBytesColumn + (count << 2), <u32>dataBytes);
  store<u32>(keyStartColumn + (count << 2), hasKey ? <u32>keyAt : <u32>dataAt);
  store<u16>(keyBytesColumn + (count << 1), hasKey ? <u16>keyBytes : <u16>NO_PARTITION_KEY);
  count += 1;
  return true;
}
