// Which segments count, and from where on the log does. docs/file-format.md section 8.

import { type Disk, replaceFile } from "../io/disk.ts";
import { readU64, writeU64 } from "../io/uint64.ts";
import type { DirectoryIdentity } from "./format-file.ts";
import {
  beginContent,
  contentCheckBytes,
  contentOf,
  encodeMirrored,
  type LoadedMirrored,
  loadMirrored,
} from "./mirrored-file.ts";

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
const kind = { magic: Buffer.from("MRMANIFS", "latin1"), version: 1 };
const headBytes = 72;
const segmentBytes = 32;
const startBytes = 16;
const flagShared = 1;

export function encodeManifest(manifest: Manifest, identity: DirectoryIdentity): Buffer {
  const segmentsEnd = headBytes + manifest.segments.length * segmentBytes;
  const content = beginContent(segmentsEnd + manifest.starts.size * startBytes + contentCheckBytes, kind, identity);
  writeU64(content, manifest.number, 32);
  writeU64(content, manifest.sealedThrough, 40);
  writeU64(content, manifest.oldestGeneration, 48);
  writeU64(content, manifest.nextSegmentId, 56);
  content.writeUInt32LE(manifest.segments.length, 64);
  content.writeUInt32LE(manifest.starts.size, 68);
  let at = headBytes;
  for (const { id, fileLength, isShared, check, dataBytes } of manifest.segments) {
    writeU64(content, id, at);
    writeU64(content, fileLength, at + 8);
    content.writeUInt32LE(isShared ? flagShared : 0, at + 16);
    content.writeUInt32LE(check, at + 20);
    writeU64(content, dataBytes, at + 24);
    at += segmentBytes;
  }
  for (const [logId, start] of manifest.starts) {
    writeU64(content, logId, at);
    writeU64(content, start, at + 8);
    at += startBytes;
  }
  return encodeMirrored(content, identity);
}

/** One half; undefined unless every byte is as it was written. */
export function decodeManifest(half: Buffer, identity: DirectoryIdentity): Manifest | undefined {
  const content = contentOf(half, kind, identity);
  if (content === undefined || content.length < headBytes + contentCheckBytes) return undefined;
  let at = headBytes;
  const segments: ManifestSegment[] = [];
  for (let left = content.readUInt32LE(64); left > 0; left--, at += segmentBytes) {
    segments.push({
      id: readU64(content, at),
      fileLength: readU64(content, at + 8),
      isShared: (content.readUInt32LE(at + 16) & flagShared) !== 0,
      check: content.readUInt32LE(at + 20),
      dataBytes: readU64(content, at + 24),
    });
  }
  const starts = new Map<number, number>();
  for (let left = content.readUInt32LE(68); left > 0; left--, at += startBytes) {
    starts.set(readU64(content, at), readU64(content, at + 8));
  }
  return {
    number: readU64(content, 32),
    sealedThrough: readU64(content, 40),
    oldestGeneration: readU64(content, 48),
    nextSegmentId: readU64(content, 56),
    segments,
    starts,
  };
}

export function loadManifest(
  disk: Disk,
  directory: string,
  identity: DirectoryIdentity,
): Promise<LoadedMirrored<Manifest>> {
  return loadMirrored(disk, `${directory}/${manifestName}`, (half) => decodeManifest(half, identity));
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
