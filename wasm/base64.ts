/** Base64 in its strictest form, both ways: padded, the standard alphabet only, no bits left over. */

const QUOTE: u32 = 0x22;
const PAD: u32 = 0x3d;
/** What no letter of the alphabet decodes to. */
const INVALID: u32 = 0xff;

/** Letter to six bits, `INVALID` for every other byte. */
const VALUES: usize = memory.data(256);
const ALPHABET: usize = memory.data<u8>([
  65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 97, 98, 99,
  100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 48,
  49, 50, 51, 52, 53, 54, 55, 56, 57, 43, 47,
]);

memory.fill(VALUES, <u8>INVALID, 256);
for (let value: usize = 0; value < 64; value += 1) store<u8>(VALUES + load<u8>(ALPHABET + value), <u8>value);

/*
 * Both nibbles of a letter look up a set of bits; a letter of the alphabet is one whose two sets have nothing in common.
 * The high nibble (less one for "/") also says how far the letter is from its value. After W. Mula and D. Lemire,
 * "Faster Base64 Encoding and Decoding using AVX2 Instructions", 2018. The relaxed instructions give the same on every
 * processor here: no index is from 16 to 127, and both sides of the product are below 128.
 */
const LOW_FAULTS: usize = memory.data<u8>(
  [0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a],
  16,
);
const HIGH_FAULTS: usize = memory.data<u8>(
  [0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10],
  16,
);
const NIBBLE: usize = memory.data<u32>([0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f], 16);
const SLASH: usize = memory.data<u32>([0x2f2f2f2f, 0x2f2f2f2f, 0x2f2f2f2f, 0x2f2f2f2f], 16);
const DISTANCES: usize = memory.data<i8>([0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0], 16);
/** Two letters become twelve bits, two of those 24. */
const PAIR_WEIGHTS: usize = memory.data<u32>([0x01400140, 0x01400140, 0x01400140, 0x01400140], 16);
const QUAD_WEIGHTS: usize = memory.data<u32>([0x00011000, 0x00011000, 0x00011000, 0x00011000], 16);
/** Twelve bytes in the order of the text, then four of rubbish. */
const ORDER: usize = memory.data<i8>([2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1], 16);

/** The address behind the last byte that `decodeBase64()` wrote. */
export let decodedEnd: usize = 0;

/**
 * Decodes the string whose first character is at `at`, to `out`: over itself, or where 16 bytes more than are decoded may
 * be written. Returns the address of the closing quote, or 0 when this is not a string of strict base64. Needs no end,
 * since a zero byte follows every text. May read 32 bytes beyond that.
 */
export function decodeBase64(at: usize, out: usize): usize {
  // Loaded once: the compiler would make constants again in every turn of the loop.
  const lowFaults = v128.load(LOW_FAULTS);
  const highFaults = v128.load(HIGH_FAULTS);
  const nibble = v128.load(NIBBLE);
  const slash = v128.load(SLASH);
  const distances = v128.load(DISTANCES);
  const pairWeights = v128.load(PAIR_WEIGHTS);
  const quadWeights = v128.load(QUAD_WEIGHTS);
  const order = v128.load(ORDER);
  while (true) {
    const first = v128.load(at);
    const second = v128.load(at, 16);
    const firstHigh = v128.and(i16x8.shr_u(first, 4), nibble);
    const secondHigh = v128.and(i16x8.shr_u(second, 4), nibble);
    const firstFaults = v128.and(
      i8x16.relaxed_swizzle(lowFaults, v128.and(first, nibble)),
      i8x16.relaxed_swizzle(highFaults, firstHigh),
    );
    const secondFaults = v128.and(
      i8x16.relaxed_swizzle(lowFaults, v128.and(second, nibble)),
      i8x16.relaxed_swizzle(highFaults, secondHigh),
    );
    if (v128.any_true(v128.or(firstFaults, secondFaults))) break;
    const firstDistance = i8x16.relaxed_swizzle(distances, i8x16.add(i8x16.eq(first, slash), firstHigh));
    const secondDistance = i8x16.relaxed_swizzle(distances, i8x16.add(i8x16.eq(second, slash), secondHigh));
    const firstPairs = i16x8.relaxed_dot_i8x16_i7x16_s(pairWeights, i8x16.add(first, firstDistance));
    const secondPairs = i16x8.relaxed_dot_i8x16_i7x16_s(pairWeights, i8x16.add(second, secondDistance));
    v128.store(out, i8x16.relaxed_swizzle(i32x4.dot_i16x8_s(firstPairs, quadWeights), order));
    v128.store(out, i8x16.relaxed_swizzle(i32x4.dot_i16x8_s(secondPairs, quadWeights), order), 12);
    at += 32;
    out += 24;
  }
  const letters = v128.load(at);
  const high = v128.and(i16x8.shr_u(letters, 4), nibble);
  const faults = v128.and(
    i8x16.relaxed_swizzle(lowFaults, v128.and(letters, nibble)),
    i8x16.relaxed_swizzle(highFaults, high),
  );
  if (v128.any_true(faults)) return decodeTail(at, out);
  const distance = i8x16.relaxed_swizzle(distances, i8x16.add(i8x16.eq(letters, slash), high));
  const pairs = i16x8.relaxed_dot_i8x16_i7x16_s(pairWeights, i8x16.add(letters, distance));
  v128.store(out, i8x16.relaxed_swizzle(i32x4.dot_i16x8_s(pairs, quadWeights), order));
  return decodeTail(at + 16, out + 12);
}

/** The last letters, four at a time, and the padding. */
function decodeTail(at: usize, out: usize): usize {
  while (true) {
    const a = sextetAt(at);
    if (a === INVALID) {
      decodedEnd = out;
      return load<u8>(at) === QUOTE ? at : 0;
    }
    const b = sextetAt(at + 1);
    if (b === INVALID) return 0;
    const c = sextetAt(at + 2);
    const d = sextetAt(at + 3);
    if ((c | d) === INVALID) return decodePadded(at, out, (a << 18) | (b << 12), c);
    store<u16>(out, <u16>bswap<u16>(<u16>((a << 10) | (b << 4) | (c >> 2))));
    store<u8>(out, <u8>((c << 6) | d), 2);
    at += 4;
    out += 3;
  }
}

function sextetAt(at: usize): u32 {
  return load<u8>(VALUES + load<u8>(at));
}

/** Two letters and "==", or three and "="; anything else that made the last four invalid is refused. */
function decodePadded(at: usize, out: usize, bits: u32, third: u32): usize {
  if (load<u8>(at, 3) !== PAD || load<u8>(at, 4) !== QUOTE) return 0;
  if (third === INVALID) {
    if (load<u8>(at, 2) !== PAD || (bits & 0xffff) !== 0) return 0;
    store<u8>(out, <u8>(bits >> 16));
    decodedEnd = out + 1;
    return at + 4;
  }
  if ((third & 3) !== 0) return 0;
  store<u8>(out, <u8>(bits >> 16));
  store<u8>(out, <u8>((bits | (third << 6)) >> 8), 1);
  decodedEnd = out + 2;
  return at + 4;
}

// Encoding: three bytes are spread over four, each of which takes six of their bits.
const SPREAD: usize = memory.data<i8>([1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10], 16);
const FIRST: usize = memory.data<u32>([0x0000003f, 0x0000003f, 0x0000003f, 0x0000003f], 16);
const THIRD: usize = memory.data<u32>([0x003f0000, 0x003f0000, 0x003f0000, 0x003f0000], 16);
const SECOND_AND_FOURTH: usize = memory.data<u32>([0x003f03f0, 0x003f03f0, 0x003f03f0, 0x003f03f0], 16);
const SECOND_AND_FOURTH_WEIGHTS: usize = memory.data<u32>([0x01000010, 0x01000010, 0x01000010, 0x01000010], 16);
/** By kind of value: how far the letter is from it. 0: "a" to "z", 1 to 10: digits, 11: "+", 12: "/", 13: "A" to "Z". */
const LETTER_DISTANCES: usize = memory.data<i8>([71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0], 16);
const SMALL_LETTERS_END: usize = memory.data<u32>([0x33333333, 0x33333333, 0x33333333, 0x33333333], 16);
const CAPITALS_END: usize = memory.data<u32>([0x1a1a1a1a, 0x1a1a1a1a, 0x1a1a1a1a, 0x1a1a1a1a], 16);
const CAPITALS_KIND: usize = memory.data<u32>([0x0d0d0d0d, 0x0d0d0d0d, 0x0d0d0d0d, 0x0d0d0d0d], 16);
/** Sixteen bytes of ones, then sixteen of zeros: a window over both keeps the first bytes of a vector. */
const KEEP: usize = memory.data(32, 16);

memory.fill(KEEP, 0xff, 16);

/** Returns the address behind the last letter. Reads up to 16 bytes, and writes up to 16, beyond the end. */
export function encodeBase64(from: usize, bytes: usize, out: usize): usize {
  const spread = v128.load(SPREAD);
  const firstMask = v128.load(FIRST);
  const thirdMask = v128.load(THIRD);
  const others = v128.load(SECOND_AND_FOURTH);
  const weights = v128.load(SECOND_AND_FOURTH_WEIGHTS);
  const distances = v128.load(LETTER_DISTANCES);
  const smallLettersEnd = v128.load(SMALL_LETTERS_END);
  const capitalsEnd = v128.load(CAPITALS_END);
  const capitalsKind = v128.load(CAPITALS_KIND);
  let left = bytes;
  while (true) {
    // The last turn has fewer than twelve bytes, zeros behind them.
    const isLast = left < 12;
    let given = v128.load(from);
    if (isLast) given = v128.and(given, v128.load(KEEP + 16 - left));
    const wide = i8x16.relaxed_swizzle(given, spread);
    const firstAndThird = v128.or(
      v128.and(i16x8.shr_u(wide, 10), firstMask),
      v128.and(i16x8.shr_u(wide, 6), thirdMask),
    );
    const values = v128.or(firstAndThird, i16x8.mul(v128.and(wide, others), weights));
    const kinds = v128.or(
      i8x16.sub_sat_u(values, smallLettersEnd),
      v128.and(i8x16.lt_s(values, capitalsEnd), capitalsKind),
    );
    v128.store(out, i8x16.add(i8x16.relaxed_swizzle(distances, kinds), values));
    if (isLast) break;
    from += 12;
    out += 16;
    left -= 12;
  }
  out += ((left + 2) / 3) * 4;
  const over = left % 3;
  if (over === 1) store<u16>(out - 2, 0x3d3d);
  else if (over === 2) store<u8>(out - 1, <u8>PAD);
  return out;
}
