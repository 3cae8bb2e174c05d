import { crc32 } from "node:zlib";
import { blockBytes } from "../io/disk.ts";
import { readU64, writeU64 } from "../io/uint64.ts";
import { type DirectoryIdentity, directoryIdBytes, saltBytes } from "./format-file.ts";

/*
 * A segment: entries of closed WAL files, sorted by shard log. A header in a block of its own, the extents (frames as in the
 * WAL), the index points of each extent, one row for each extent, zeros, a trailer that ends the last block. Little-endian;
 * docs/file-format.md section 8. Checksums begin with the directory's seed.
 *
 *   header:       "MRSEGMNT" | u32 version = 1 | u32 flags | directory id 16 | salt 8 | u64 segment id | f64 madeMs
 *                 u32 zero | u32 CRC of all before it | zeros up to the end of the block
 *   index point:  u64 position | u64 file offset of the frame | f64 storedMs
 *   row:          u64 log id | u64 file offset | u64 length | u64 position | u64 end | f64 firstMs | f64 lastMs
 *                 u32 count of entries | u32 count of index points | u64 file offset of the index points
 *                 u32 CRC of the index points | u32 zero
 *   trailer:      "MRSEGEND" | u64 segment id | u64 file offset of the rows | u64 file length | u32 count of rows
 *                 u32 CRC of the rows | u32 flags | zero 16 | u32 CRC of all before it
 */
const headerMagic = Buffer.from("MRSEGMNT", "latin1");
const headerMagicOffset = 0;
const headerVersionOffset = headerMagicOffset + headerMagic.length;
const headerFlagsOffset = headerVersionOffset + 4;
const headerDirectoryIdOffset = headerFlagsOffset + 4;
const headerSaltOffset = headerDirectoryIdOffset + directoryIdBytes;
const headerIdOffset = headerSaltOffset + saltBytes;
const headerMadeMsOffset = headerIdOffset + 8;
const headerReservedOffset = headerMadeMsOffset + 8;
const headerChecksumOffset = headerReservedOffset + 4;
/** File offset of the first extent. */
export const extentsOffset = blockBytes;

const indexPositionOffset = 0;
const indexFrameOffset = indexPositionOffset + 8;
const indexStoredMsOffset = indexFrameOffset + 8;
export const indexPointBytes = indexStoredMsOffset + 8;

const rowLogIdOffset = 0;
const rowExtentOffset = rowLogIdOffset + 8;
const rowLengthOffset = rowExtentOffset + 8;
const rowPositionOffset = rowLengthOffset + 8;
const rowEndOffset = rowPositionOffset + 8;
const rowFirstMsOffset = rowEndOffset + 8;
const rowLastMsOffset = rowFirstMsOffset + 8;
const rowEntryCountOffset = rowLastMsOffset + 8;
const rowPointCountOffset = rowEntryCountOffset + 4;
const rowPointsOffset = rowPointCountOffset + 4;
const rowPointsChecksumOffset = rowPointsOffset + 8;
const rowReservedOffset = rowPointsChecksumOffset + 4;
export const rowBytes = rowReservedOffset + 4;

const trailerMagic = Buffer.from("MRSEGEND", "latin1");
const trailerMagicOffset = 0;
const trailerIdOffset = trailerMagicOffset + trailerMagic.length;
const trailerRowsOffset = trailerIdOffset + 8;
const trailerFileLengthOffset = trailerRowsOffset + 8;
const trailerRowCountOffset = trailerFileLengthOffset + 8;
const trailerRowsChecksumOffset = trailerRowCountOffset + 4;
const trailerFlagsOffset = trailerRowsChecksumOffset + 4;
const trailerReservedOffset = trailerFlagsOffset + 4;
const trailerChecksumOffset = trailerReservedOffset + 16;
export const trailerBytes = trailerChecksumOffset + 4;

const segmentVersion = 1;
const flagShared = 1;
/** An index point covers the entries that end within so many bytes from its frame on. */
export const indexIntervalBytes = 64 * 1024;
const idDigits = 10;
const namePattern = new RegExp(`^[0-9]{${idDigits}}\\.segment$`);

/** The description of one extent: consecutive entries of one shard log in a segment. */
export interface SegmentRow {
  readonly logId: number;
  /** File offset of the extent. */
  readonly offset: number;
  readonly length: number;
  /** Position of the first record. */
  readonly position: number;
  /** One past the last record. */
  readonly end: number;
  /** `storedMs` of the first and of the last entry. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly entryCount: number;
  readonly pointCount: number;
  readonly pointsOffset: number;
  readonly pointsCheck: number;
}

export interface SegmentHeader {
  readonly id: number;
  /** Entries of several streams are in it. */
  readonly isShared: boolean;
}

export interface SegmentTrailer extends SegmentHeader {
  readonly rowsOffset: number;
  readonly rowCount: number;
  readonly rowsCheck: number;
  readonly fileLength: number;
  /** The checksum at its end, which the manifest repeats: no other file can take the segment's place. */
  readonly check: number;
}

/** Where an entry begins: one for every 64 KiB or so of an extent. */
export interface IndexPoint {
  /** Position of the entry's first record. */
  readonly position: number;
  /** File offset of its frame. */
  readonly offset: number;
  readonly storedMs: number;
}

export function segmentFileName(id: number): string {
  return `${String(id).padStart(idDigits, "0")}.segment`;
}

/** The number in the name of a segment; undefined for any other name. */
export function segmentIdOfName(name: string): number | undefined {
  return namePattern.test(name) ? Number.parseInt(name, 10) : undefined;
}

/** Writes the header into the first block of `target`. */
export function writeSegmentHeader(
  target: Buffer,
  { id, isShared, madeMs }: SegmentHeader & { readonly madeMs: number },
  identity: DirectoryIdentity,
): void {
  target.fill(0, 0, blockBytes);
  headerMagic.copy(target, headerMagicOffset);
  target.writeUInt32LE(segmentVersion, headerVersionOffset);
  target.writeUInt32LE(isShared ? flagShared : 0, headerFlagsOffset);
  identity.directoryId.copy(target, headerDirectoryIdOffset);
  identity.salt.copy(target, headerSaltOffset);
  writeU64(target, id, headerIdOffset);
  target.writeDoubleLE(madeMs, headerMadeMsOffset);
  target.writeUInt32LE(crc32(target.subarray(0, headerChecksumOffset), identity.seed), headerChecksumOffset);
}

/** Whether the header's block is as it was written for this segment, zeros included. */
export function segmentHeaderVerifies(
  block: Buffer,
  { id, isShared }: SegmentHeader,
  identity: DirectoryIdentity,
): boolean {
  if (block.length < blockBytes) return false;
  const expected = Buffer.alloc(blockBytes);
  writeSegmentHeader(expected, { id, isShared, madeMs: block.readDoubleLE(headerMadeMsOffset) }, identity);
  return block.subarray(0, blockBytes).equals(expected);
}

export function encodeTrailer(
  trailer: Omit<SegmentTrailer, "check">,
  identity: DirectoryIdentity,
): { readonly bytes: Buffer; readonly check: number } {
  const bytes = Buffer.alloc(trailerBytes);
  trailerMagic.copy(bytes, trailerMagicOffset);
  writeU64(bytes, trailer.id, trailerIdOffset);
  writeU64(bytes, trailer.rowsOffset, trailerRowsOffset);
  writeU64(bytes, trailer.fileLength, trailerFileLengthOffset);
  bytes.writeUInt32LE(trailer.rowCount, trailerRowCountOffset);
  bytes.writeUInt32LE(trailer.rowsCheck, trailerRowsChecksumOffset);
  bytes.writeUInt32LE(trailer.isShared ? flagShared : 0, trailerFlagsOffset);
  const check = crc32(bytes.subarray(0, trailerChecksumOffset), identity.seed);
  bytes.writeUInt32LE(check, trailerChecksumOffset);
  return { bytes, check };
}

/** Undefined unless every byte is as written. */
export function decodeTrailer(bytes: Buffer, identity: DirectoryIdentity): SegmentTrailer | undefined {
  if (bytes.length !== trailerBytes || !bytes.subarray(0, trailerMagic.length).equals(trailerMagic)) return undefined;
  const check = bytes.readUInt32LE(trailerChecksumOffset);
  if (check !== crc32(bytes.subarray(0, trailerChecksumOffset), identity.seed)) return undefined;
  return {
    id: readU64(bytes, trailerIdOffset),
    rowsOffset: readU64(bytes, trailerRowsOffset),
    fileLength: readU64(bytes, trailerFileLengthOffset),
    rowCount: bytes.readUInt32LE(trailerRowCountOffset),
    rowsCheck: bytes.readUInt32LE(trailerRowsChecksumOffset),
    isShared: (bytes.readUInt32LE(trailerFlagsOffset) & flagShared) !== 0,
    check,
  };
}

export function encodeRows(rows: readonly SegmentRow[]): Buffer {
  const bytes = Buffer.alloc(rows.length * rowBytes);
  for (const [index, row] of rows.entries()) {
    const at = index * rowBytes;
    writeU64(bytes, row.logId, at + rowLogIdOffset);
    writeU64(bytes, row.offset, at + rowExtentOffset);
    writeU64(bytes, row.length, at + rowLengthOffset);
    writeU64(bytes, row.position, at + rowPositionOffset);
    writeU64(bytes, row.end, at + rowEndOffset);
    bytes.writeDoubleLE(row.firstMs, at + rowFirstMsOffset);
    bytes.writeDoubleLE(row.lastMs, at + rowLastMsOffset);
    bytes.writeUInt32LE(row.entryCount, at + rowEntryCountOffset);
    bytes.writeUInt32LE(row.pointCount, at + rowPointCountOffset);
    writeU64(bytes, row.pointsOffset, at + rowPointsOffset);
    bytes.writeUInt32LE(row.pointsCheck, at + rowPointsChecksumOffset);
  }
  return bytes;
}

/** All rows in bytes whose checksum has been verified. */
export function decodeRows(bytes: Buffer): readonly SegmentRow[] {
  return Array.from({ length: bytes.length / rowBytes }, (_, index) => decodeRow(bytes, index * rowBytes));
}

function decodeRow(bytes: Buffer, at: number): SegmentRow {
  return {
    logId: readU64(bytes, at + rowLogIdOffset),
    offset: readU64(bytes, at + rowExtentOffset),
    length: readU64(bytes, at + rowLengthOffset),
    position: readU64(bytes, at + rowPositionOffset),
    end: readU64(bytes, at + rowEndOffset),
    firstMs: bytes.readDoubleLE(at + rowFirstMsOffset),
    lastMs: bytes.readDoubleLE(at + rowLastMsOffset),
    entryCount: bytes.readUInt32LE(at + rowEntryCountOffset),
    pointCount: bytes.readUInt32LE(at + rowPointCountOffset),
    pointsOffset: readU64(bytes, at + rowPointsOffset),
    pointsCheck: bytes.readUInt32LE(at + rowPointsChecksumOffset),
  };
}

/** Writes `indexPointBytes` at `at`. */
export function writeIndexPoint(target: Buffer, at: number, { position, offset, storedMs }: IndexPoint): void {
  writeU64(target, position, at + indexPositionOffset);
  writeU64(target, offset, at + indexFrameOffset);
  target.writeDoubleLE(storedMs, at + indexStoredMsOffset);
}

/** The index points of one extent; undefined unless every byte is as written. */
export function decodeIndexPoints(
  bytes: Buffer,
  row: Pick<SegmentRow, "pointCount" | "pointsCheck">,
  seed: number,
): readonly IndexPoint[] | undefined {
  if (bytes.length !== row.pointCount * indexPointBytes || crc32(bytes, seed) !== row.pointsCheck) return undefined;
  return Array.from({ length: row.pointCount }, (_, index) => {
    const at = index * indexPointBytes;
    return {
      position: readU64(bytes, at + indexPositionOffset),
      offset: readU64(bytes, at + indexFrameOffset),
      storedMs: bytes.readDoubleLE(at + indexStoredMsOffset),
    };
  });
}
