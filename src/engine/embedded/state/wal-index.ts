import assert from "node:assert/strict";
import { lowerBound } from "../../../collections/lower-bound.ts";
import type { StreamByteCounts } from "./stored-byte-counts.ts";

/** A byte of the WAL: generation * 2^32 + offset in that file. A whole number below 2^53. */
export type WalAddress = number;

const addressesPerFile = 2 ** 32;
const fieldsPerPoint = 4;
const pointsMin = 2;
/** A point covers the entries of its log within so many bytes of the WAL: a read of one entry reads at most that much more. */
const spanBytesMax = 64 * 1024;

export function walAddressOf(generation: number, offset: number): WalAddress {
  return generation * addressesPerFile + offset;
}

export function generationOf(address: WalAddress): number {
  return Math.floor(address / addressesPerFile);
}

export function offsetOf(address: WalAddress): number {
  return address % addressesPerFile;
}

/** Shared by all logs without entries in WAL files. */
const noFields = new Float64Array(0);

/**
 * Where the entries of a log are in the WAL: a sparse index of points in one packed array, 32 bytes each. A point has the
 * position, address and `storedMs` of its first entry, and the bytes from there to the end of its last entry.
 */
export class WalIndex {
  #fields = noFields;
  #count = 0;
  readonly #counts: StreamByteCounts | undefined;

  /** `counts`: those of the stream, which the index adds to. */
  constructor(counts?: StreamByteCounts) {
    this.#counts = counts;
  }

  get count(): number {
    return this.#count;
  }

  get byteLength(): number {
    return this.#fields.byteLength;
  }

  /** Adds entries in the order of the log. `length` is that of the frame. */
  add(position: number, address: WalAddress, length: number, storedMs: number): void {
    const end = this.#count * fieldsPerPoint;
    if (end > 0) {
      // The last point, read without the assertion of `#field()`: this runs for each entry.
      const start = this.#fields[end - 3] as number;
      const span = address + length - start;
      assert(address >= start + (this.#fields[end - 1] as number), "entries are in the order of their positions");
      if (span <= spanBytesMax && generationOf(start) === generationOf(address)) {
        this.#fields[end - 1] = span;
        return;
      }
      if (end === this.#fields.length) this.#resize(2 * this.#count);
    } else if (this.#fields.length === 0) {
      this.#resize(pointsMin);
    }
    const fields = this.#fields;
    fields[end] = position;
    fields[end + 1] = address;
    fields[end + 2] = storedMs;
    fields[end + 3] = length;
    this.#count += 1;
  }

  /** The position of the first entry of a point. */
  positionAt(point: number): number {
    return this.#field(point, 0);
  }

  addressAt(point: number): WalAddress {
    return this.#field(point, 1);
  }

  storedMsAt(point: number): number {
    return this.#field(point, 2);
  }

  /** Bytes from the point's first entry to the end of its last; frames of other logs may be between. */
  spanAt(point: number): number {
    return this.#field(point, 3);
  }

  /** The last point at or before `position`, or the first one; -1 if there is none. */
  find(position: number): number {
    if (this.#count === 0) return -1;
    return Math.max(0, lowerBound(0, this.#count, (point) => this.positionAt(point) <= position) - 1);
  }

  /** Count of points before `timeMs`. The first entry at or after it is covered by the last of them, or follows it. */
  countBefore(timeMs: number): number {
    return lowerBound(0, this.#count, (point) => this.storedMsAt(point) < timeMs);
  }

  /** Removes points in WAL files up to a generation. */
  dropThrough(generation: number): void {
    const dropped = lowerBound(0, this.#count, (point) => generationOf(this.addressAt(point)) <= generation);
    if (dropped === 0) return;
    this.#count -= dropped;
    if (this.#count === 0) {
      this.#use(noFields);
      return;
    }
    this.#fields.copyWithin(0, dropped * fieldsPerPoint);
    // A busy log needs the capacity again; more than four times the count is returned.
    const capacity = Math.max(pointsMin, 2 * this.#count);
    if (this.#fields.length > 2 * capacity * fieldsPerPoint) this.#resize(capacity);
  }

  #field(point: number, field: number): number {
    const value = this.#fields[point * fieldsPerPoint + field];
    assert(value !== undefined && point < this.#count, "the point is in the index");
    return value;
  }

  #resize(points: number): void {
    const resized = new Float64Array(points * fieldsPerPoint);
    resized.set(this.#fields.subarray(0, this.#count * fieldsPerPoint));
    this.#use(resized);
  }

  #use(fields: typeof noFields): void {
    if (this.#counts !== undefined) this.#counts.indexBytes += fields.byteLength - this.#fields.byteLength;
    this.#fields = fields;
  }
}
