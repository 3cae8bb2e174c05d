import { crc32 } from "node:zlib";
import type { DirectoryIdentity } from "../format/format-file.ts";
import {
  frameCountAt,
  frameHeaderBytes,
  frameKind,
  frameKindAt,
  frameLengthAt,
  frameLogIdAt,
  framePositionAt,
  frameSpanAt,
  frameVerifies,
} from "../format/frame.ts";
import {
  decodeRows,
  decodeTrailer,
  rowBytes,
  type SegmentRow,
  type SegmentTrailer,
  segmentFileName,
  trailerBytes,
} from "../format/segment-file.ts";
import { damaged } from "../io/damage.ts";
import { type Disk, type DiskFile, errorCode } from "../io/disk.ts";
import { isZero } from "../io/is-zero.ts";

/** A segment as the manifest names it. */
export interface SegmentRef {
  readonly id: number;
  readonly fileLength: number;
  readonly check: number;
}

export interface LoadedSegment {
  readonly trailer: SegmentTrailer;
  readonly rows: readonly SegmentRow[];
}

/** Usually contains all rows and the trailer. */
const tailBytes = 32 * 1024;
const frameWindowBytes = 1024 * 1024;

/** Reads and verifies trailer and rows. Rejects with `corrupt` if the file is missing, truncated, replaced or damaged there. */
export async function loadSegment(
  disk: Disk,
  directory: string,
  name: SegmentRef,
  identity: DirectoryIdentity,
): Promise<LoadedSegment> {
  const path = `segments/${segmentFileName(name.id)}`;
  let file: DiskFile;
  try {
    file = await disk.open(`${directory}/${segmentFileName(name.id)}`, "read");
  } catch (error) {
    if (errorCode(error) === "ENOENT") throw damaged(`${path} is missing`);
    throw error;
  }
  try {
    const length = await file.length();
    if (length !== name.fileLength) throw damaged(`${path} has ${length} of ${name.fileLength} bytes`);
    let tailAt = Math.max(0, length - tailBytes);
    let tail = await readExactly(file, tailAt, length - tailAt, path);
    const trailer = decodeTrailer(tail.subarray(-trailerBytes), identity);
    if (trailer === undefined || trailer.check !== name.check || trailer.id !== name.id) {
      throw damaged(`the trailer of ${path} cannot be read`);
    }
    const { rowsOffset, rowCount } = trailer;
    if (rowsOffset < tailAt) {
      tailAt = rowsOffset;
      tail = await readExactly(file, tailAt, rowCount * rowBytes, path);
    }
    const bytes = tail.subarray(rowsOffset - tailAt, rowsOffset - tailAt + rowCount * rowBytes);
    if (crc32(bytes, identity.seed) !== trailer.rowsCheck) throw damaged(`the rows of ${path} cannot be read`);
    return { trailer, rows: decodeRows(bytes) };
  } finally {
    await file.close();
  }
}

/** A verified frame; the next step of the generator overwrites its bytes. */
export interface SegmentFrame {
  readonly bytes: Buffer;
  readonly at: number;
  /** Bytes with the gap behind the frame. */
  readonly span: number;
  /** File offset. */
  readonly offset: number;
}

/** The frames of one extent, each verified. Throws `corrupt` at the first that is damaged or at another position than expected. */
export async function* framesOfExtent(
  file: DiskFile,
  row: SegmentRow,
  { seed, path }: { readonly seed: number; readonly path: string },
): AsyncGenerator<SegmentFrame, undefined> {
  const extentEnd = row.offset + row.length;
  let window: Buffer = Buffer.alloc(0);
  let windowAt = row.offset;
  let next = row.position;
  for (let offset = row.offset; offset < extentEnd; ) {
    if (!hasFrame(window, offset - windowAt)) {
      window = await readExactly(file, offset, Math.min(extentEnd - offset, frameWindowBytes), path);
      windowAt = offset;
      const length = Math.min(extentEnd - offset, frameSpanAt(window, 0));
      if (length > window.length) window = await readExactly(file, offset, length, path);
    }
    const at = offset - windowAt;
    const isWhole = hasFrame(window, at) && frameVerifies(window, at, window.length, seed) && gapIsZero(window, at);
    if (
      !isWhole ||
      frameKindAt(window, at) !== frameKind.entry ||
      frameLogIdAt(window, at) !== row.logId ||
      framePositionAt(window, at) !== next
    ) {
      throw damaged(`record ${next} of log ${row.logId} in ${path} at byte ${offset} cannot be read`);
    }
    const span = frameSpanAt(window, at);
    yield { bytes: window, at, span, offset };
    next += frameCountAt(window, at);
    offset += span;
  }
  if (next !== row.end) throw damaged(`record ${next} of log ${row.logId} is not where ${path} says`);
}

function hasFrame(window: Buffer, at: number): boolean {
  return at + frameHeaderBytes <= window.length && at + frameSpanAt(window, at) <= window.length;
}

function gapIsZero(window: Buffer, at: number): boolean {
  return isZero(window, at + frameLengthAt(window, at), at + frameSpanAt(window, at));
}

/** Reads a range into a new buffer. Rejects with `corrupt` if the file ends before. */
export async function readExactly(file: DiskFile, at: number, length: number, path: string): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  const count = await file.read(bytes, at);
  if (count < length) throw damaged(`${path} ends too early`);
  return bytes;
}
