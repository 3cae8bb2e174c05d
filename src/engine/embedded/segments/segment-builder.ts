import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import type { DirectoryIdentity } from "../format/format-file.ts";
import { frameCountAt, framePositionAt, frameStoredMsAt, frameVerifies } from "../format/frame.ts";
import {
  encodeRows,
  encodeTrailer,
  extentsOffset,
  indexIntervalBytes,
  indexPointBytes,
  type SegmentHeader,
  type SegmentRow,
  segmentFileName,
  trailerBytes,
  writeIndexPoint,
  writeSegmentHeader,
} from "../format/segment-file.ts";
import { damaged } from "../io/damage.ts";
import { blockBytes, type Disk, type DiskFile } from "../io/disk.ts";

/** Bytes of one write: large enough for the disk, small enough that writes of the WAL do not wait long behind it. */
export const builderMemoryBytes = 1024 * 1024;
const pointsMin = 64;

export interface BuilderOptions extends SegmentHeader {
  readonly disk: Disk;
  /** `segments/` */
  readonly directory: string;
  readonly isDirect: boolean;
  readonly identity: DirectoryIdentity;
  readonly madeMs: number;
  /** `builderMemoryBytes` of `allocate()`, owned by the builder until `finish()` or `abandon()`. */
  readonly memory: Buffer;
  /**
   * Name of a file whose frames are not verified yet, but for their lengths: the builder verifies each after it has copied
   * it, when its bytes are in the processor's cache.
   */
  readonly unverifiedFrom?: string;
}

export interface BuiltSegment extends SegmentHeader {
  readonly fileLength: number;
  readonly check: number;
  readonly dataBytes: number;
  /** As they are in the file. */
  readonly rows: Uint8Array;
}

/** The extent that is being written. */
type OpenExtent = { -readonly [Key in keyof SegmentRow]: SegmentRow[Key] } & {
  points: Buffer;
  pointStart: number;
};

/** Writes one segment from front to back, through one buffer. */
export class SegmentBuilder {
  readonly #options: BuilderOptions;
  readonly #file: DiskFile;
  /** Bytes in memory that are not written yet. */
  #filled = 0;
  /** Bytes of the file that are written. */
  #written = 0;
  readonly #rows: SegmentRow[] = [];
  readonly #points: Buffer[] = [];
  #extent: OpenExtent | undefined;

  private constructor(options: BuilderOptions, file: DiskFile) {
    this.#options = options;
    this.#file = file;
  }

  static async create(options: BuilderOptions): Promise<SegmentBuilder> {
    const { disk, directory, isDirect, identity, memory, id } = options;
    const path = `${directory}/${segmentFileName(id)}`;
    // One sync at the end: a durable write each time would also journal the new length of the file.
    const builder = new SegmentBuilder(options, await disk.open(path, isDirect ? "createDirect" : "create"));
    writeSegmentHeader(memory, options, identity);
    builder.#filled = extentsOffset;
    return builder;
  }

  /**
   * Adds the next frame of a log: `span` bytes, gap included. Logs must come in the order of their ids. Returns a promise only
   * if the buffer has to be written first; `source` must stay unchanged until it resolves. Throws `corrupt` if the frame is
   * damaged.
   */
  add(logId: number, source: Buffer, at: number, span: number): Promise<void> | undefined {
    const offset = this.#written + this.#filled;
    // A frame that fills the buffer is written at once, so it is verified before the copy.
    if (this.#filled + span >= builderMemoryBytes) {
      this.#verify(source, at, at);
      this.#index(logId, source, at, offset, span);
      return this.#write(source, at, at + span);
    }
    // The copy comes first: it loads the bytes into the cache, and verifying them there is faster.
    const copiedAt = this.#filled;
    const { memory } = this.#options;
    const writing = this.#write(source, at, at + span);
    this.#verify(memory, copiedAt, at);
    this.#index(logId, memory, copiedAt, offset, span);
    return writing;
  }

  /** Ends the segment; resolves when it is durable, but for its name in the directory. */
  async finish(): Promise<BuiltSegment> {
    const { id, isShared, identity } = this.#options;
    this.#endExtent();
    const dataBytes = this.#written + this.#filled - extentsOffset;
    for (const [index, points] of this.#points.entries()) {
      const row = this.#rows[index];
      assert(row !== undefined, "each extent has its points");
      this.#rows[index] = { ...row, pointsOffset: this.#written + this.#filled };
      await this.#write(points, 0, points.length);
    }
    const rows = encodeRows(this.#rows);
    const rowsOffset = this.#written + this.#filled;
    await this.#write(rows, 0, rows.length);
    const fileLength = Math.ceil((this.#written + this.#filled + trailerBytes) / blockBytes) * blockBytes;
    const rowsCheck = crc32(rows, identity.seed);
    const trailer = { id, isShared, rowsOffset, rowCount: this.#rows.length, rowsCheck, fileLength };
    const { bytes, check } = encodeTrailer(trailer, identity);
    const padding = Buffer.alloc(fileLength - trailerBytes - this.#written - this.#filled);
    await this.#write(padding, 0, padding.length);
    await this.#write(bytes, 0, bytes.length);
    await this.#flush();
    assert(this.#written === fileLength, "a segment is as long as it says");
    await this.#file.sync();
    await this.#file.close();
    return { id, isShared, fileLength, check, dataBytes, rows };
  }

  /** Closes the file after a failure; no manifest names it, and the next open removes it. */
  async abandon(): Promise<void> {
    await this.#file.close();
  }

  /** Adds the frame at `at` of `bytes` to its extent, or begins one. */
  #index(logId: number, bytes: Buffer, at: number, offset: number, span: number): void {
    const position = framePositionAt(bytes, at);
    const storedMs = frameStoredMsAt(bytes, at);
    let extent = this.#extent;
    if (extent === undefined || extent.logId !== logId || extent.end !== position) {
      this.#endExtent();
      extent = newExtent(logId, offset, position, storedMs);
      this.#extent = extent;
    } else if (offset + span - extent.pointStart > indexIntervalBytes) {
      addPoint(extent, position, offset, storedMs);
    }
    extent.length += span;
    extent.end = position + frameCountAt(bytes, at);
    extent.lastMs = storedMs;
    extent.entryCount += 1;
  }

  #verify(bytes: Buffer, at: number, sourceAt: number): void {
    const { unverifiedFrom, identity } = this.#options;
    if (unverifiedFrom === undefined || frameVerifies(bytes, at, bytes.length, identity.seed)) return;
    throw damaged(`the frame at byte ${sourceAt} in ${unverifiedFrom} cannot be read`);
  }

  #write(source: Buffer, from: number, to: number): Promise<void> | undefined {
    const count = Math.min(to - from, builderMemoryBytes - this.#filled);
    source.copy(this.#options.memory, this.#filled, from, from + count);
    this.#filled += count;
    return this.#filled < builderMemoryBytes ? undefined : this.#flushAndWrite(source, from + count, to);
  }

  async #flushAndWrite(source: Buffer, from: number, to: number): Promise<void> {
    await this.#flush();
    await this.#write(source, from, to);
  }

  async #flush(): Promise<void> {
    if (this.#filled === 0) return;
    await this.#file.write(this.#options.memory.subarray(0, this.#filled), this.#written);
    this.#written += this.#filled;
    this.#filled = 0;
  }

  #endExtent(): void {
    const extent = this.#extent;
    if (extent === undefined) return;
    const { points: memory, pointStart: _, ...row } = extent;
    const points = memory.subarray(0, row.pointCount * indexPointBytes);
    this.#rows.push({ ...row, pointsCheck: crc32(points, this.#options.identity.seed) });
    this.#points.push(points);
    this.#extent = undefined;
  }
}

function newExtent(logId: number, offset: number, position: number, storedMs: number): OpenExtent {
  const extent: OpenExtent = {
    logId,
    offset,
    length: 0,
    position,
    end: position,
    firstMs: storedMs,
    lastMs: storedMs,
    entryCount: 0,
    pointCount: 0,
    pointsOffset: 0,
    pointsCheck: 0,
    points: Buffer.alloc(indexPointBytes),
    pointStart: offset,
  };
  addPoint(extent, position, offset, storedMs);
  return extent;
}

function addPoint(extent: OpenExtent, position: number, offset: number, storedMs: number): void {
  const at = extent.pointCount * indexPointBytes;
  if (at === extent.points.length) {
    extent.points = Buffer.concat([extent.points, Buffer.alloc(Math.max(at, pointsMin * indexPointBytes))]);
  }
  writeIndexPoint(extent.points, at, { position, offset, storedMs });
  extent.pointCount += 1;
  extent.pointStart = offset;
}
