/**
 * The decimal digits of consecutive sequence numbers (version 2). A number of 185 bits is made into limbs once; its
 * neighbours differ by 2^80, which is an addition of limbs.
 *
 * A series in memory: u8[24] the upper digits | u32 free | u32[7] limbs of eight digits, most significant first.
 */

export const NUMBER_BYTES: usize = 56;
const LIMBS: usize = 28;
const LIMB_COUNT: usize = 7;
export const SERIES_BYTES: usize = 56;
const LIMB: u32 = 100000000;
/** The upper ones change once in thousands of records, so their digits are kept. */
const UPPER_LIMBS_BYTES: usize = 12;

// 2^80, beginning with the least significant limb.
const STEP_0: u32 = 74706176;
const STEP_1: u32 = 96146291;
const STEP_2: u32 = 20892581;
const STEP_3: u32 = 1;

/** The number in binary, 32-bit words, least significant first. */
const WORDS: usize = memory.data(24, 8);
const WORDS_BYTES: usize = 24;

/** The number of the record at `position`; the parts are those of src/streams/positions/sequence-number.ts. */
export function beginSeries(series: usize, createSecond: f64, shardIndex: u32, position: u64, second: f64): void {
  const created = <u64>createSecond;
  const low = 2 | ((<u64>shardIndex) << 4) | ((<u64>second) << 36);
  const middle = (<u64>second >> 28) | (position << 16);
  const high = (position >> 48) | ((<u64>(shardIndex & 15)) << 16) | (created << 20) | ((<u64>2) << 56);
  store<u64>(WORDS, low);
  store<u64>(WORDS, middle, 8);
  store<u64>(WORDS, high, 16);
  for (let limb: usize = LIMB_COUNT; limb > 0; limb -= 1) store<u32>(series + LIMBS + ((limb - 1) << 2), divide());
  writeUpper(series);
}

/** Divides `WORDS` by `LIMB`; returns the remainder. */
function divide(): u32 {
  let rest: u64 = 0;
  for (let at: usize = WORDS_BYTES; at > 0; at -= 4) {
    const part = (rest << 32) | load<u32>(WORDS + at - 4);
    store<u32>(WORDS + at - 4, <u32>(part / LIMB));
    rest = part % LIMB;
  }
  return <u32>rest;
}

/** Writes 56 digits to `out` and goes on to the next number. */
export function writeNext(series: usize, out: usize): void {
  let third = load<u32>(series, LIMBS + 12);
  let second = load<u32>(series, LIMBS + 16);
  let first = load<u32>(series, LIMBS + 20);
  let zeroth = load<u32>(series, LIMBS + 24);
  v128.store(out, v128.load(series));
  store<u64>(out, load<u64>(series, 16), 16);
  store<u64>(out, digits(third), 24);
  store<u64>(out, digits(second), 32);
  store<u64>(out, digits(first), 40);
  store<u64>(out, digits(zeroth), 48);

  zeroth += STEP_0;
  first += STEP_1 + <u32>(zeroth >= LIMB);
  second += STEP_2 + <u32>(first >= LIMB);
  third += STEP_3 + <u32>(second >= LIMB);
  store<u32>(series, zeroth >= LIMB ? zeroth - LIMB : zeroth, LIMBS + 24);
  store<u32>(series, first >= LIMB ? first - LIMB : first, LIMBS + 20);
  store<u32>(series, second >= LIMB ? second - LIMB : second, LIMBS + 16);
  store<u32>(series, third >= LIMB ? third - LIMB : third, LIMBS + 12);
  if (third >= LIMB) carryUp(series);
}

function carryUp(series: usize): void {
  for (let at: usize = UPPER_LIMBS_BYTES; at > 0; at -= 4) {
    const limb = load<u32>(series + LIMBS + at - 4) + 1;
    store<u32>(series + LIMBS + at - 4, limb === LIMB ? 0 : limb);
    if (limb < LIMB) break;
  }
  writeUpper(series);
}

function writeUpper(series: usize): void {
  store<u64>(series, digits(load<u32>(series, LIMBS)));
  store<u64>(series, digits(load<u32>(series, LIMBS + 4)), 8);
  store<u64>(series, digits(load<u32>(series, LIMBS + 8)), 16);
}

/**
 * A number below 10^8 as eight characters in the order of memory. Halves it three times, all halves at once: 10486 / 2^20
 * is 1/100 for four digits, 103 / 2^10 is 1/10 for two.
 */
export function digits(number: u32): u64 {
  const fours = <u64>(number / 10000) | ((<u64>(number % 10000)) << 32);
  const hundreds = ((fours * 10486) >> 20) & 0x0000007f0000007f;
  const twos = hundreds | ((fours - hundreds * 100) << 16);
  const tens = ((twos * 103) >> 10) & 0x000f000f000f000f;
  return (tens | ((twos - tens * 10) << 8)) + (((<u64>0x30303030) << 32) | 0x30303030);
}
