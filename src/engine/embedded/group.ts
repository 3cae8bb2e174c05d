// Hot path.
// A group: what one write and one sync make durable. docs/file-format.md section 3.
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { readU64, writeU64 } from "./binary.ts";
import { blockBytes } from "./disk.ts";
import type { DirectoryIdentity } from "./format-file.ts";

export interface GroupHeader {
  /** With padding. */
  readonly length: number;
  readonly generation: number;
  readonly lsn: number;
  readonly durableThroughLsn: number;
  /** Without padding. */
  readonly used: number;
  readonly frameCount: number;
}

export const groupMagic = 0x5247524d;
export const groupHeaderBytes = 64;
export const groupBytesMax = 16 * 1024 * 1024;

/** Rounds up to whole blocks. */
export function paddedLength(used: number): number {
  return Math.ceil(used / blockBytes) * blockBytes;
}

/** Pads a buffer whose frames stand from byte 64 up to `used`, and puts the header before them. */
export function closeGroup(target: Buffer, header: Omit<GroupHeader, "length">, identity: DirectoryIdentity): Buffer {
  const length = paddedLength(header.used);
  assert(length <= groupBytesMax && length <= target.length, "a group fits its buffer");
  const group = target.subarray(0, length);
  group.fill(0, header.used);
  group.writeUInt32LE(groupMagic, 0);
  group.writeUInt32LE(length, 4);
  writeU64(group, header.generation, 8);
  identity.salt.copy(group, 16);
  writeU64(group, header.lsn, 24);
  writeU64(group, header.durableThroughLsn, 32);
  group.writeUInt32LE(header.used, 40);
  group.writeUInt32LE(header.frameCount, 44);
  group.writeUInt32LE(0, 48);
  group.writeUInt32LE(crc32(group.subarray(groupHeaderBytes)), 52);
  group.writeUInt32LE(0, 56);
  group.writeUInt32LE(crc32(group.subarray(0, 60)), 60);
  return group;
}

/** The header at `at` if one of this directory stands there whole, whatever the state of its body. */
export function readGroupHeader(source: Buffer, at: number, identity: DirectoryIdentity): GroupHeader | undefined {
  if (at + groupHeaderBytes > source.length || source.readUInt32LE(at) !== groupMagic) return undefined;
  if (source.readUInt32LE(at + 60) !== crc32(source.subarray(at, at + 60))) return undefined;
  if (!source.subarray(at + 16, at + 24).equals(identity.salt)) return undefined;
  const length = source.readUInt32LE(at + 4);
  const used = source.readUInt32LE(at + 40);
  if (length === 0 || length % blockBytes !== 0 || length > groupBytesMax) return undefined;
  if (used < groupHeaderBytes || used > length) return undefined;
  return {
    length,
    generation: readU64(source, at + 8),
    lsn: readU64(source, at + 24),
    durableThroughLsn: readU64(source, at + 32),
    used,
    frameCount: source.readUInt32LE(at + 44),
  };
}

/** Whether the body of a group, all of it, is as it was written. */
export function groupBodyVerifies(group: Buffer): boolean {
  return group.readUInt32LE(52) === crc32(group.subarray(groupHeaderBytes));
}
