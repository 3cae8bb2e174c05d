import { compressMd5Block } from "./compress-md5-block.ts";

/** The largest hash key; the key space is [0, 2^128 - 1]. */
export const HASH_KEY_MAX = (1n << 128n) - 1n;

/** 32-bit words of a hash key in a column, the most significant first. */
export const HASH_KEY_WORDS = 4;

// Scratch memory of the calls, which do not overlap.
const state = new Int32Array(4);
const block = new Int32Array(16);

/**
 * Writes the hash key of a partition key to `out`, `HASH_KEY_WORDS` words: the MD5 of its UTF-8 bytes as a big-endian
 * number. Allocates nothing.
 */
export function hashPartitionKey(
  bytes: Uint8Array,
  start: number,
  length: number,
  out: Uint32Array,
  outOffset: number,
): void {
  state[0] = 0x67452301;
  state[1] = 0xefcdab89;
  state[2] = 0x98badcfe;
  state[3] = 0x10325476;

  const end = start + length;
  let at = start;
  for (; end - at >= 64; at += 64) {
    for (let word = 0, from = at; word < 16; word += 1, from += 4) block[word] = littleEndianWord(bytes, from);
    compressMd5Block(state, block);
  }

  let word = 0;
  for (; end - at >= 4; at += 4, word += 1) block[word] = littleEndianWord(bytes, at);
  let tail = 0x80 << ((end - at) * 8);
  for (let shift = 0; at < end; at += 1, shift += 8) tail |= (bytes[at] as number) << shift;
  block[word] = tail;
  word += 1;
  if (word > 14) {
    for (; word < 16; word += 1) block[word] = 0;
    compressMd5Block(state, block);
    word = 0;
  }
  for (; word < 14; word += 1) block[word] = 0;
  block[14] = length << 3;
  block[15] = length >>> 29;
  compressMd5Block(state, block);

  for (let i = 0; i < HASH_KEY_WORDS; i += 1) out[outOffset + i] = byteSwapped(state[i] as number);
}

/**
 * Writes an ExplicitHashKey to `out`, `HASH_KEY_WORDS` words. False for 2^128 or more, and for text other than digits; `out`
 * is undefined then.
 */
export function parseExplicitHashKey(decimal: string, out: Uint32Array, outOffset: number): boolean {
  out.fill(0, outOffset, outOffset + HASH_KEY_WORDS);
  // Six digits at a time: 2^32 * 10^6 is exact in a double.
  for (let at = 0; at < decimal.length; ) {
    const chunkEnd = Math.min(at + 6, decimal.length);
    let carry = 0;
    let scale = 1;
    for (; at < chunkEnd; at += 1) {
      const digit = decimal.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) return false;
      carry = carry * 10 + digit;
      scale *= 10;
    }
    for (let i = outOffset + HASH_KEY_WORDS - 1; i >= outOffset; i -= 1) {
      const product = (out[i] as number) * scale + carry;
      out[i] = product;
      carry = Math.floor(product / 0x1_0000_0000);
    }
    if (carry > 0) return false;
  }
  return decimal.length > 0;
}

/** Writes a hash key to `out`, `HASH_KEY_WORDS` words. */
export function writeHashKey(hashKey: bigint, out: Uint32Array, offset: number): void {
  for (let i = HASH_KEY_WORDS - 1, rest = hashKey; i >= 0; i -= 1, rest >>= 32n) {
    out[offset + i] = Number(rest & 0xffff_ffffn);
  }
}

function littleEndianWord(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

function byteSwapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}
