/**
 * MD5 (RFC 1321) of keys, as four 32-bit words, most significant first: what a hash key is made of.
 * Keys of one block are collected and hashed four at a time, one in each lane of a vector.
 */

/** Bytes that fit one block beside the marker and the length. */
const SHORT_KEY_BYTES_MAX: usize = 55;
const LANES: usize = 4;
const BLOCK_BYTES: usize = 64;

// floor(2^32 * abs(sin(i + 1)))
const ADDENDS: usize = memory.data<u32>([
  0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8,
  0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340,
  0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87,
  0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c,
  0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039,
  0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92,
  0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
  0xeb86d391,
]);

/** 64 bytes of ones, then 64 of zeros: a window over both keeps the first bytes of a block. */
const KEEP: usize = memory.data(128, 16);
/** A block of each waiting key. */
const BLOCKS: usize = memory.data(256, 16);
/** Where each waiting key's words go. */
const TARGETS: usize = memory.data(16, 16);
/** Word i of all four blocks side by side. */
const WORDS: usize = memory.data(256, 16);
/** The padded end of a long key. */
const TAIL: usize = memory.data(128, 16);

memory.fill(KEEP, 0xff, BLOCK_BYTES);

let waiting: usize = 0;

/** Hashes the key now or with later ones; `target` has its words after `flushKeys()`. Reads up to 64 bytes at `key`. */
export function hashKey(key: usize, bytes: usize, target: usize): void {
  if (bytes > SHORT_KEY_BYTES_MAX) {
    hashLong(key, bytes, target);
    return;
  }
  pad(key, bytes, BLOCKS + waiting * BLOCK_BYTES);
  store<u32>(TARGETS + (waiting << 2), <u32>target);
  waiting += 1;
  if (waiting === LANES) flushKeys();
}

/** Forgets waiting keys: their scan was given up. */
export function dropKeys(): void {
  waiting = 0;
}

export function flushKeys(): void {
  if (waiting === 1) {
    begin();
    fold(BLOCKS);
    storeWords(load<u32>(TARGETS));
  } else if (waiting > 1) {
    hashLanes();
  }
  waiting = 0;
}

/** Copies a short key into a block, with the marker and the length in bits behind it. */
function pad(key: usize, bytes: usize, block: usize): void {
  const keep = KEEP + BLOCK_BYTES - bytes;
  v128.store(block, v128.and(v128.load(key), v128.load(keep)));
  v128.store(block, v128.and(v128.load(key, 16), v128.load(keep, 16)), 16);
  v128.store(block, v128.and(v128.load(key, 32), v128.load(keep, 32)), 32);
  v128.store(block, v128.and(v128.load(key, 48), v128.load(keep, 48)), 48);
  store<u8>(block + bytes, 0x80);
  store<u64>(block, (<u64>bytes) << 3, 56);
}

let stateA: u32 = 0;
let stateB: u32 = 0;
let stateC: u32 = 0;
let stateD: u32 = 0;

function begin(): void {
  stateA = 0x67452301;
  stateB = 0xefcdab89;
  stateC = 0x98badcfe;
  stateD = 0x10325476;
}

function hashLong(key: usize, bytes: usize, target: usize): void {
  begin();
  let left = bytes;
  for (; left >= BLOCK_BYTES; left -= BLOCK_BYTES) {
    fold(key);
    key += BLOCK_BYTES;
  }
  memory.fill(TAIL, 0, 2 * BLOCK_BYTES);
  memory.copy(TAIL, key, left);
  store<u8>(TAIL + left, 0x80);
  const tailBytes: usize = left > SHORT_KEY_BYTES_MAX ? 2 * BLOCK_BYTES : BLOCK_BYTES;
  store<u64>(TAIL + tailBytes - 8, (<u64>bytes) << 3);
  fold(TAIL);
  if (tailBytes > BLOCK_BYTES) fold(TAIL + BLOCK_BYTES);
  storeWords(target);
}

function storeWords(target: usize): void {
  store<u32>(target, bswap<u32>(stateA));
  store<u32>(target, bswap<u32>(stateB), 4);
  store<u32>(target, bswap<u32>(stateC), 8);
  store<u32>(target, bswap<u32>(stateD), 12);
}

/** One block into the state: sixteen times four steps, each turn of a loop leaves a, b, c, d in their places. */
function fold(block: usize): void {
  let a = stateA;
  let b = stateB;
  let c = stateC;
  let d = stateD;
  for (let i: usize = 0; i < 16; i += 4) {
    a = b + rotl<u32>(a + (d ^ (b & (c ^ d))) + input(block, i, i), 7);
    d = a + rotl<u32>(d + (c ^ (a & (b ^ c))) + input(block, i + 1, i + 1), 12);
    c = d + rotl<u32>(c + (b ^ (d & (a ^ b))) + input(block, i + 2, i + 2), 17);
    b = c + rotl<u32>(b + (a ^ (c & (d ^ a))) + input(block, i + 3, i + 3), 22);
  }
  for (let i: usize = 16; i < 32; i += 4) {
    a = b + rotl<u32>(a + (c ^ (d & (b ^ c))) + input(block, 5 * i + 1, i), 5);
    d = a + rotl<u32>(d + (b ^ (c & (a ^ b))) + input(block, 5 * i + 6, i + 1), 9);
    c = d + rotl<u32>(c + (a ^ (b & (d ^ a))) + input(block, 5 * i + 11, i + 2), 14);
    b = c + rotl<u32>(b + (d ^ (a & (c ^ d))) + input(block, 5 * i, i + 3), 20);
  }
  for (let i: usize = 32; i < 48; i += 4) {
    a = b + rotl<u32>(a + (b ^ c ^ d) + input(block, 3 * i + 5, i), 4);
    d = a + rotl<u32>(d + (a ^ b ^ c) + input(block, 3 * i + 8, i + 1), 11);
    c = d + rotl<u32>(c + (d ^ a ^ b) + input(block, 3 * i + 11, i + 2), 16);
    b = c + rotl<u32>(b + (c ^ d ^ a) + input(block, 3 * i + 14, i + 3), 23);
  }
  for (let i: usize = 48; i < 64; i += 4) {
    a = b + rotl<u32>(a + (c ^ (b | ~d)) + input(block, 7 * i, i), 6);
    d = a + rotl<u32>(d + (b ^ (a | ~c)) + input(block, 7 * i + 7, i + 1), 10);
    c = d + rotl<u32>(c + (a ^ (d | ~b)) + input(block, 7 * i + 14, i + 2), 15);
    b = c + rotl<u32>(b + (d ^ (c | ~a)) + input(block, 7 * i + 21, i + 3), 21);
  }
  stateA += a;
  stateB += b;
  stateC += c;
  stateD += d;
}

function input(block: usize, word: usize, step: usize): u32 {
  return load<u32>(block + ((word & 15) << 2)) + load<u32>(ADDENDS + (step << 2));
}

/** `fold()` of all four blocks at once, from the beginning of a hash to its end. */
function hashLanes(): void {
  transpose();
  let a = i32x4.splat(0x67452301);
  let b = i32x4.splat(<i32>0xefcdab89);
  let c = i32x4.splat(<i32>0x98badcfe);
  let d = i32x4.splat(0x10325476);
  for (let i: usize = 0; i < 16; i += 4) {
    a = turn(a, v128.xor(d, v128.and(b, v128.xor(c, d))), inputs(i, i), b, 7);
    d = turn(d, v128.xor(c, v128.and(a, v128.xor(b, c))), inputs(i + 1, i + 1), a, 12);
    c = turn(c, v128.xor(b, v128.and(d, v128.xor(a, b))), inputs(i + 2, i + 2), d, 17);
    b = turn(b, v128.xor(a, v128.and(c, v128.xor(d, a))), inputs(i + 3, i + 3), c, 22);
  }
  for (let i: usize = 16; i < 32; i += 4) {
    a = turn(a, v128.xor(c, v128.and(d, v128.xor(b, c))), inputs(5 * i + 1, i), b, 5);
    d = turn(d, v128.xor(b, v128.and(c, v128.xor(a, b))), inputs(5 * i + 6, i + 1), a, 9);
    c = turn(c, v128.xor(a, v128.and(b, v128.xor(d, a))), inputs(5 * i + 11, i + 2), d, 14);
    b = turn(b, v128.xor(d, v128.and(a, v128.xor(c, d))), inputs(5 * i, i + 3), c, 20);
  }
  for (let i: usize = 32; i < 48; i += 4) {
    a = turn(a, v128.xor(b, v128.xor(c, d)), inputs(3 * i + 5, i), b, 4);
    d = turn(d, v128.xor(a, v128.xor(b, c)), inputs(3 * i + 8, i + 1), a, 11);
    c = turn(c, v128.xor(d, v128.xor(a, b)), inputs(3 * i + 11, i + 2), d, 16);
    b = turn(b, v128.xor(c, v128.xor(d, a)), inputs(3 * i + 14, i + 3), c, 23);
  }
  for (let i: usize = 48; i < 64; i += 4) {
    a = turn(a, v128.xor(c, v128.or(b, v128.not(d))), inputs(7 * i, i), b, 6);
    d = turn(d, v128.xor(b, v128.or(a, v128.not(c))), inputs(7 * i + 7, i + 1), a, 10);
    c = turn(c, v128.xor(a, v128.or(d, v128.not(b))), inputs(7 * i + 14, i + 2), d, 15);
    b = turn(b, v128.xor(d, v128.or(c, v128.not(a))), inputs(7 * i + 21, i + 3), c, 21);
  }
  storeLanes(
    i32x4.add(a, i32x4.splat(0x67452301)),
    i32x4.add(b, i32x4.splat(<i32>0xefcdab89)),
    i32x4.add(c, i32x4.splat(<i32>0x98badcfe)),
    i32x4.add(d, i32x4.splat(0x10325476)),
  );
}

function turn(sum: v128, mixed: v128, given: v128, next: v128, bits: i32): v128 {
  const whole = i32x4.add(i32x4.add(sum, mixed), given);
  return i32x4.add(next, v128.or(i32x4.shl(whole, bits), i32x4.shr_u(whole, 32 - bits)));
}

function inputs(word: usize, step: usize): v128 {
  return i32x4.add(v128.load(WORDS + ((word & 15) << 4)), v128.load32_splat(ADDENDS + (step << 2)));
}

/** Four words of each block become four vectors of one word each. */
function transpose(): void {
  for (let i: usize = 0; i < BLOCK_BYTES; i += 16) {
    const to = WORDS + (i << 2);
    storeTransposed(
      v128.load(BLOCKS + i),
      v128.load(BLOCKS + i, 64),
      v128.load(BLOCKS + i, 128),
      v128.load(BLOCKS + i, 192),
      to,
    );
  }
}

function storeTransposed(r: v128, s: v128, t: v128, u: v128, to: usize): void {
  const rsLow = v128.shuffle<i32>(r, s, 0, 4, 1, 5);
  const rsHigh = v128.shuffle<i32>(r, s, 2, 6, 3, 7);
  const tuLow = v128.shuffle<i32>(t, u, 0, 4, 1, 5);
  const tuHigh = v128.shuffle<i32>(t, u, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(rsLow, tuLow, 0, 2));
  v128.store(to, v128.shuffle<i64>(rsLow, tuLow, 1, 3), 16);
  v128.store(to, v128.shuffle<i64>(rsHigh, tuHigh, 0, 2), 32);
  v128.store(to, v128.shuffle<i64>(rsHigh, tuHigh, 1, 3), 48);
}

/** Back to one row per key, and each word's bytes swapped. `WORDS` is free by now. */
function storeLanes(a: v128, b: v128, c: v128, d: v128): void {
  storeTransposed(a, b, c, d, WORDS);
  for (let lane: usize = 0; lane < waiting; lane += 1) {
    const row = v128.load(WORDS + (lane << 4));
    const swapped = i8x16.swizzle(row, i8x16(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
    v128.store(load<u32>(TARGETS + (lane << 2)), swapped);
  }
}
