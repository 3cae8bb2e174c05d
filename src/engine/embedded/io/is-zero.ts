/** Up to this length a loop is faster than the call into native code. */
const byLoopBytesMax = 128;
const zeros = Buffer.alloc(64 * 1024);

/** Whether bytes `from` to `to`, which are within `bytes`, are all zero. */
export function isZero(bytes: Buffer, from: number, to: number): boolean {
  if (to - from <= byLoopBytesMax) {
    for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
    return true;
  }
  for (let at = from; at < to; at += zeros.length) {
    const end = Math.min(to, at + zeros.length);
    if (bytes.compare(zeros, 0, end - at, at, end) !== 0) return false;
  }
  return true;
}
