import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { blockBytes } from "../io/disk.ts";
import { isZero } from "../io/is-zero.ts";
import { dataViewOf, readU64, writeU64 } from "../io/uint64.ts";
import { type DirectoryIdentity, saltBytes } from "./format-file.ts";
import {
  alignFrame,
  FrameView,
  frameHeaderBytes,
  frameLengthAt,
  frameSpanAt,
  frameSummaryBytes,
  frameVerifies,
} from "./frame.ts";

/*
 * A commit group: what one write and one sync make durable. A header of 64 bytes, frames, and zeros up to a whole block.
 * Little-endian; docs/file-format.md section 3.
 *
 *   u32 "MRGR" | u32 length with padding | u64 generation | salt 8 | u64 LSN | u64 durableThroughLsn
 *   u32 bytes used, without padding | u32 count of frames | u32 flags = 0
 *   u32 CRC of length and checksum of every frame | u32 zero | u32 CRC of all before it
 */
const magicOffset = 0;
const lengthOffset = magicOffset + 4;
const generationOffset = lengthOffset + 4;
const saltOffset = generationOffset + 8;
const lsnOffset = saltOffset + saltBytes;
const durableThroughLsnOffset = lsnOffset + 8;
const usedOffset = durableThroughLsnOffset + 8;
const frameCountOffset = usedOffset + 4;
const flagsOffset = frameCountOffset + 4;
const framesChecksumOffset = flagsOffset + 4;
const reservedOffset = framesChecksumOffset + 4;
const headerChecksumOffset = reservedOffset + 4;

export const groupHeaderBytes = headerChecksumOffset + 4;
export const groupMagic = 0x5247524d;
export const groupBytesMax = 16 * 1024 * 1024;

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

/** Summaries of frames on their way into a checksum; reused, within one call. */
const summaries = Buffer.alloc(1024 * frameSummaryBytes);
const summariesView = dataViewOf(summaries);

/** Rounds up to whole blocks. */
export function paddedLength(used: number): number {
  return Math.ceil(used / blockBytes) * blockBytes;
}

/** Completes a group whose frames are at bytes `groupHeaderBytes` to `used` of `target`: header before them, zeros behind. */
export function closeGroup(target: Buffer, header: Omit<GroupHeader, "length">, identity: DirectoryIdentity): Buffer {
  const length = paddedLength(header.used);
  assert(length <= groupBytesMax && length <= target.length, "a group fits its buffer");
  const group = target.subarray(0, length);
  group.fill(0, header.used);
  group.writeUInt32LE(groupMagic, magicOffset);
  group.writeUInt32LE(length, lengthOffset);
  writeU64(group, header.generation, generationOffset);
  identity.salt.copy(group, saltOffset);
  writeU64(group, header.lsn, lsnOffset);
  writeU64(group, header.durableThroughLsn, durableThroughLsnOffset);
  group.writeUInt32LE(header.used, usedOffset);
  group.writeUInt32LE(header.frameCount, frameCountOffset);
  group.writeUInt32LE(0, flagsOffset);
  group.writeUInt32LE(framesChecksum(group, header.used), framesChecksumOffset);
  group.writeUInt32LE(0, reservedOffset);
  group.writeUInt32LE(crc32(group.subarray(0, headerChecksumOffset)), headerChecksumOffset);
  return group;
}

/** The header at `at`, whatever the state of the frames behind it; undefined unless it is whole and of this directory. */
export function readGroupHeader(source: Buffer, at: number, identity: DirectoryIdentity): GroupHeader | undefined {
  if (at + groupHeaderBytes > source.length || source.readUInt32LE(at + magicOffset) !== groupMagic) return undefined;
  const checksum = source.readUInt32LE(at + headerChecksumOffset);
  if (checksum !== crc32(source.subarray(at, at + headerChecksumOffset))) return undefined;
  if (!hasSalt(source, at, identity)) return undefined;
  const length = source.readUInt32LE(at + lengthOffset);
  const used = source.readUInt32LE(at + usedOffset);
  if (length === 0 || length % blockBytes !== 0 || length > groupBytesMax) return undefined;
  if (used < groupHeaderBytes || used > length) return undefined;
  return {
    length,
    generation: readU64(source, at + generationOffset),
    lsn: readU64(source, at + lsnOffset),
    durableThroughLsn: readU64(source, at + durableThroughLsnOffset),
    used,
    frameCount: source.readUInt32LE(at + frameCountOffset),
  };
}

/**
 * Whether a block has at least three of the four fields that identify a certain group (magic, salt, generation, LSN): then
 * it is most likely that group, torn or damaged.
 */
export function resemblesGroup(
  block: Buffer,
  { generation, lsn }: Pick<GroupHeader, "generation" | "lsn">,
  identity: DirectoryIdentity,
): boolean {
  if (block.length < groupHeaderBytes) return false;
  const matches = [
    block.readUInt32LE(magicOffset) === groupMagic,
    hasSalt(block, 0, identity),
    readU64(block, generationOffset) === generation,
    readU64(block, lsnOffset) === lsn,
  ];
  return matches.filter((isMatch) => isMatch).length >= matches.length - 1;
}

function hasSalt(source: Buffer, at: number, { salt }: DirectoryIdentity): boolean {
  return source.subarray(at + saltOffset, at + saltOffset + saltBytes).equals(salt);
}

/** Whether all bytes of a group behind its header are as written: each frame, their order, and the zeros between them. */
export function groupBodyVerifies(group: Buffer, header: GroupHeader, seed: number): boolean {
  if (!groupOutlineVerifies(group, header)) return false;
  for (let at = groupHeaderBytes; at < header.used; at += frameSpanAt(group, at)) {
    if (!frameVerifies(group, at, header.used, seed)) return false;
  }
  return true;
}

/**
 * The same without what the checksum of each frame covers: if true, each frame is where it was written, with its length and
 * its checksum, and can be verified by itself.
 */
export function groupOutlineVerifies(group: Buffer, { used, frameCount, length }: GroupHeader): boolean {
  if (group.length < length) return false;
  let at = groupHeaderBytes;
  for (let left = frameCount; left > 0; left--) {
    const frameBytes = frameLengthAt(group, at);
    const end = at + frameBytes;
    if (frameBytes < frameHeaderBytes || end > used) return false;
    at = alignFrame(end);
    if (!isZero(group, end, at)) return false;
  }
  if (at !== used || !isZero(group, used, length)) return false;
  return group.readUInt32LE(framesChecksumOffset) === framesChecksum(group, used);
}

/** CRC of the first eight bytes of each frame, length and checksum: so no body is hashed twice. */
function framesChecksum(group: Buffer, used: number): number {
  const frames = new FrameView(group);
  let checksum = 0;
  let filled = 0;
  for (let at = groupHeaderBytes; at < used; at += frames.span(at)) {
    if (filled === summaries.length) {
      checksum = crc32(summaries, checksum);
      filled = 0;
    }
    frames.copySummary(at, summariesView, filled);
    filled += frameSummaryBytes;
  }
  return crc32(summaries.subarray(0, filled), checksum);
}
