// Which segments hold a log's past: one packed array, 80 bytes an extent.
import assert from "node:assert/strict";
import { lowerBound } from "../../../collections/lower-bound.ts";
import type { SegmentRow } from "../format/segment-file.ts";

/** Consecutive entries of a log in one segment. */
export interface Extent {
  readonly segmentId: number;
  readonly offset: number;
  readonly length: number;
  /** Of the first record. */
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
const extentsAtFirst = 1;
/** An array with more room than so many times what stands in it is given up for a smaller one. */
const roomierMax = 2;
const noFields = new Float64Array(0);

export function extentOf(segmentId: number, row: SegmentRow): Extent {
  const { offset, length, position, end, firstMs, lastMs, pointsOffset, pointCount, pointsCheck } = row;
  return { segmentId, offset, length, position, end, firstMs, lastMs, pointsOffset, pointCount, pointsCheck };
}

/** In the order of positions, without gaps. */
export class ExtentList {
  #fields = noFields;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get byteLength(): number {
    return this.#fields.byteLength;
  }

  /** Continues where the last one ended. */
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

  /** The extent that holds a position; the list's length if it lies behind all of them. */
  find(position: number): number {
    return lowerBound(0, this.#count, (index) => this.at(index).end <= position);
  }

  /** The first extent with an entry at or after `timeMs`; the list's length if there is none. */
  findTime(timeMs: number): number {
    return lowerBound(0, this.#count, (index) => this.at(index).lastMs < timeMs);
  }

  /** Takes away all that end at or before a position, and gives them back. */
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
    const needed = extents.length * fieldsPerExtent;
    if (needed === 0) this.#fields = noFields;
    // Otherwise in place: arrays thrown away at each change gather until the collector comes by.
    else if (needed > this.#fields.length || needed * roomierMax < this.#fields.length) {
      this.#fields = new Float64Array(needed);
    }
    this.#count = 0;
    for (const extent of extents) this.add(extent);
  }

  #grow(): void {
    const larger = new Float64Array(Math.max(extentsAtFirst * fieldsPerExtent, this.#fields.length * 2));
    larger.set(this.#fields);
    this.#fields = larger;
  }
}
