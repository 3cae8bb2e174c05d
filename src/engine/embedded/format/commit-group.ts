// A group: what one write and one sync make durable. docs/file-format.md section 3.
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { blockBytes } from "../io/disk.ts";
import { isZero } from "../io/is-zero.ts";
import { readU64, viewOf, writeU64 } from "../io/uint64.ts";
import type { DirectoryIdentity } from "./format-file.ts";
import { frameHeadBytes, frameLengthAt, frameSpanAt, frameVerifies } from "./frame.ts";

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
/** Used again for every group, within one turn. */
const frameHeads = Buffer.alloc(1024 * 8);
const frameHeadsView = viewOf(frameHeads);

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
  group.writeUInt32LE(checkFrames(group, header.used), 52);
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

/** Whether a block has all but one of the things that tell a certain group from any other, so that it is likely to be that one. */
export function resemblesGroup(
  block: Buffer,
  { generation, lsn }: Pick<GroupHeader, "generation" | "lsn">,
  identity: DirectoryIdentity,
): boolean {
  if (block.length < groupHeaderBytes) return false;
  const signs = [
    block.readUInt32LE(0) === groupMagic,
    block.subarray(16, 24).equals(identity.salt),
    readU64(block, 8) === generation,
    readU64(block, 24) === lsn,
  ];
  return signs.filter((sign) => sign).length >= signs.length - 1;
}

/** Whether all of a group behind its header is as it was written: every frame, their order, and the zeros between. */
export function groupBodyVerifies(group: Buffer, header: GroupHeader, seed: number): boolean {
  if (!groupOutlineVerifies(group, header)) return false;
  for (let at = groupHeaderBytes; at < header.used; at += frameSpanAt(group, at)) {
    if (!frameVerifies(group, at, header.used, seed)) return false;
  }
  return true;
}

/**
 * Whether everything behind a group's header is as it was written but what each frame's own checksum covers: then each
 * frame is where it was put, with the length and the checksum it was given, and can be verified by itself.
 */
export function groupOutlineVerifies(group: Buffer, { used, frameCount, length }: GroupHeader): boolean {
  if (group.length < length) return false;
  let at = groupHeaderBytes;
  for (let left = frameCount; left > 0; left--) {
    const frameBytes = frameLengthAt(group, at);
    const end = at + frameBytes;
    if (frameBytes < frameHeadBytes || end > used) return false;
    at = (end + 7) & ~7;
    if (!isZero(group, end, at)) return false;
  }
  return at === used && isZero(group, used, length) && group.readUInt32LE(52) === checkFrames(group, used);
}

/** The checksum of what heads the frames: their lengths and checksums. Their bodies need not be hashed twice. */
function checkFrames(group: Buffer, used: number): number {
  const view = viewOf(group);
  let check = 0;
  let filled = 0;
  for (let at = groupHeaderBytes; at < used; ) {
    if (filled === frameHeads.length) {
      check = crc32(frameHeads, check);
      filled = 0;
    }
    const length = view.getUint32(at, true);
    frameHeadsView.setUint32(filled, length, true);
    frameHeadsView.setUint32(filled + 4, view.getUint32(at + 4, true), true);
    filled += 8;
    at += (length + 7) & ~7;
  }
  return crc32(frameHeads.subarray(0, filled), check);
}
