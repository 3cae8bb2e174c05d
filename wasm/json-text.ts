/*
 * The little of JSON's grammar that an ordinary put needs. A zero byte follows every text, which is neither white space
 * nor part of any string, so that no loop checks for the end.
 */

const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;

/** Bytes less UTF-16 units of the last text that `textEnd()` read. */
export let surplusBytes: usize = 0;

export function skipSpace(at: usize): usize {
  let byte = <u32>load<u8>(at);
  while (byte <= 0x20 && (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)) {
    at += 1;
    byte = load<u8>(at);
  }
  return at;
}

/**
 * The address of the quote that ends the string whose first character is at `at`; 0 when it has an escape, a control
 * character, or bytes that are not UTF-8. May read 16 bytes beyond the text's end.
 */
export function textEnd(at: usize): usize {
  surplusBytes = 0;
  while (true) {
    at = asciiEnd(at);
    const byte = <u32>load<u8>(at);
    if (byte === QUOTE) return at;
    if (byte < 0x80) return 0;
    at = sequenceEnd(at, byte);
    if (at === 0) return 0;
  }
}

/** The first byte at or behind `at` that is a quote, a backslash, a control character or not ASCII. */
function asciiEnd(at: usize): usize {
  while (true) {
    const bytes = v128.load(at);
    const special = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(<i8>QUOTE)), i8x16.eq(bytes, i8x16.splat(<i8>BACKSLASH))),
      // As signed numbers what is not ASCII is negative.
      i8x16.lt_s(bytes, i8x16.splat(0x20)),
    );
    const mask = i8x16.bitmask(special);
    if (mask !== 0) return at + ctz(mask);
    at += 16;
  }
}

/** The address behind one character of two to four bytes; 0 when it is not well formed (RFC 3629, section 4). */
export function sequenceEnd(at: usize, lead: u32): usize {
  const second = <u32>load<u8>(at, 1);
  if (lead < 0xe0) {
    if (lead < 0xc2 || !isContinuation(second)) return 0;
    surplusBytes += 1;
    return at + 2;
  }
  if (!isContinuation(second) || !isContinuation(load<u8>(at, 2))) return 0;
  surplusBytes += 2;
  if (lead < 0xf0) {
    if ((lead === 0xe0 && second < 0xa0) || (lead === 0xed && second >= 0xa0)) return 0;
    return at + 3;
  }
  if (lead > 0xf4 || (lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second >= 0x90)) return 0;
  return isContinuation(load<u8>(at, 3)) ? at + 4 : 0;
}

function isContinuation(byte: u32): bool {
  return (byte & 0xc0) === 0x80;
}
