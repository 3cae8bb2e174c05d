import { BYTES, FALSE, NEGATIVE, TEXT, TRUE, UNSIGNED } from "./cbor-head.ts";

const INITIAL_BYTES = 1024;
const WORD = 0x1_0000_0000;
/** The longest head. */
export const HEAD_BYTES_MAX = 9;
/** A code unit never takes more than this in UTF-8. */
const UTF8_BYTES_PER_UNIT_MAX = 3;

/** Writes a head with the shortest form of its argument. Returns the offset behind it. */
export function writeHead(out: Buffer, at: number, majorType: number, argument: number): number {
  const type = majorType << 5;
  if (argument < 24) {
    out[at] = type | argument;
    return at + 1;
  }
  if (argument < 0x100) {
    out[at] = type | 24;
    out[at + 1] = argument;
    return at + 2;
  }
  if (argument < 0x1_0000) {
    out[at] = type | 25;
    return out.writeUInt16BE(argument, at + 1);
  }
  if (argument < WORD) {
    out[at] = type | 26;
    return out.writeUInt32BE(argument, at + 1);
  }
  out[at] = type | 27;
  out.writeUInt32BE(Math.floor(argument / WORD), at + 1);
  return out.writeUInt32BE(argument % WORD, at + 5);
}

/** A whole number that a double holds exactly. */
export function writeInteger(out: Buffer, at: number, value: number): number {
  return value < 0 ? writeHead(out, at, NEGATIVE, -1 - value) : writeHead(out, at, UNSIGNED, value);
}

/** Puts items behind one another into memory that grows with them. */
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

  /** Items that are encoded already, a byte per character. */
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
