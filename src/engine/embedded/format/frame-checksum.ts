import { crc32 } from "node:zlib";
import { wasmChecksumFor } from "../io/checksum-wasm.ts";

/** Up to here the tables are faster than the call into native code. */
const byTableBytesMax = 192;
const tableCount = 4;
/** From here on the vectors of WebAssembly are faster than native code. */
const byWasmBytesMin = 3072;

/** Table `t` at `256 * t`: what a byte does to the checksum when `t` zero bytes follow it. */
const tables = makeTables();

/** CRC-32 as zlib computes it, of bytes `from` to `to`, which are within `bytes`; `seed` is its initial value. */
export function frameChecksum(bytes: Buffer, from: number, to: number, seed: number): number {
  const length = to - from;
  if (length >= byWasmBytesMin) {
    const checksum = wasmChecksumFor(bytes.buffer);
    if (checksum !== undefined) return checksum(bytes.byteOffset + from, length, seed) >>> 0;
  }
  if (length > byTableBytesMax) return crc32(bytes.subarray(from, to), seed);
  let state = ~seed;
  let at = from;
  for (const last = to - tableCount; at <= last; at += tableCount) {
    state ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    state =
      (tables[768 + (state & 0xff)] as number) ^
      (tables[512 + ((state >>> 8) & 0xff)] as number) ^
      (tables[256 + ((state >>> 16) & 0xff)] as number) ^
      (tables[state >>> 24] as number);
  }
  for (; at < to; at += 1) state = (state >>> 8) ^ (tables[(state ^ (bytes[at] as number)) & 0xff] as number);
  return ~state >>> 0;
}

function makeTables(): Int32Array {
  const made = new Int32Array(tableCount * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let state = byte;
    for (let bit = 0; bit < 8; bit += 1) state = (state & 1) === 1 ? (state >>> 1) ^ 0xedb88320 : state >>> 1;
    made[byte] = state;
  }
  for (let entry = 256; entry < made.length; entry += 1) {
    const before = made[entry - 256] as number;
    made[entry] = (before >>> 8) ^ (made[before & 0xff] as number);
  }
  return made;
}
