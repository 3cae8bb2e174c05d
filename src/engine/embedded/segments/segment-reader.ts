import { lowerBound } from "../../../collections/lower-bound.ts";
import type { DataDirectory } from "../directory/data-directory.ts";
import type { DirectoryIdentity } from "../format/format-file.ts";
import {
  decodeIndexPoints,
  type IndexPoint,
  indexIntervalBytes,
  indexPointBytes,
  segmentFileName,
} from "../format/segment-file.ts";
import { damaged } from "../io/damage.ts";
import type { Disk } from "../io/disk.ts";
import { OpenFiles } from "../io/open-files.ts";
import type { ReadArena } from "../io/read-arena.ts";
import type { Extent } from "../state/extent-list.ts";

/** Points in memory, of the extents that were read last. */
const pointsMax = 64 * 1024;
/** Bytes of one read; a larger entry is read alone. */
export const readRangeBytesMax = 1024 * 1024;
/** An extent up to this length is read whole: that is faster than to read its points first. */
export const shortExtentBytesMax = 2 * indexIntervalBytes;

/** A part of an extent that begins and ends between entries. */
export interface ReadRange {
  readonly segmentId: number;
  readonly offset: number;
  readonly length: number;
}

/** Reads segments. A caller holds a segment while it reads, so that the segment is not removed meanwhile. */
export class SegmentReader {
  readonly #files: OpenFiles;
  readonly #identity: DirectoryIdentity;
  /** In the order of last use. */
  readonly #points = new Map<string, readonly IndexPoint[]>();
  #pointCount = 0;

  constructor(disk: Disk, { segmentDirectory, isDirect, identity }: DataDirectory) {
    this.#files = new OpenFiles({ disk, directory: segmentDirectory, label: "segments", isDirect });
    this.#identity = identity;
  }

  /** Keeps a segment from being removed until the returned function is called. */
  hold(segmentId: number): () => void {
    return this.#files.hold(segmentFileName(segmentId));
  }

  /** The ranges to read from a position on: from the last point at or before it, about `bytesWanted` bytes. */
  async rangesAt(extent: Extent, position: number, bytesWanted: number): Promise<readonly ReadRange[]> {
    const { segmentId, offset, length } = extent;
    const wholeBytesMax = Math.min(Math.max(bytesWanted, shortExtentBytesMax), readRangeBytesMax);
    const isReadWhole = position <= extent.position && length <= wholeBytesMax;
    if (isReadWhole || length <= shortExtentBytesMax) return [{ segmentId, offset, length }];
    const points = await this.#pointsOf(extent);
    const ranges: ReadRange[] = [];
    let point = Math.max(0, countWhile(points, (one) => one.position <= position) - 1);
    // Entries between the point and the position are read in addition.
    const recordsPassed = Math.max(0, position - (points[point]?.position ?? position));
    const bytesPassed = Math.ceil((length / (extent.end - extent.position)) * recordsPassed);
    for (let left = bytesWanted + bytesPassed; left > 0 && point < points.length; ) {
      const from = points[point]?.offset ?? offset;
      const enough = from + Math.min(left, readRangeBytesMax);
      point = Math.max(
        point + 1,
        countWhile(points, (one) => one.offset < enough),
      );
      const end = points[point]?.offset ?? offset + length;
      ranges.push({ segmentId, offset: from, length: end - from });
      left -= end - from;
    }
    return ranges;
  }

  /** Where the search for the first entry at or after a time begins: the position of the last point before it. */
  async positionBefore(extent: Extent, timeMs: number): Promise<number> {
    if (extent.length <= indexIntervalBytes) return extent.position;
    const points = await this.#pointsOf(extent);
    return points[Math.max(0, countWhile(points, (point) => point.storedMs < timeMs) - 1)]?.position ?? extent.position;
  }

  /** Reads into memory of `arena`, or a new buffer without one. */
  read({ segmentId, offset, length }: ReadRange, arena?: ReadArena): Promise<Buffer> {
    return this.#files.read(segmentFileName(segmentId), offset, length, arena);
  }

  /** Resolves when no caller holds a segment, and closes it; no call may hold it afterwards. */
  retire(segmentId: number): Promise<void> {
    return this.#files.retire(segmentFileName(segmentId));
  }

  /** Call it when no read is in flight. */
  close(): Promise<void> {
    return this.#files.close();
  }

  async #pointsOf(extent: Extent): Promise<readonly IndexPoint[]> {
    const key = `${extent.segmentId} ${extent.offset}`;
    const points = this.#points.get(key) ?? (await this.#loadPoints(extent));
    if (!this.#points.delete(key)) this.#pointCount += points.length;
    this.#points.set(key, points);
    for (const [oldest, { length }] of this.#points) {
      if (this.#pointCount <= pointsMax || oldest === key) break;
      this.#points.delete(oldest);
      this.#pointCount -= length;
    }
    return points;
  }

  async #loadPoints({ segmentId, pointsOffset, pointCount, pointsCheck }: Extent): Promise<readonly IndexPoint[]> {
    const name = segmentFileName(segmentId);
    const bytes = await this.#files.read(name, pointsOffset, pointCount * indexPointBytes);
    const points = decodeIndexPoints(bytes, { pointCount, pointsCheck }, this.#identity.seed);
    if (points === undefined) throw damaged(`the points at byte ${pointsOffset} in segments/${name} cannot be read`);
    return points;
  }
}

function countWhile(points: readonly IndexPoint[], holds: (point: IndexPoint) => boolean): number {
  return lowerBound(0, points.length, (index) => holds(points[index] as IndexPoint));
}
