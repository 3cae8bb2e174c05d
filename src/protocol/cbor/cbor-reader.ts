import assert from "node:assert/strict";
import {
  ARGUMENT_AT,
  argumentAt,
  BREAK,
  BYTES,
  DOUBLE,
  FALSE,
  HALF,
  headBytes,
  INDEFINITE,
  INFO_MASK,
  LIST,
  MAP,
  NEGATIVE,
  SINGLE,
  TAG,
  TEXT,
  TRUE,
  TYPE_SHIFT,
  UNSIGNED,
} from "./cbor-head.ts";
import { wellFormedItemEnd } from "./check-well-formed.ts";

export type CborKind = "integer" | "bytes" | "text" | "list" | "map" | "boolean" | "float" | "null";

/** Reads bytes that `itemEnd()` found well formed, so that nothing is checked again. */
export class CborReader {
  readonly bytes: Buffer;
  /** Offset of the next item. */
  at: number;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.at = 0;
  }

  /** The kind of the next item. Skips the tags before it: Kinesis uses one, where the shape says that it is a time. */
  kind(): CborKind {
    let initial = this.bytes[this.at] as number;
    for (; initial >>> TYPE_SHIFT === TAG; initial = this.bytes[this.at] as number)
      this.at += headBytes(initial & INFO_MASK);
    switch (initial >>> TYPE_SHIFT) {
      case UNSIGNED:
      case NEGATIVE:
        return "integer";
      case BYTES:
        return "bytes";
      case TEXT:
        return "text";
      case LIST:
        return "list";
      case MAP:
        return "map";
      default:
        if (initial >= HALF) return "float";
        return initial <= TRUE ? "boolean" : "null";
    }
  }

  /** Skips one item. */
  skip(): void {
    this.at = wellFormedItemEnd(this.bytes, this.at);
  }

  /** Exact up to 2^53. */
  integer(): number {
    const isNegative = (this.bytes[this.at] as number) >>> TYPE_SHIFT === NEGATIVE;
    const argument = this.#head();
    return isNegative ? -1 - argument : argument;
  }

  boolean(): boolean {
    this.at += 1;
    return this.bytes[this.at - 1] !== FALSE;
  }

  float(): number {
    const start = this.at + ARGUMENT_AT;
    const initial = this.bytes[this.at];
    this.skip();
    switch (initial) {
      case HALF:
        return half(this.bytes.readUInt16BE(start));
      case SINGLE:
        return this.bytes.readFloatBE(start);
      default:
        assert(initial === DOUBLE, "a float has one of three sizes");
        return this.bytes.readDoubleBE(start);
    }
  }

  text(): string {
    if (this.#isIndefinite()) return this.#joined().toString("utf8");
    const length = this.#head();
    const start = this.at;
    this.at += length;
    return this.bytes.toString("utf8", start, this.at);
  }

  /** A view of the bytes that are read, unless it came in chunks. */
  byteString(): Buffer {
    if (this.#isIndefinite()) return this.#joined();
    const length = this.#head();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** Enters a list or a map: the count of its items or entries, or infinity when `atBreak()` finds its end. */
  open(): number {
    if (!this.#isIndefinite()) return this.#head();
    this.at += 1;
    return Number.POSITIVE_INFINITY;
  }

  /** Leaves a list or map of indefinite length if this is its end. Called only while items may follow. */
  atBreak(): boolean {
    if (this.bytes[this.at] !== BREAK) return false;
    this.at += 1;
    return true;
  }

  #isIndefinite(): boolean {
    return ((this.bytes[this.at] as number) & INFO_MASK) === INDEFINITE;
  }

  #head(): number {
    const argument = argumentAt(this.bytes, this.at);
    this.at += headBytes((this.bytes[this.at] as number) & INFO_MASK);
    return argument;
  }

  #joined(): Buffer {
    const chunks: Buffer[] = [];
    for (this.at += 1; !this.atBreak(); ) chunks.push(this.byteString());
    return Buffer.concat(chunks);
  }
}

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
