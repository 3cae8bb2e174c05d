import { type IncomingRecords, NO_PARTITION_KEY } from "../../records/incoming-records.ts";
import { HASH_KEY_WORDS, hashPartitionKey, parseExplicitHashKey } from "../../streams/hash-keys/hash-key.ts";
import { DATA_BYTES_MAX, EXPLICIT_HASH_KEY_PATTERN, RECORD_COUNT_MAX } from "../records/put-columns.ts";
import { argumentAt, BYTES, headBytes, INDEFINITE, INFO_MASK, LIST, MAP, TEXT, TYPE_SHIFT } from "./cbor-head.ts";
import type { CborReader } from "./cbor-reader.ts";

/** UTF-8 is never shorter than UTF-16 has units, so a key of so many bytes is within 256 units. */
const PARTITION_KEY_BYTES_MAX = 256;

const DATA = Buffer.from("Data");
const PARTITION_KEY = Buffer.from("PartitionKey");
const EXPLICIT_HASH_KEY_NAME = Buffer.from("ExplicitHashKey");

// Scratch that one request after another uses: each is read to its end before the next begins.
const dataStart = new Uint32Array(RECORD_COUNT_MAX);
const dataBytes = new Uint32Array(RECORD_COUNT_MAX);
const keyStart = new Uint32Array(RECORD_COUNT_MAX);
const keyBytes = new Uint16Array(RECORD_COUNT_MAX);
const hashKeys = new Uint32Array(RECORD_COUNT_MAX * HASH_KEY_WORDS);

/**
 * Columns over the body itself, which is not copied. Methods return false for anything unusual (another type, an
 * indefinite length, a tag, an unknown member, a broken constraint): then the general path decides, and words the error
 * if there is one.
 */
export class CborPutColumns {
  readonly #bytes: Buffer;
  #count = 0;
  #hasData = false;
  #hasKey = false;
  #explicitHashKey: string | undefined;
  #hashKeyOutOfRange: string | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get count(): number {
    return this.#count;
  }

  /** The list `Records`. */
  takeRecords(reader: CborReader): boolean {
    if (this.#count > 0 || this.#typeAt(reader) !== LIST) return false;
    for (let left = reader.open(); left > 0 && !reader.atBreak(); left -= 1) {
      if (this.#count === RECORD_COUNT_MAX || !this.#takeRecord(reader)) return false;
    }
    return this.#count > 0;
  }

  #takeRecord(reader: CborReader): boolean {
    if (this.#typeAt(reader) !== MAP) return false;
    for (let left = reader.open(); left > 0 && !reader.atBreak(); left -= 1) {
      if (!this.#takeMember(reader)) return false;
    }
    return this.endRecord();
  }

  #takeMember(reader: CborReader): boolean {
    switch (this.#bytes[reader.at]) {
      case (TEXT << TYPE_SHIFT) | DATA.length:
        return this.#skipName(reader, DATA) && this.takeData(reader);
      case (TEXT << TYPE_SHIFT) | PARTITION_KEY.length:
        return this.#skipName(reader, PARTITION_KEY) && this.takeKey(reader);
      case (TEXT << TYPE_SHIFT) | EXPLICIT_HASH_KEY_NAME.length:
        return this.#skipName(reader, EXPLICIT_HASH_KEY_NAME) && this.takeHashKey(reader);
      default:
        return false;
    }
  }

  takeData(reader: CborReader): boolean {
    if (!this.#isDefinite(reader, BYTES)) return false;
    const length = argumentAt(this.#bytes, reader.at);
    if (length > DATA_BYTES_MAX) return false;
    dataStart[this.#count] = this.#skip(reader, length);
    dataBytes[this.#count] = length;
    this.#hasData = true;
    return true;
  }

  takeKey(reader: CborReader): boolean {
    if (!this.#isDefinite(reader, TEXT)) return false;
    const length = argumentAt(this.#bytes, reader.at);
    if (length === 0 || length > PARTITION_KEY_BYTES_MAX) return false;
    keyStart[this.#count] = this.#skip(reader, length);
    keyBytes[this.#count] = length;
    this.#hasKey = true;
    return true;
  }

  takeHashKey(reader: CborReader): boolean {
    if (!this.#isDefinite(reader, TEXT)) return false;
    const length = argumentAt(this.#bytes, reader.at);
    const start = this.#skip(reader, length);
    this.#explicitHashKey = this.#bytes.toString("latin1", start, start + length);
    return EXPLICIT_HASH_KEY_PATTERN.test(this.#explicitHashKey);
  }

  /** False for a record without data. */
  endRecord(): boolean {
    const record = this.#count;
    if (!this.#hasData) return false;
    if (!this.#hasKey) {
      keyStart[record] = 0;
      keyBytes[record] = NO_PARTITION_KEY;
    }
    this.#setHashKey(record * HASH_KEY_WORDS);
    this.#count += 1;
    this.#hasData = false;
    this.#hasKey = false;
    this.#explicitHashKey = undefined;
    return true;
  }

  finish(): IncomingRecords {
    const count = this.#count;
    return {
      count,
      bytes: this.#bytes,
      dataStart: dataStart.slice(0, count),
      dataBytes: dataBytes.slice(0, count),
      keyStart: keyStart.slice(0, count),
      keyBytes: keyBytes.slice(0, count),
      hashKeys: hashKeys.slice(0, count * HASH_KEY_WORDS),
      ...(this.#hashKeyOutOfRange === undefined ? {} : { hashKeyOutOfRange: this.#hashKeyOutOfRange }),
    };
  }

  #typeAt(reader: CborReader): number {
    return (this.#bytes[reader.at] as number) >>> TYPE_SHIFT;
  }

  #setHashKey(at: number): void {
    const record = this.#count;
    if (this.#explicitHashKey !== undefined) {
      const inRange = parseExplicitHashKey(this.#explicitHashKey, hashKeys, at);
      if (!inRange) this.#hashKeyOutOfRange ??= this.#explicitHashKey;
    } else if (this.#hasKey) {
      hashPartitionKey(this.#bytes, keyStart[record] as number, keyBytes[record] as number, hashKeys, at);
    } else {
      hashKeys.fill(0, at, at + HASH_KEY_WORDS);
    }
  }

  #isDefinite(reader: CborReader, majorType: number): boolean {
    const initial = this.#bytes[reader.at] as number;
    return initial >>> TYPE_SHIFT === majorType && (initial & INFO_MASK) !== INDEFINITE;
  }

  /** Moves the reader behind a string of definite length; returns the offset of its first byte. */
  #skip(reader: CborReader, length: number): number {
    const start = reader.at + headBytes((this.#bytes[reader.at] as number) & INFO_MASK);
    reader.at = start + length;
    return start;
  }

  /** Moves the reader behind a name whose head matched; false when it is another name of the same length. */
  #skipName(reader: CborReader, name: Buffer): boolean {
    const start = reader.at + 1;
    for (let index = 0; index < name.length; index += 1) {
      if (this.#bytes[start + index] !== name[index]) return false;
    }
    reader.at = start + name.length;
    return true;
  }
}
