import assert from "node:assert/strict";
import { lowerBound } from "../../collections/lower-bound.ts";
import type { Entry, StoredEntry } from "../shard-log.ts";

const fieldsPerEntry = 4;
const indexBytesPerEntry = fieldsPerEntry * Float64Array.BYTES_PER_ELEMENT;

/** Chunks are whole fields long, so that their index lies aligned at the end. */
export const chunkBytesStep = Float64Array.BYTES_PER_ELEMENT;

/** Bytes of the smallest chunk that holds one entry with a body of this length. */
export function chunkBytesFor(bodyBytes: number): number {
  return Math.ceil((bodyBytes + indexBytesPerEntry) / chunkBytesStep) * chunkBytesStep;
}

/**
 * One block of memory with consecutive entries of one shard. Bodies grow from the front, their index from the back, so
 * that an entry costs 32 bytes beside its body and the whole block is freed at once:
 *
 *     | body 0 | body 1 | body 2 |   free   | 2: position storedMs timeMs bodyEnd | 1: ... | 0: ... |
 *
 * Entries are handed out as views of the block. It is therefore never used again after it was freed: whoever still
 * reads a view keeps the block alive, and the garbage collector takes it when nobody does.
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
    assert(byteLength % chunkBytesStep === 0, "a chunk is whole fields long");
    this.byteLength = byteLength;
    // Not zeroed: no byte is ever read that an append has not written.
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

  hasRoomFor(bodyBytes: number): boolean {
    return this.#bodyEnd + bodyBytes + (this.#entryCount + 1) * indexBytesPerEntry <= this.byteLength;
  }

  append(entry: Entry, storedMs: number): void {
    const { body, count, timeMs } = entry;
    assert(this.hasRoomFor(body.length), "an entry fits the chunk that was chosen for it");
    this.#bytes.set(body, this.#bodyEnd);
    this.#bodyEnd += body.length;
    const base = this.#baseOf(this.#entryCount);
    this.#fields[base] = this.#positionNext;
    this.#fields[base + 1] = storedMs;
    this.#fields[base + 2] = timeMs;
    this.#fields[base + 3] = this.#bodyEnd;
    this.#entryCount += 1;
    this.#positionNext += count;
    this.#storedMsLast = storedMs;
  }

  positionOf(index: number): number {
    return this.#field(index, 0);
  }

  bodyBytesOf(index: number): number {
    return this.#field(index, 3) - this.#bodyStartOf(index);
  }

  entryAt(index: number): StoredEntry {
    const position = this.#field(index, 0);
    const next = index + 1 < this.#entryCount ? this.#field(index + 1, 0) : this.#positionNext;
    const start = this.#bodyStartOf(index);
    return {
      position: BigInt(position),
      count: next - position,
      storedMs: this.#field(index, 1),
      timeMs: this.#field(index, 2),
      body: new Uint8Array(this.#bytes.buffer, start, this.#field(index, 3) - start),
    };
  }

  /** Index of the entry that contains `position`, which is one of this chunk's. */
  indexContaining(position: number): number {
    return this.#firstIndexWith(0, position + 1) - 1;
  }

  /** Index of the first entry stored at or after `timeMs`; the entry count when there is none. */
  indexStoredFrom(timeMs: number): number {
    return this.#firstIndexWith(1, timeMs);
  }

  /** First entry whose field is at least `value`, given that the field never falls from entry to entry. */
  #firstIndexWith(field: number, value: number): number {
    return lowerBound(0, this.#entryCount, (index) => this.#field(index, field) < value);
  }

  #bodyStartOf(index: number): number {
    return index === 0 ? 0 : this.#field(index - 1, 3);
  }

  #baseOf(index: number): number {
    return this.#fields.length - (index + 1) * fieldsPerEntry;
  }

  #field(index: number, field: number): number {
    const value = this.#fields[this.#baseOf(index) + field];
    assert(value !== undefined, "an index lies inside its chunk");
    return value;
  }
}
