// Which segments count, and from where on the log does. docs/file-format.md section 8.
import { crc32 } from "node:zlib";
import { readU64, writeU64 } from "./binary.ts";
import { blockBytes, type Disk, readWhole, replaceFile } from "./disk.ts";
import type { DirectoryIdentity } from "./format-file.ts";

export interface ManifestSegment {
  readonly id: number;
  readonly fileLength: number;
  readonly isShared: boolean;
  /** The checksum that ends its trailer. */
  readonly check: number;
  /** Of all its extents, dead ones included. */
  readonly dataBytes: number;
}

export interface Manifest {
  /** Grows from one to the next. */
  readonly number: number;
  /** Entries of WAL files up to this generation are in segments; 0: none are. */
  readonly sealedThrough: number;
  /** The oldest WAL file that must exist. */
  readonly oldestGeneration: number;
  readonly nextSegmentId: number;
  readonly segments: readonly ManifestSegment[];
  /** From log id to the first position that still counts, where that is not 1. */
  readonly starts: ReadonlyMap<number, number>;
}

export const manifestName = "manifest";
const magic = Buffer.from("MRMANIFS", "latin1");
const manifestVersion = 1;
const headBytes = 72;
const segmentBytes = 32;
const startBytes = 16;
const flagShared = 1;

export function encodeManifest(manifest: Manifest, identity: DirectoryIdentity): Buffer {
  const segmentsEnd = headBytes + manifest.segments.length * segmentBytes;
  const length = segmentsEnd + manifest.starts.size * startBytes + 4;
  const halfBytes = Math.ceil(length / blockBytes) * blockBytes;
  const bytes = Buffer.alloc(2 * halfBytes);
  magic.copy(bytes, 0);
  bytes.writeUInt32LE(manifestVersion, 8);
  bytes.writeUInt32LE(length, 12);
  identity.directoryId.copy(bytes, 16);
  writeU64(bytes, manifest.number, 32);
  writeU64(bytes, manifest.sealedThrough, 40);
  writeU64(bytes, manifest.oldestGeneration, 48);
  writeU64(bytes, manifest.nextSegmentId, 56);
  bytes.writeUInt32LE(manifest.segments.length, 64);
  bytes.writeUInt32LE(manifest.starts.size, 68);
  let at = headBytes;
  for (const { id, fileLength, isShared, check, dataBytes } of manifest.segments) {
    writeU64(bytes, id, at);
    writeU64(bytes, fileLength, at + 8);
    bytes.writeUInt32LE(isShared ? flagShared : 0, at + 16);
    bytes.writeUInt32LE(check, at + 20);
    writeU64(bytes, dataBytes, at + 24);
    at += segmentBytes;
  }
  for (const [logId, start] of manifest.starts) {
    writeU64(bytes, logId, at);
    writeU64(bytes, start, at + 8);
    at += startBytes;
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(0, at), identity.seed), at);
  bytes.copy(bytes, halfBytes, 0, halfBytes);
  return bytes;
}

/** One half; undefined unless every byte is as it was written. */
export function decodeManifest(half: Buffer, identity: DirectoryIdentity): Manifest | undefined {
  if (half.length < headBytes + 4 || !half.subarray(0, magic.length).equals(magic)) return undefined;
  const length = half.readUInt32LE(12);
  if (length < headBytes + 4 || length > half.length) return undefined;
  if (half.readUInt32LE(length - 4) !== crc32(half.subarray(0, length - 4), identity.seed)) return undefined;
  if (half.readUInt32LE(8) !== manifestVersion || !half.subarray(16, 32).equals(identity.directoryId)) return undefined;
  if (!half.subarray(length).equals(Buffer.alloc(half.length - length))) return undefined;
  let at = headBytes;
  const segments: ManifestSegment[] = [];
  for (let left = half.readUInt32LE(64); left > 0; left--, at += segmentBytes) {
    segments.push({
      id: readU64(half, at),
      fileLength: readU64(half, at + 8),
      isShared: (half.readUInt32LE(at + 16) & flagShared) !== 0,
      check: half.readUInt32LE(at + 20),
      dataBytes: readU64(half, at + 24),
    });
  }
  const starts = new Map<number, number>();
  for (let left = half.readUInt32LE(68); left > 0; left--, at += startBytes) {
    starts.set(readU64(half, at), readU64(half, at + 8));
  }
  return {
    number: readU64(half, 32),
    sealedThrough: readU64(half, 40),
    oldestGeneration: readU64(half, 48),
    nextSegmentId: readU64(half, 56),
    segments,
    starts,
  };
}

/**
 * - `absent`   there is none
 * - `damaged`  neither half can be trusted
 * - `whole`    `damagedHalf` is 0 or 1 if one of the two is not as it was written
 */
export type LoadedManifest =
  | { readonly kind: "absent" }
  | { readonly kind: "damaged" }
  | {
      readonly kind: "whole";
      readonly manifest: Manifest;
      readonly damagedHalf: number | undefined;
      readonly halfBytes: number;
    };

export async function loadManifest(
  disk: Disk,
  directory: string,
  identity: DirectoryIdentity,
): Promise<LoadedManifest> {
  const bytes = await readWhole(disk, `${directory}/${manifestName}`);
  if (bytes === undefined) return { kind: "absent" };
  // A cut file has its first half, if it has anything.
  const halfBytes = bytes.length % (2 * blockBytes) === 0 ? bytes.length / 2 : bytes.length;
  const halves = [bytes.subarray(0, halfBytes), bytes.subarray(halfBytes)];
  const decoded = halves.map((half) => decodeManifest(half, identity));
  const manifest = decoded[0] ?? decoded[1];
  if (manifest === undefined) return { kind: "damaged" };
  const damagedHalf = decoded.indexOf(undefined);
  return { kind: "whole", manifest, damagedHalf: damagedHalf < 0 ? undefined : damagedHalf, halfBytes };
}

/** Takes effect at once or not at all. */
export async function writeManifest(
  disk: Disk,
  directory: string,
  manifest: Manifest,
  identity: DirectoryIdentity,
): Promise<void> {
  await replaceFile(disk, directory, manifestName, encodeManifest(manifest, identity));
}
