/**
 * Reads the JSON of an ordinary PutRecords or PutRecord straight into columns. Anything unusual (an escape, a member twice
 * or unknown, null, another type, bytes that are not UTF-8, base64 that is not strict, a broken constraint) ends it with
 * 0: then the general path decides, and words the error if there is one.
 *
 * Data is decoded to memory behind the columns, one record behind another; keys stay in the text, which is only read.
 */
import { decodeBase64, decodedEnd } from "./base64";
import { skipSpace, surplusBytes, textEnd } from "./json-text";
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
  othersAddress,
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

const PARTITION_KEY_UNITS_MAX: usize = 256;

const QUOTE: u32 = 0x22;
const COMMA: u32 = 0x2c;
const COLON: u32 = 0x3a;
const LIST_BEGIN: u32 = 0x5b;
const LIST_END: u32 = 0x5d;
const OBJECT_BEGIN: u32 = 0x7b;
const OBJECT_END: u32 = 0x7d;

/** Where both scanners leave the members beside the records; see put-columns.ts. */
export function otherMembers(): usize {
  return othersAddress();
}

// The record that is being read.
let dataAt: usize = 0;
let dataBytes: usize = 0;
let keyAt: usize = 0;
let keyBytes: usize = 0;
let hashKeyAt: usize = 0;
let hashKeyDigits: usize = 0;

/** The address that the next record's data is decoded to. */
let decodeAt: usize = 0;

/**
 * Returns the number of records. `text` is followed by a zero byte and 64 bytes that may be read; at `decoded`, three
 * quarters of its length and 16 bytes may be written.
 */
export function scanPutRecords(text: usize, textBytes: usize, columns: usize, decoded: usize): u32 {
  beginColumns(columns, RECORD_COUNT_MAX);
  clearOthers();
  decodeAt = decoded;
  const isRead = behindRequest(text, RECORDS | STREAM_NAME | STREAM_ARN | DRY_RUN, RECORDS) === text + textBytes;
  if (!isRead) return refused();
  flushKeys();
  return <u32>rowCount;
}

/** As `scanPutRecords()`, with columns for one record. */
export function scanPutRecord(text: usize, textBytes: usize, columns: usize, decoded: usize): u32 {
  beginColumns(columns, 1);
  clearOthers();
  decodeAt = decoded;
  const allowed = RECORD_MEMBERS | STREAM_NAME | STREAM_ARN | DRY_RUN | ORDERING;
  const isRead = behindRequest(text, allowed, DATA) === text + textBytes;
  if (!isRead) return refused();
  flushKeys();
  return 1;
}

function refused(): u32 {
  dropKeys();
  return 0;
}

/** The address behind the object and the white space around it; 0 when a member is not allowed, or the needed one absent. */
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
  if (load<u8>(at) !== OBJECT_BEGIN || rowCount === RECORD_COUNT_MAX) return 0;
  let seen: u32 = 0;
  while (true) {
    at = skipSpace(at + 1);
    const member = memberAt(at);
    if ((member & RECORD_MEMBERS & ~seen) === 0) return 0;
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

/** The length of a name with both quotes. */
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

/** The address of the value behind a name; 0 without a colon. */
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
  if (surplusBytes > 0) return 0;
  setText(member, at, end);
  return end + 1;
}

function behindDryRun(at: usize): usize {
  if (load<u32>(at) === 0x65757274) {
    setDryRun(true);
    return at + 4;
  }
  if (load<u32>(at) === 0x736c6166 && load<u8>(at, 4) === 0x65) {
    setDryRun(false);
    return at + 5;
  }
  return 0;
}

/** False without data, or with an explicit hash key that is not a number below 2^128. */
function endRecord(seen: u32): bool {
  if ((seen & DATA) === 0) return false;
  const key: usize = (seen & PARTITION_KEY) !== 0 ? keyAt : 0;
  const explicitHashKey: usize = (seen & EXPLICIT_HASH_KEY) !== 0 ? hashKeyAt : 0;
  return addRow(dataAt, dataBytes, key, keyBytes, explicitHashKey, hashKeyDigits);
}
