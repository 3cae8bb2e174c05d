// Writes one segment front to back, through one buffer of a fixed size. docs/file-format.md section 8.
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import type { DirectoryIdentity } from "../format/format-file.ts";
import { frameCountAt, framePositionAt, frameStoredMsAt, frameVerifies } from "../format/frame.ts";
import {
  encodeRows,
  encodeTrailer,
  extentsOffset,
  indexEntryBytes,
  indexIntervalBytes,
  type SegmentHeader,
  type SegmentRow,
  segmentFileName,
  trailerBytes,
  writeIndexEntry,
  writeSegmentHeader,
} from "../format/segment-file.ts";
import { damaged } from "../io/damage.ts";
import { blockBytes, type Disk, type DiskFile } from "../io/disk.ts";

/** What one write takes: large enough for the disk, small enough that the log's own writes never wait long behind it. */
export const builderMemoryBytes = 1024 * 1024;
const pointsAtFirst = 64;

export interface BuilderOptions extends SegmentHeader {
  readonly disk: Disk;
  /** `segments/` */
  readonly directory: string;
  readonly isDirect: boolean;
  readonly identity: DirectoryIdentity;
  readonly madeMs: number;
  /** `builderMemoryBytes` of `allocate()`, the builder's own until it is done. */
  readonly memory: Buffer;
  /**
   * A file whose frames come with lengths that can be trusted and nothing else: each is verified where it has been copied
   * to, since a checksum of bytes that are in a processor's cache costs half of what it costs elsewhere.
   */
  readonly unverifiedFrom?: string;
}

export interface BuiltSegment extends SegmentHeader {
  readonly fileLength: number;
  readonly check: number;
  readonly dataBytes: number;
  /** As they stand in the file. */
  readonly rows: Uint8Array;
}

type OpenExtent = { -readonly [Key in keyof SegmentRow]: SegmentRow[Key] } & {
  points: Buffer;
  pointStart: number;
};

export class SegmentBuilder {
  readonly #options: BuilderOptions;
  readonly #file: DiskFile;
  /** In the memory, not yet written. */
  #filled = 0;
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
    // One sync at the end: each write by itself would have the file's new length written into the system's journal.
    const builder = new SegmentBuilder(options, await disk.open(path, isDirect ? "createDirect" : "create"));
    writeSegmentHeader(memory, options, identity);
    builder.#filled = extentsOffset;
    return builder;
  }

  /**
   * The next frame of a log, `span` bytes with the gap behind it; logs come one after another, in the order of their ids.
   * Gives a promise only if it has to be waited for, with `source` left as it is: most frames are done at once. Throws
   * `corrupt` for one that is damaged.
   */
  add(logId: number, source: Buffer, at: number, span: number): Promise<void> | undefined {
    const offset = this.#written + this.#filled;
    // What fills the memory goes to the disk at once, and must be looked at before.
    if (this.#filled + span >= builderMemoryBytes) {
      this.#verify(source, at, at);
      this.#note(logId, source, at, offset, span);
      return this.#write(source, at, at + span);
    }
    // First of all the copy: of bytes that are in no cache it gets all at once, and what looks at them by and by would wait.
    const copiedAt = this.#filled;
    const { memory } = this.#options;
    const writing = this.#write(source, at, at + span);
    this.#verify(memory, copiedAt, at);
    this.#note(logId, memory, copiedAt, offset, span);
    return writing;
  }

  /** Durable but for its name when it resolves. */
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

  /** After a failure: the file stays, and is no part of the directory. */
  async abandon(): Promise<void> {
    await this.#file.close();
  }

  /** The frame that stands at `at` of `bytes`, in the extent that it continues or begins. */
  #note(logId: number, bytes: Buffer, at: number, offset: number, span: number): void {
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
    return this.#filled < builderMemoryBytes ? undefined : this.#writeOn(source, from + count, to);
  }

  async #writeOn(source: Buffer, from: number, to: number): Promise<void> {
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
    const points = memory.subarray(0, row.pointCount * indexEntryBytes);
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
    points: Buffer.alloc(indexEntryBytes),
    pointStart: offset,
  };
  addPoint(extent, position, offset, storedMs);
  return extent;
}

function addPoint(extent: OpenExtent, position: number, offset: number, storedMs: number): void {
  const at = extent.pointCount * indexEntryBytes;
  if (at === extent.points.length) {
    extent.points = Buffer.concat([extent.points, Buffer.alloc(Math.max(at, pointsAtFirst * indexEntryBytes))]);
  }
  writeIndexEntry(extent.points, at, { position, offset, storedMs });
  extent.pointCount += 1;
  extent.pointStart = offset;
}
