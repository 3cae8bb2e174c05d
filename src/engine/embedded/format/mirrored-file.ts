// Content that stands in its file twice, in two equal halves, each padded with zeros to whole blocks; of such a kind are the
// manifest and the file of the directory's key. docs/file-format.md sections 8 and 9.
import { crc32 } from "node:zlib";
import { blockBytes, type Disk, readWhole } from "../io/disk.ts";
import { isZero } from "../io/is-zero.ts";
import type { DirectoryIdentity } from "./format-file.ts";

/** What such a content begins with. */
export interface ContentKind {
  /** 8 bytes. */
  readonly magic: Buffer;
  readonly version: number;
}

/** Magic, version, length and directory id; the kind's own fields follow. */
export const contentHeadBytes = 32;
export const contentCheckBytes = 4;

/** A content of so many bytes in all, with its head. */
export function beginContent(
  length: number,
  { magic, version }: ContentKind,
  { directoryId }: DirectoryIdentity,
): Buffer {
  const content = Buffer.alloc(length);
  magic.copy(content, 0);
  content.writeUInt32LE(version, 8);
  content.writeUInt32LE(length, 12);
  directoryId.copy(content, 16);
  return content;
}

/** Ends a content with its checksum, and puts it into both halves of a file. */
export function encodeMirrored(content: Buffer, { seed }: DirectoryIdentity): Buffer {
  const checkAt = content.length - contentCheckBytes;
  content.writeUInt32LE(crc32(content.subarray(0, checkAt), seed), checkAt);
  const halfBytes = Math.ceil(content.length / blockBytes) * blockBytes;
  const bytes = Buffer.alloc(2 * halfBytes);
  content.copy(bytes, 0);
  content.copy(bytes, halfBytes);
  return bytes;
}

/** The content of one half, its checksum included; undefined unless every byte is as it was written. */
export function contentOf(
  half: Buffer,
  { magic, version }: ContentKind,
  identity: DirectoryIdentity,
): Buffer | undefined {
  const bytesMin = contentHeadBytes + contentCheckBytes;
  if (half.length < bytesMin || !half.subarray(0, magic.length).equals(magic)) return undefined;
  const length = half.readUInt32LE(12);
  if (length < bytesMin || length > half.length) return undefined;
  const content = half.subarray(0, length);
  const checkAt = length - contentCheckBytes;
  if (content.readUInt32LE(checkAt) !== crc32(content.subarray(0, checkAt), identity.seed)) return undefined;
  if (content.readUInt32LE(8) !== version || !content.subarray(16, 32).equals(identity.directoryId)) return undefined;
  return isZero(half, length, half.length) ? content : undefined;
}

/**
 * - `absent`   there is none
 * - `damaged`  neither half can be trusted
 * - `whole`    `damagedHalf` is 0 or 1 if one of the two is not as it was written
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
  // A cut file has its first half, if it has anything.
  const halfBytes = bytes.length % (2 * blockBytes) === 0 ? bytes.length / 2 : bytes.length;
  const decoded = [bytes.subarray(0, halfBytes), bytes.subarray(halfBytes)].map(decode);
  const value = decoded[0] ?? decoded[1];
  if (value === undefined) return { kind: "damaged" };
  const damagedHalf = decoded.indexOf(undefined);
  return { kind: "whole", value, damagedHalf: damagedHalf < 0 ? undefined : damagedHalf, halfBytes };
}
