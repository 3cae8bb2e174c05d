import { crc32 } from "node:zlib";
import { blockBytes } from "../io/disk.ts";
import { readU64, writeU64 } from "../io/uint64.ts";
import { type DirectoryIdentity, directoryIdBytes, saltBytes } from "./format-file.ts";

/*
 * A WAL file begins with the same header in its first two blocks; commit groups follow. Little-endian; docs/file-format.md
 * section 2.
 *
 *   "MRWALFIL" | u32 version = 1 | u32 flags | directory id 16 | salt 8 | u64 generation | u64 file length
 *   u64 LSN of the first group | u64 previous generation, 0 = none | u64 end of the WAL in the previous file
 *   f64 madeMs | u32 zero | u32 CRC of all before it | zeros up to the end of the block
 */
const magic = Buffer.from("MRWALFIL", "latin1");
const magicOffset = 0;
const versionOffset = magicOffset + magic.length;
const flagsOffset = versionOffset + 4;
const directoryIdOffset = flagsOffset + 4;
const saltOffset = directoryIdOffset + directoryIdBytes;
const generationOffset = saltOffset + saltBytes;
const fileLengthOffset = generationOffset + 8;
const firstLsnOffset = fileLengthOffset + 8;
const previousGenerationOffset = firstLsnOffset + 8;
const previousEndOffset = previousGenerationOffset + 8;
const madeMsOffset = previousEndOffset + 8;
const reservedOffset = madeMsOffset + 8;
const checksumOffset = reservedOffset + 4;

/** Bytes of one copy of the header without the zeros behind it. */
export const walHeaderFieldBytes = checksumOffset + 4;
const walVersion = 1;
const flagRecycled = 1;

/** Both copies of the header. */
export const walHeaderBytes = 2 * blockBytes;
/** A WAL file that waits to be recycled; the next open removes it. */
export const spareWalName = "spare.tmp";
const generationDigits = 10;
const namePattern = new RegExp(`^[0-9]{${generationDigits}}\\.wal$`);

export interface WalHeader {
  readonly generation: number;
  /** Length that the file was made with, its unused end a hole; a shorter file was truncated. */
  readonly fileLength: number;
  readonly firstLsn: number;
  /** 0: this is the first file. */
  readonly previousGeneration: number;
  /** Byte where the WAL ends in the previous file. */
  readonly previousEnd: number;
  readonly madeMs: number;
  /** Groups of earlier generations may follow the last group. */
  readonly isRecycled: boolean;
}

export function walFileName(generation: number): string {
  return `${String(generation).padStart(generationDigits, "0")}.wal`;
}

/** The generation in the name of a WAL file; undefined for any other name. */
export function generationOfName(name: string): number | undefined {
  return namePattern.test(name) ? Number.parseInt(name, 10) : undefined;
}

/** Writes both copies into the first `walHeaderBytes` of `target`. */
export function writeWalHeader(target: Buffer, header: WalHeader, identity: DirectoryIdentity): void {
  const block = target.subarray(0, blockBytes);
  magic.copy(block, magicOffset);
  block.writeUInt32LE(walVersion, versionOffset);
  block.writeUInt32LE(header.isRecycled ? flagRecycled : 0, flagsOffset);
  identity.directoryId.copy(block, directoryIdOffset);
  identity.salt.copy(block, saltOffset);
  writeU64(block, header.generation, generationOffset);
  writeU64(block, header.fileLength, fileLengthOffset);
  writeU64(block, header.firstLsn, firstLsnOffset);
  writeU64(block, header.previousGeneration, previousGenerationOffset);
  writeU64(block, header.previousEnd, previousEndOffset);
  block.writeDoubleLE(header.madeMs, madeMsOffset);
  block.writeUInt32LE(0, reservedOffset);
  block.writeUInt32LE(crc32(block.subarray(0, checksumOffset)), checksumOffset);
  block.fill(0, walHeaderFieldBytes);
  block.copy(target, blockBytes);
}

/** One of the two copies; undefined if it is damaged or of another directory. */
export function readWalHeader(block: Buffer, identity: DirectoryIdentity): WalHeader | undefined {
  if (block.length < blockBytes || !block.subarray(0, magic.length).equals(magic)) return undefined;
  if (block.readUInt32LE(checksumOffset) !== crc32(block.subarray(0, checksumOffset))) return undefined;
  if (block.readUInt32LE(versionOffset) !== walVersion) return undefined;
  const { directoryId, salt } = identity;
  if (!block.subarray(directoryIdOffset, directoryIdOffset + directoryIdBytes).equals(directoryId)) return undefined;
  if (!block.subarray(saltOffset, saltOffset + saltBytes).equals(salt)) return undefined;
  return {
    generation: readU64(block, generationOffset),
    fileLength: readU64(block, fileLengthOffset),
    firstLsn: readU64(block, firstLsnOffset),
    previousGeneration: readU64(block, previousGenerationOffset),
    previousEnd: readU64(block, previousEndOffset),
    madeMs: block.readDoubleLE(madeMsOffset),
    isRecycled: (block.readUInt32LE(flagsOffset) & flagRecycled) !== 0,
  };
}
