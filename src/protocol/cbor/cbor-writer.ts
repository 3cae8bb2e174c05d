import {
  ARGUMENT_AT,
  BYTES,
  FALSE,
  HEAD_BYTES_MAX,
  NEGATIVE,
  TEXT,
  TRUE,
  TYPE_SHIFT,
  UINT8_INFO,
  UINT16_INFO,
  UINT32_INFO,
  UINT64_INFO,
  UNSIGNED,
} from "./cbor-head.ts";

const INITIAL_BYTES = 1024;
const WORD = 0x1_0000_0000;
/** The most that one UTF-16 unit takes in UTF-8. */
const UTF8_BYTES_PER_UNIT_MAX = 3;

/** Writes a head with the shortest form of its argument. Returns the offset behind it. */
export function writeHead(out: Buffer, at: number, majorType: number, argument: number): number {
  const type = majorType << TYPE_SHIFT;
  const argumentAt = at + ARGUMENT_AT;
  if (argument < UINT8_INFO) {
    out[at] = type | argument;
    return argumentAt;
  }
  if (argument < 0x100) {
    out[at] = type | UINT8_INFO;
    out[argumentAt] = argument;
    return argumentAt + 1;
  }
  if (argument < 0x1_0000) {
    out[at] = type | UINT16_INFO;
    return out.writeUInt16BE(argument, argumentAt);
  }
  if (argument < WORD) {
    out[at] = type | UINT32_INFO;
    return out.writeUInt32BE(argument, argumentAt);
  }
  out[at] = type | UINT64_INFO;
  out.writeUInt32BE(Math.floor(argument / WORD), argumentAt);
  return out.writeUInt32BE(argument % WORD, argumentAt + 4);
}

/** A whole number that a double holds exactly. */
export function writeInteger(out: Buffer, at: number, value: number): number {
  return value < 0 ? writeHead(out, at, NEGATIVE, -1 - value) : writeHead(out, at, UNSIGNED, value);
}

/** Appends items to memory that grows with them. */
export class CborWriter {
  #out: Buffer;
  #end = 0;

  constructor(bytesExpected = INITIAL_BYTES) {
    this.#out = Buffer.allocUnsafe(bytesExpected);
  }

  head(majorType: number, argument: number): void {
    this.#reserve(HEAD_BYTES_MAX);
    this.#end = writeHead(this.#out, this.#end, majorType, argument);
  }

  integer(value: number): void {
    this.#reserve(HEAD_BYTES_MAX);
    this.#end = writeInteger(this.#out, this.#end, value);
  }

  boolean(value: boolean): void {
    this.#reserve(1);
    this.#out[this.#end++] = value ? TRUE : FALSE;
  }

  text(value: string): void {
    this.#reserve(HEAD_BYTES_MAX + value.length * UTF8_BYTES_PER_UNIT_MAX);
    this.#end = writeHead(this.#out, this.#end, TEXT, Buffer.byteLength(value));
    this.#end += this.#out.write(value, this.#end, "utf8");
  }

  byteString(value: Uint8Array): void {
    this.#reserve(HEAD_BYTES_MAX + value.length);
    this.#end = writeHead(this.#out, this.#end, BYTES, value.length);
    this.#out.set(value, this.#end);
    this.#end += value.length;
  }

  /** Encoded items, a byte per character. */
  latin1(items: string): void {
    this.#reserve(items.length);
    this.#end += this.#out.write(items, this.#end, "latin1");
  }

  finish(): Buffer {
    return this.#out.subarray(0, this.#end);
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#out.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#out.length * 2));
    this.#out.copy(grown, 0, 0, this.#end);
    this.#out = grown;
  }
}
