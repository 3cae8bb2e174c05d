// A WAL file's name and its header of two equal blocks. docs/file-format.md section 2.
import { crc32 } from "node:zlib";
import { blockBytes } from "../io/disk.ts";
import { readU64, writeU64 } from "../io/uint64.ts";
import type { DirectoryIdentity } from "./format-file.ts";

export interface WalHeader {
  readonly generation: number;
  /** Of the whole file, made at once as a hole; a shorter file was cut. */
  readonly fileLength: number;
  readonly firstLsn: number;
  /** 0: none. */
  readonly previousGeneration: number;
  /** Where the log ends in the previous file. */
  readonly previousEnd: number;
  readonly madeMs: number;
  /** Stale groups of earlier generations may follow the last one. */
  readonly isRecycled: boolean;
}

export const walHeaderBytes = 2 * blockBytes;
/** A file of the log that waits to be one again; an open removes it. */
export const spareWalName = "spare.tmp";
const magic = Buffer.from("MRWALFIL", "latin1");
const walVersion = 1;
const flagRecycled = 1;
const generationDigits = 10;
const namePattern = new RegExp(`^[0-9]{${generationDigits}}\\.wal$`);

export function walFileName(generation: number): string {
  return `${String(generation).padStart(generationDigits, "0")}.wal`;
}

/** The generation that a name stands for, or undefined if it is no WAL file's. */
export function generationOfName(name: string): number | undefined {
  return namePattern.test(name) ? Number.parseInt(name, 10) : undefined;
}

/** Writes both copies into `target`, which takes `walHeaderBytes`. */
export function writeWalHeader(target: Buffer, header: WalHeader, identity: DirectoryIdentity): void {
  const block = target.subarray(0, blockBytes);
  block.fill(0);
  magic.copy(block, 0);
  block.writeUInt32LE(walVersion, 8);
  block.writeUInt32LE(header.isRecycled ? flagRecycled : 0, 12);
  identity.directoryId.copy(block, 16);
  identity.salt.copy(block, 32);
  writeU64(block, header.generation, 40);
  writeU64(block, header.fileLength, 48);
  writeU64(block, header.firstLsn, 56);
  writeU64(block, header.previousGeneration, 64);
  writeU64(block, header.previousEnd, 72);
  block.writeDoubleLE(header.madeMs, 80);
  block.writeUInt32LE(crc32(block.subarray(0, 92)), 92);
  block.copy(target, blockBytes);
}

/** One of the two copies, or undefined if it is damaged or of another directory. */
export function readWalHeader(block: Buffer, identity: DirectoryIdentity): WalHeader | undefined {
  if (block.length < blockBytes || !block.subarray(0, magic.length).equals(magic)) return undefined;
  if (block.readUInt32LE(92) !== crc32(block.subarray(0, 92)) || block.readUInt32LE(8) !== walVersion) return undefined;
  if (!block.subarray(16, 32).equals(identity.directoryId)) return undefined;
  if (!block.subarray(32, 40).equals(identity.salt)) return undefined;
  return {
    generation: readU64(block, 40),
    fileLength: readU64(block, 48),
    firstLsn: readU64(block, 56),
    previousGeneration: readU64(block, 64),
    previousEnd: readU64(block, 72),
    madeMs: block.readDoubleLE(80),
    isRecycled: (block.readUInt32LE(12) & flagRecycled) !== 0,
  };
}
