/**
 * The records of a GetRecords response or a pushed event, written from stored entries (src/records/entry-layout.ts): one
 * row behind another, in JSON or in CBOR, byte for byte as the general path writes them.
 */
import { encodeBase64 } from "./base64";
import { copy } from "./copy";
import { NO_PARTITION_KEY } from "./put-columns";
import { NUMBER_BYTES, writeNext } from "./sequence-number";

/*
 * A stored record: u32 bytes of the data | u16 bytes of the key, or NO_PARTITION_KEY | key | data
 */
const KEY_BYTES: usize = 4;
const RECORD_HEADER_BYTES: usize = 6;

/*
 * What is the same in all rows of a slice of records; JavaScript writes it:
 *
 *   u8[64] series of sequence numbers | u8[80] before the data | u8[48] between data and key | u8[48] between data and number
 *   of a record without a key | u8[32] between key and number | u32[4] how many bytes each of these has
 */
const BEFORE_DATA: usize = 64;
const BEFORE_KEY: usize = BEFORE_DATA + 80;
const WITHOUT_KEY: usize = BEFORE_KEY + 48;
const BEFORE_NUMBER: usize = WITHOUT_KEY + 48;
const LENGTHS: usize = BEFORE_NUMBER + 32;
// Offsets from LENGTHS.
const BEFORE_DATA_LENGTH: usize = 0;
const BEFORE_KEY_LENGTH: usize = 4;
const WITHOUT_KEY_LENGTH: usize = 8;
const BEFORE_NUMBER_LENGTH: usize = 12;
const FRAME: usize = memory.data(288, 16);

/** All of a row but its data and its key, and what the vectors write beyond a row's end. */
const ROW_BYTES_MAX: usize = 320;
/** A byte of a key as `\u001f`. */
const ESCAPED_BYTES_MAX: usize = 6;

export function rowFrame(): usize {
  return FRAME;
}

/** The address behind the last record whose row the last call wrote. */
export let rowsReadTo: usize = 0;

/**
 * Writes the rows of the records from `at` on, a comma behind each, as long as a record ends before `end` and its row
 * fits before `outEnd`. Returns the address behind the last row. May read 16 bytes beyond `end`.
 */
export function writeJsonRows(at: usize, end: usize, out: usize, outEnd: usize): usize {
  while (at + RECORD_HEADER_BYTES <= end) {
    const dataBytes = <usize>load<u32>(at);
    const storedKeyBytes = <u32>load<u16>(at, KEY_BYTES);
    const hasKey = storedKeyBytes !== NO_PARTITION_KEY;
    const keyBytes: usize = hasKey ? <usize>storedKeyBytes : 0;
    const key = at + RECORD_HEADER_BYTES;
    const data = key + keyBytes;
    if (data + dataBytes > end) break;
    if (out + ROW_BYTES_MAX + (dataBytes / 3) * 4 + keyBytes * ESCAPED_BYTES_MAX > outEnd) break;
    out = writeBeforeData(out);
    out = encodeBase64(data, dataBytes, out);
    if (hasKey) out = writeEscaped(key, keyBytes, writeText(BEFORE_KEY, BEFORE_KEY_LENGTH, out));
    out = hasKey
      ? writeText(BEFORE_NUMBER, BEFORE_NUMBER_LENGTH, out)
      : writeText(WITHOUT_KEY, WITHOUT_KEY_LENGTH, out);
    writeNext(FRAME, out);
    out += NUMBER_BYTES;
    store<u32>(out, 0x2c7d22); // "},
    out += 3;
    at = data + dataBytes;
  }
  rowsReadTo = at;
  return out;
}

/** As `writeJsonRows()`, without commas. What is before the data begins with the map's head, for a record without a key. */
export function writeCborRows(at: usize, end: usize, out: usize, outEnd: usize): usize {
  while (at + RECORD_HEADER_BYTES <= end) {
    const dataBytes = <usize>load<u32>(at);
    const storedKeyBytes = <u32>load<u16>(at, KEY_BYTES);
    const hasKey = storedKeyBytes !== NO_PARTITION_KEY;
    const keyBytes: usize = hasKey ? <usize>storedKeyBytes : 0;
    const key = at + RECORD_HEADER_BYTES;
    const data = key + keyBytes;
    if (data + dataBytes > end) break;
    if (out + ROW_BYTES_MAX + dataBytes + keyBytes > outEnd) break;
    const head = out;
    out = writeHead(0x40, <u32>dataBytes, writeBeforeData(out));
    copy(out, data, dataBytes);
    out += dataBytes;
    if (hasKey) {
      store<u8>(head, load<u8>(head) + 1);
      out = writeHead(0x60, <u32>keyBytes, writeText(BEFORE_KEY, BEFORE_KEY_LENGTH, out));
      copy(out, key, keyBytes);
      out = writeText(BEFORE_NUMBER, BEFORE_NUMBER_LENGTH, out + keyBytes);
    } else {
      out = writeText(WITHOUT_KEY, WITHOUT_KEY_LENGTH, out);
    }
    writeNext(FRAME, out);
    out += NUMBER_BYTES;
    at = data + dataBytes;
  }
  rowsReadTo = at;
  return out;
}

function writeBeforeData(out: usize): usize {
  v128.store(out, v128.load(FRAME, BEFORE_DATA));
  v128.store(out, v128.load(FRAME, BEFORE_DATA + 16), 16);
  v128.store(out, v128.load(FRAME, BEFORE_DATA + 32), 32);
  v128.store(out, v128.load(FRAME, BEFORE_DATA + 48), 48);
  v128.store(out, v128.load(FRAME, BEFORE_DATA + 64), 64);
  return out + <usize>load<u32>(FRAME, LENGTHS + BEFORE_DATA_LENGTH);
}

/** One of the three texts behind the data. */
function writeText(text: usize, length: usize, out: usize): usize {
  v128.store(out, v128.load(FRAME + text));
  v128.store(out, v128.load(FRAME + text, 16), 16);
  // The last of them is shorter; what is behind it does no harm.
  v128.store(out, v128.load(FRAME + text, 32), 32);
  return out + <usize>load<u32>(FRAME + LENGTHS + length);
}

/** A head of CBOR with a length below 2^32. */
function writeHead(type: u32, length: u32, out: usize): usize {
  if (length < 24) {
    store<u8>(out, <u8>(type | length));
    return out + 1;
  }
  if (length < 0x100) {
    store<u8>(out, <u8>(type | 24));
    store<u8>(out, <u8>length, 1);
    return out + 2;
  }
  if (length < 0x10000) {
    store<u8>(out, <u8>(type | 25));
    store<u16>(out, bswap<u16>(<u16>length), 1);
    return out + 3;
  }
  store<u8>(out, <u8>(type | 26));
  store<u32>(out, bswap<u32>(length), 1);
  return out + 5;
}

/** Copies UTF-8 into a JSON string, escaped as `JSON.stringify` does it. */
function writeEscaped(from: usize, bytes: usize, out: usize): usize {
  const end = from + bytes;
  while (from < end) {
    const text = v128.load(from);
    const special = v128.or(
      v128.or(i8x16.eq(text, i8x16.splat(0x22)), i8x16.eq(text, i8x16.splat(0x5c))),
      i8x16.lt_u(text, i8x16.splat(0x20)),
    );
    v128.store(out, text);
    const mask = i8x16.bitmask(special);
    const plain: usize = mask === 0 ? 16 : ctz(mask);
    const left = end - from;
    if (plain >= left) return out + left;
    from += plain;
    out += plain;
    if (mask !== 0) {
      out = writeEscape(load<u8>(from), out);
      from += 1;
    }
  }
  return out;
}

/** Letters behind the backslash for the bytes 8 to 13, `u` where there is none. */
const SHORT_ESCAPES: usize = memory.data<u8>([0x62, 0x74, 0x6e, 0x75, 0x66, 0x72]);

function writeEscape(byte: u32, out: usize): usize {
  store<u8>(out, 0x5c);
  if (byte >= 0x20) {
    store<u8>(out, <u8>byte, 1);
    return out + 2;
  }
  const letter = byte - 8 < 6 ? <u32>load<u8>(SHORT_ESCAPES + byte - 8) : 0x75;
  store<u8>(out, <u8>letter, 1);
  if (letter !== 0x75) return out + 2;
  const low = byte & 15;
  store<u16>(out, 0x3030, 2);
  store<u8>(out, <u8>(0x30 + (byte >> 4)), 4);
  store<u8>(out, <u8>(low < 10 ? 0x30 + low : 0x57 + low), 5);
  return out + 6;
}
