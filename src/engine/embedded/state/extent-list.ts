import assert from "node:assert/strict";
import { lowerBound } from "../../../collections/lower-bound.ts";
import type { SegmentRow } from "../format/segment-file.ts";
import type { StreamByteCounts } from "./stored-byte-counts.ts";

/** Consecutive entries of a shard log in one segment. */
export interface Extent {
  readonly segmentId: number;
  /** File offset. */
  readonly offset: number;
  readonly length: number;
  /** Position of the first record. */
  readonly position: number;
  /** One past the last record. */
  readonly end: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly pointsOffset: number;
  readonly pointCount: number;
  readonly pointsCheck: number;
}

const fieldsPerExtent = 10;
/** Index of `Extent.length` among the fields. */
const lengthField = 2;
const extentsMin = 1;
/** An array of more than so many times the needed length is replaced by a smaller one. */
const capacityFactorMax = 2;
const noFields = new Float64Array(0);

export function extentOf(segmentId: number, row: SegmentRow): Extent {
  const { offset, length, position, end, firstMs, lastMs, pointsOffset, pointCount, pointsCheck } = row;
  return { segmentId, offset, length, position, end, firstMs, lastMs, pointsOffset, pointCount, pointsCheck };
}

/** The extents of one shard log in the order of positions, without gaps: one packed array, 80 bytes each. */
export class ExtentList {
  #fields = noFields;
  #count = 0;
  readonly #counts: StreamByteCounts | undefined;

  /** `counts`: those of the stream, which the list adds to. */
  constructor(counts?: StreamByteCounts) {
    this.#counts = counts;
  }

  get count(): number {
    return this.#count;
  }

  get byteLength(): number {
    return this.#fields.byteLength;
  }

  /** Bytes of all extents. */
  get dataBytes(): number {
    let bytes = 0;
    for (let at = lengthField; at < this.#count * fieldsPerExtent; at += fieldsPerExtent)
      bytes += this.#fields[at] ?? 0;
    return bytes;
  }

  /** Adds an extent that begins where the last one ends. */
  add(extent: Extent): void {
    assert(this.#count === 0 || extent.position === this.end, "extents follow each other");
    const at = this.#count * fieldsPerExtent;
    if (at === this.#fields.length) this.#grow();
    const { segmentId, offset, length, position, end, firstMs, lastMs, pointsOffset, pointCount, pointsCheck } = extent;
    this.#fields.set(
      [segmentId, offset, length, position, end, firstMs, lastMs, pointsOffset, pointCount, pointsCheck],
      at,
    );
    this.#count += 1;
    if (this.#counts !== undefined) this.#counts.segmentBytes += length;
  }

  at(index: number): Extent {
    assert(index < this.#count, "the extent is in the list");
    const field = (which: number): number => this.#fields[index * fieldsPerExtent + which] ?? 0;
    return {
      segmentId: field(0),
      offset: field(1),
      length: field(2),
      position: field(3),
      end: field(4),
      firstMs: field(5),
      lastMs: field(6),
      pointsOffset: field(7),
      pointCount: field(8),
      pointsCheck: field(9),
    };
  }

  /** The first position; 0 if there is none. */
  get start(): number {
    return this.#count === 0 ? 0 : this.at(0).position;
  }

  /** One past the last record; 0 if there is none. */
  get end(): number {
    return this.#count === 0 ? 0 : this.at(this.#count - 1).end;
  }

  /** Index of the extent that contains a position; the count if the position is behind all of them. */
  find(position: number): number {
    return lowerBound(0, this.#count, (index) => this.at(index).end <= position);
  }

  /** Index of the first extent with an entry at or after `timeMs`; the count if there is none. */
  findTime(timeMs: number): number {
    return lowerBound(0, this.#count, (index) => this.at(index).lastMs < timeMs);
  }

  /** Removes and returns the extents that end at or before a position. */
  dropBefore(position: number): readonly Extent[] {
    const dropped = this.find(position);
    if (dropped === 0) return [];
    const extents = this.all();
    this.replace(extents.slice(dropped));
    return extents.slice(0, dropped);
  }

  all(): readonly Extent[] {
    return Array.from({ length: this.#count }, (_, index) => this.at(index));
  }

  replace(extents: readonly Extent[]): void {
    if (this.#counts !== undefined) this.#counts.segmentBytes -= this.dataBytes;
    const needed = extents.length * fieldsPerExtent;
    if (needed === 0) this.#use(noFields);
    // Otherwise in place: a new array for each change would be garbage.
    else if (needed > this.#fields.length || needed * capacityFactorMax < this.#fields.length) {
      this.#use(new Float64Array(needed));
    }
    this.#count = 0;
    for (const extent of extents) this.add(extent);
  }

  #grow(): void {
    const larger = new Float64Array(Math.max(extentsMin * fieldsPerExtent, this.#fields.length * 2));
    larger.set(this.#fields);
    this.#use(larger);
  }

  #use(fields: typeof noFields): void {
    if (this.#counts !== undefined) this.#counts.indexBytes += fields.byteLength - this.#fields.byteLength;
    this.#fields = fields;
  }
}
