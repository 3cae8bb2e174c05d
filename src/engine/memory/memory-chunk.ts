import assert from "node:assert/strict";
import { lowerBound } from "../../collections/lower-bound.ts";
import type { Entry, StoredEntry } from "../shard-log.ts";

/** The four numbers of an entry in the index. */
const positionField = 0;
const storedMsField = 1;
const timeMsField = 2;
const bodyEndField = 3;
const fieldsPerEntry = 4;
const indexBytesPerEntry = fieldsPerEntry * Float64Array.BYTES_PER_ELEMENT;

/** The length of a chunk is a multiple of this, so that its index is aligned at the end. */
export const chunkBytesStep = Float64Array.BYTES_PER_ELEMENT;

/** Bytes of the smallest chunk that holds one entry with a body of this length. */
export function chunkBytesFor(bodyBytes: number): number {
  return Math.ceil((bodyBytes + indexBytesPerEntry) / chunkBytesStep) * chunkBytesStep;
}

/**
 * One block of memory with consecutive entries of one shard. Bodies grow from the front, the index of 32 bytes an entry
 * from the back:
 *
 *     | body 0 | body 1 | body 2 |   free   | 2: position storedMs timeMs bodyEnd | 1: ... | 0: ... |
 *
 * Entries are returned as views of the block, so a block is never reused: the garbage collector frees it when no view of
 * it is left.
 */
export class MemoryChunk {
  readonly byteLength: number;
  readonly #bytes: Uint8Array;
  readonly #fields: Float64Array;
  #entryCount = 0;
  #bodyEnd = 0;
  #positionNext: number;
  #storedMsLast = 0;

  constructor(byteLength: number, positionFirst: number) {
    assert(byteLength % chunkBytesStep === 0, "the length of a chunk is a multiple of 8 bytes");
    this.byteLength = byteLength;
    // Not zeroed: only bytes that an append has written are read.
    this.#bytes = Buffer.allocUnsafeSlow(byteLength);
    this.#fields = new Float64Array(this.#bytes.buffer, 0, byteLength / chunkBytesStep);
    this.#positionNext = positionFirst;
  }

  get entryCount(): number {
    return this.#entryCount;
  }

  /** One past the last record. */
  get positionNext(): number {
    return this.#positionNext;
  }

  get storedMsLast(): number {
    return this.#storedMsLast;
  }

  fits(bodyBytes: number): boolean {
    return this.#bodyEnd + bodyBytes + (this.#entryCount + 1) * indexBytesPerEntry <= this.byteLength;
  }

  append(entry: Entry, storedMs: number): void {
    const { body, count, timeMs } = entry;
    assert(this.fits(body.length), "an entry fits the chunk that was chosen for it");
    this.#bytes.set(body, this.#bodyEnd);
    this.#bodyEnd += body.length;
    const base = this.#baseOf(this.#entryCount);
    this.#fields[base + positionField] = this.#positionNext;
    this.#fields[base + storedMsField] = storedMs;
    this.#fields[base + timeMsField] = timeMs;
    this.#fields[base + bodyEndField] = this.#bodyEnd;
    this.#entryCount += 1;
    this.#positionNext += count;
    this.#storedMsLast = storedMs;
  }

  positionOf(index: number): number {
    return this.#field(index, positionField);
  }

  bodyBytesOf(index: number): number {
    return this.#field(index, bodyEndField) - this.#bodyStartOf(index);
  }

  entryAt(index: number): StoredEntry {
    const position = this.#field(index, positionField);
    const next = index + 1 < this.#entryCount ? this.#field(index + 1, positionField) : this.#positionNext;
    const start = this.#bodyStartOf(index);
    return {
      position: BigInt(position),
      count: next - position,
      storedMs: this.#field(index, storedMsField),
      timeMs: this.#field(index, timeMsField),
      body: new Uint8Array(this.#bytes.buffer, start, this.#field(index, bodyEndField) - start),
    };
  }

  /** Index of the entry that contains `position`, which must be in this chunk. */
  indexContaining(position: number): number {
    return this.#firstIndexWith(positionField, position + 1) - 1;
  }

  /** Index of the first entry stored at or after `timeMs`; the entry count when there is none. */
  indexStoredFrom(timeMs: number): number {
    return this.#firstIndexWith(storedMsField, timeMs);
  }

  /** Index of the first entry whose field is at least `value`. The field never decreases from entry to entry. */
  #firstIndexWith(field: number, value: number): number {
    return lowerBound(0, this.#entryCount, (index) => this.#field(index, field) < value);
  }

  #bodyStartOf(index: number): number {
    return index === 0 ? 0 : this.#field(index - 1, bodyEndField);
  }

  #baseOf(index: number): number {
    return this.#fields.length - (index + 1) * fieldsPerEntry;
  }

  #field(index: number, field: number): number {
    const value = this.#fields[this.#baseOf(index) + field];
    assert(value !== undefined, "an index point is inside its chunk");
    return value;
  }
}
