// A segment's name, header, rows, points and trailer. docs/file-format.md section 8.
import { crc32 } from "node:zlib";
import { blockBytes } from "../io/disk.ts";
import { readU64, writeU64 } from "../io/uint64.ts";
import type { DirectoryIdentity } from "./format-file.ts";

/** Consecutive entries of one log in a segment. */
export interface SegmentRow {
  readonly logId: number;
  readonly offset: number;
  readonly length: number;
  /** Of the first record. */
  readonly position: number;
  /** One past the last record. */
  readonly end: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly entryCount: number;
  readonly pointCount: number;
  readonly pointsOffset: number;
  readonly pointsCheck: number;
}

export interface SegmentHead {
  readonly id: number;
  /** Entries of several streams lie in it. */
  readonly isShared: boolean;
}

export interface SegmentTrailer extends SegmentHead {
  readonly rowsOffset: number;
  readonly rowCount: number;
  readonly rowsCheck: number;
  readonly fileLength: number;
  /** The checksum at its end: the manifest names it, so that no other file can take its place. */
  readonly check: number;
}

export const extentsOffset = blockBytes;
export const rowBytes = 80;
export const indexEntryBytes = 24;
export const trailerBytes = 64;
/** Entries that end within so many bytes of a point have none of their own. */
export const indexIntervalBytes = 64 * 1024;
const headMagic = Buffer.from("MRSEGMNT", "latin1");
const trailerMagic = Buffer.from("MRSEGEND", "latin1");
const segmentVersion = 1;
/** Used again for each, within one turn. */
const expectedHeader = Buffer.alloc(blockBytes);
const flagShared = 1;
const idDigits = 10;
const namePattern = new RegExp(`^[0-9]{${idDigits}}\\.segment$`);

export function segmentFileName(id: number): string {
  return `${String(id).padStart(idDigits, "0")}.segment`;
}

/** The number that a name stands for, or undefined if it is no segment's. */
export function segmentIdOfName(name: string): number | undefined {
  return namePattern.test(name) ? Number.parseInt(name, 10) : undefined;
}

/** Writes the header into the first block of `target`. */
export function writeSegmentHeader(
  target: Buffer,
  { id, isShared, madeMs }: SegmentHead & { readonly madeMs: number },
  identity: DirectoryIdentity,
): void {
  target.fill(0, 0, blockBytes);
  headMagic.copy(target, 0);
  target.writeUInt32LE(segmentVersion, 8);
  target.writeUInt32LE(isShared ? flagShared : 0, 12);
  identity.directoryId.copy(target, 16);
  identity.salt.copy(target, 32);
  writeU64(target, id, 40);
  target.writeDoubleLE(madeMs, 48);
  target.writeUInt32LE(crc32(target.subarray(0, 60), identity.seed), 60);
}

/** Whether a header's block is as it was written for this segment, zeros included. */
export function segmentHeaderVerifies(block: Buffer, { id, isShared }: SegmentHead, identity: DirectoryIdentity) {
  if (block.length < blockBytes) return false;
  writeSegmentHeader(expectedHeader, { id, isShared, madeMs: block.readDoubleLE(48) }, identity);
  return block.subarray(0, blockBytes).equals(expectedHeader);
}

export function encodeTrailer(
  trailer: Omit<SegmentTrailer, "check">,
  identity: DirectoryIdentity,
): { readonly bytes: Buffer; readonly check: number } {
  const bytes = Buffer.alloc(trailerBytes);
  trailerMagic.copy(bytes, 0);
  writeU64(bytes, trailer.id, 8);
  writeU64(bytes, trailer.rowsOffset, 16);
  writeU64(bytes, trailer.fileLength, 24);
  bytes.writeUInt32LE(trailer.rowCount, 32);
  bytes.writeUInt32LE(trailer.rowsCheck, 36);
  bytes.writeUInt32LE(trailer.isShared ? flagShared : 0, 40);
  const check = crc32(bytes.subarray(0, 60), identity.seed);
  bytes.writeUInt32LE(check, 60);
  return { bytes, check };
}

/** Undefined unless every byte is as it was written. */
export function decodeTrailer(bytes: Buffer, identity: DirectoryIdentity): SegmentTrailer | undefined {
  if (bytes.length !== trailerBytes || !bytes.subarray(0, trailerMagic.length).equals(trailerMagic)) return undefined;
  const check = bytes.readUInt32LE(60);
  if (check !== crc32(bytes.subarray(0, 60), identity.seed)) return undefined;
  return {
    id: readU64(bytes, 8),
    rowsOffset: readU64(bytes, 16),
    fileLength: readU64(bytes, 24),
    rowCount: bytes.readUInt32LE(32),
    rowsCheck: bytes.readUInt32LE(36),
    isShared: (bytes.readUInt32LE(40) & flagShared) !== 0,
    check,
  };
}

export function encodeRows(rows: readonly SegmentRow[]): Buffer {
  const bytes = Buffer.alloc(rows.length * rowBytes);
  for (const [index, row] of rows.entries()) {
    const at = index * rowBytes;
    writeU64(bytes, row.logId, at);
    writeU64(bytes, row.offset, at + 8);
    writeU64(bytes, row.length, at + 16);
    writeU64(bytes, row.position, at + 24);
    writeU64(bytes, row.end, at + 32);
    bytes.writeDoubleLE(row.firstMs, at + 40);
    bytes.writeDoubleLE(row.lastMs, at + 48);
    bytes.writeUInt32LE(row.entryCount, at + 56);
    bytes.writeUInt32LE(row.pointCount, at + 60);
    writeU64(bytes, row.pointsOffset, at + 64);
    bytes.writeUInt32LE(row.pointsCheck, at + 72);
  }
  return bytes;
}

/** Of bytes that have been verified. */
export function decodeRow(bytes: Buffer, index: number): SegmentRow {
  const at = index * rowBytes;
  return {
    logId: readU64(bytes, at),
    offset: readU64(bytes, at + 8),
    length: readU64(bytes, at + 16),
    position: readU64(bytes, at + 24),
    end: readU64(bytes, at + 32),
    firstMs: bytes.readDoubleLE(at + 40),
    lastMs: bytes.readDoubleLE(at + 48),
    entryCount: bytes.readUInt32LE(at + 56),
    pointCount: bytes.readUInt32LE(at + 60),
    pointsOffset: readU64(bytes, at + 64),
    pointsCheck: bytes.readUInt32LE(at + 72),
  };
}
