import { crc32 } from "node:zlib";
import { blockBytes, type Disk, readWhole } from "../io/disk.ts";
import { isZero } from "../io/is-zero.ts";
import { type DirectoryIdentity, directoryIdBytes } from "./format-file.ts";

/*
 * A mirrored file (the manifest, `directory.key`): the same content in two halves, each padded with zeros to whole blocks.
 * Little-endian; docs/file-format.md sections 8 and 9. The content:
 *
 *   magic 8 | u32 version | u32 length of the content | directory id 16 | fields of its kind
 *   u32 CRC of all before it, begun with the directory's seed
 */
const magicBytes = 8;
const magicOffset = 0;
const versionOffset = magicOffset + magicBytes;
const lengthOffset = versionOffset + 4;
const directoryIdOffset = lengthOffset + 4;

/** Where the fields of the kind begin. */
export const mirroredHeaderBytes = directoryIdOffset + directoryIdBytes;
export const mirroredChecksumBytes = 4;
const contentBytesMin = mirroredHeaderBytes + mirroredChecksumBytes;

export interface ContentKind {
  /** 8 bytes. */
  readonly magic: Buffer;
  readonly version: number;
}

/** A content of `length` bytes in all, with its header. */
export function beginMirroredContent(
  length: number,
  { magic, version }: ContentKind,
  { directoryId }: DirectoryIdentity,
): Buffer {
  const content = Buffer.alloc(length);
  magic.copy(content, magicOffset);
  content.writeUInt32LE(version, versionOffset);
  content.writeUInt32LE(length, lengthOffset);
  directoryId.copy(content, directoryIdOffset);
  return content;
}

/** Writes the checksum at the end of a content; returns the file, the content in both halves. */
export function encodeMirrored(content: Buffer, { seed }: DirectoryIdentity): Buffer {
  const checksumOffset = content.length - mirroredChecksumBytes;
  content.writeUInt32LE(crc32(content.subarray(0, checksumOffset), seed), checksumOffset);
  const halfBytes = Math.ceil(content.length / blockBytes) * blockBytes;
  const bytes = Buffer.alloc(2 * halfBytes);
  content.copy(bytes, 0);
  content.copy(bytes, halfBytes);
  return bytes;
}

/** The content of one half, its checksum included; undefined unless every byte is as written. */
export function verifiedContentOf(
  half: Buffer,
  { magic, version }: ContentKind,
  { directoryId, seed }: DirectoryIdentity,
): Buffer | undefined {
  if (half.length < contentBytesMin || !half.subarray(0, magicBytes).equals(magic)) return undefined;
  const length = contentLengthOf(half);
  if (length < contentBytesMin || length > half.length) return undefined;
  const content = half.subarray(0, length);
  const checksumOffset = length - mirroredChecksumBytes;
  if (content.readUInt32LE(checksumOffset) !== crc32(content.subarray(0, checksumOffset), seed)) return undefined;
  if (content.readUInt32LE(versionOffset) !== version) return undefined;
  if (!content.subarray(directoryIdOffset, mirroredHeaderBytes).equals(directoryId)) return undefined;
  return isZero(half, length, half.length) ? content : undefined;
}

/** The length that a half says its content has. */
export function contentLengthOf(half: Buffer): number {
  return half.readUInt32LE(lengthOffset);
}

/**
 * - `absent`   there is no such file
 * - `damaged`  neither half verifies
 * - `whole`    at least one half verifies; `damagedHalf` is the other one, 0 or 1, if it does not
 */
export type LoadedMirrored<Value> =
  | { readonly kind: "absent" }
  | { readonly kind: "damaged" }
  | {
      readonly kind: "whole";
      readonly value: Value;
      readonly damagedHalf: number | undefined;
      readonly halfBytes: number;
    };

export async function loadMirrored<Value>(
  disk: Disk,
  path: string,
  decode: (half: Buffer) => Value | undefined,
): Promise<LoadedMirrored<Value>> {
  const bytes = await readWhole(disk, path);
  if (bytes === undefined) return { kind: "absent" };
  // A truncated file has its first half, if anything.
  const halfBytes = bytes.length % (2 * blockBytes) === 0 ? bytes.length / 2 : bytes.length;
  const decoded = [bytes.subarray(0, halfBytes), bytes.subarray(halfBytes)].map(decode);
  const value = decoded[0] ?? decoded[1];
  if (value === undefined) return { kind: "damaged" };
  const damagedHalf = decoded.indexOf(undefined);
  return { kind: "whole", value, damagedHalf: damagedHalf < 0 ? undefined : damagedHalf, halfBytes };
}
