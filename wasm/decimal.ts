/** An ExplicitHashKey: the decimal digits of a number below 2^128, without leading zeros. */

const DIGIT_COUNT_MAX: usize = 39;
/** Digits whose value fits 32 bits. */
const CHUNK_DIGITS: usize = 9;

/** Writes four 32-bit words, most significant first, as a hash key has them. False when the text is anything else. */
export function decimalWords(at: usize, digits: usize, target: usize): bool {
  if (digits - 1 >= DIGIT_COUNT_MAX) return false;
  if (load<u8>(at) === 0x30 && digits > 1) return false;
  v128.store(target, i32x4.splat(0));
  const end = at + digits;
  while (at < end) {
    const chunkEnd = min(at + CHUNK_DIGITS, end);
    let carry: u64 = 0;
    let scale: u64 = 1;
    for (; at < chunkEnd; at += 1) {
      const digit = <u32>load<u8>(at) - 0x30;
      if (digit > 9) return false;
      carry = carry * 10 + digit;
      scale *= 10;
    }
    for (let word: usize = 12; ; word -= 4) {
      const product = <u64>load<u32>(target + word) * scale + carry;
      store<u32>(target + word, <u32>product);
      carry = product >> 32;
      if (word === 0) break;
    }
    if (carry !== 0) return false;
  }
  return true;
}
