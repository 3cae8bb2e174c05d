import { type Disk, replaceFile } from "../io/disk.ts";
import { readU64, writeU64 } from "../io/uint64.ts";
import type { DirectoryIdentity } from "./format-file.ts";
import {
  beginMirroredContent,
  encodeMirrored,
  type LoadedMirrored,
  loadMirrored,
  mirroredChecksumBytes,
  mirroredHeaderBytes,
  verifiedContentOf,
} from "./mirrored-file.ts";

/*
 * `segments/manifest`: which segments count, and where the WAL begins. A mirrored file; little-endian; docs/file-format.md
 * section 8. Behind the header of its content:
 *
 *   u64 number | u64 flushed through generation, 0 = none | u64 oldest generation | u64 next segment id
 *   u32 count of segments | u32 count of starts | segments | starts
 *   a segment:  u64 id | u64 file length | u32 flags | u32 checksum of its trailer | u64 bytes of its extents
 *   a start:    u64 log id | u64 first position that counts
 */
const numberOffset = mirroredHeaderBytes;
const flushedThroughOffset = numberOffset + 8;
const oldestGenerationOffset = flushedThroughOffset + 8;
const nextSegmentIdOffset = oldestGenerationOffset + 8;
const segmentCountOffset = nextSegmentIdOffset + 8;
const startCountOffset = segmentCountOffset + 4;
const segmentsOffset = startCountOffset + 4;

const segmentIdOffset = 0;
const segmentFileLengthOffset = segmentIdOffset + 8;
const segmentFlagsOffset = segmentFileLengthOffset + 8;
const segmentChecksumOffset = segmentFlagsOffset + 4;
const segmentDataBytesOffset = segmentChecksumOffset + 4;
const segmentBytes = segmentDataBytesOffset + 8;

const startLogIdOffset = 0;
const startPositionOffset = startLogIdOffset + 8;
const startBytes = startPositionOffset + 8;

const kind = { magic: Buffer.from("MRMANIFS", "latin1"), version: 1 };
const flagShared = 1;
export const manifestName = "manifest";

export interface ManifestSegment {
  readonly id: number;
  readonly fileLength: number;
  /** Entries of several streams are in it. */
  readonly isShared: boolean;
  /** The checksum that ends its trailer. */
  readonly check: number;
  /** Bytes of all its extents, dead ones included. */
  readonly dataBytes: number;
}

export interface Manifest {
  /** Each manifest has a higher number than the one that it replaces. */
  readonly number: number;
  /** Entries of WAL files up to this generation are in segments; 0: of none. */
  readonly flushedThrough: number;
  /** The oldest WAL file that must exist. */
  readonly oldestGeneration: number;
  readonly nextSegmentId: number;
  readonly segments: readonly ManifestSegment[];
  /** Log id to the first position that still counts, if that is not 1. */
  readonly starts: ReadonlyMap<number, number>;
}

export function encodeManifest(manifest: Manifest, identity: DirectoryIdentity): Buffer {
  const startsOffset = segmentsOffset + manifest.segments.length * segmentBytes;
  const length = startsOffset + manifest.starts.size * startBytes + mirroredChecksumBytes;
  const content = beginMirroredContent(length, kind, identity);
  writeU64(content, manifest.number, numberOffset);
  writeU64(content, manifest.flushedThrough, flushedThroughOffset);
  writeU64(content, manifest.oldestGeneration, oldestGenerationOffset);
  writeU64(content, manifest.nextSegmentId, nextSegmentIdOffset);
  content.writeUInt32LE(manifest.segments.length, segmentCountOffset);
  content.writeUInt32LE(manifest.starts.size, startCountOffset);
  let at = segmentsOffset;
  for (const { id, fileLength, isShared, check, dataBytes } of manifest.segments) {
    writeU64(content, id, at + segmentIdOffset);
    writeU64(content, fileLength, at + segmentFileLengthOffset);
    content.writeUInt32LE(isShared ? flagShared : 0, at + segmentFlagsOffset);
    content.writeUInt32LE(check, at + segmentChecksumOffset);
    writeU64(content, dataBytes, at + segmentDataBytesOffset);
    at += segmentBytes;
  }
  for (const [logId, position] of manifest.starts) {
    writeU64(content, logId, at + startLogIdOffset);
    writeU64(content, position, at + startPositionOffset);
    at += startBytes;
  }
  return encodeMirrored(content, identity);
}

/** The manifest in one half of the file; undefined unless every byte is as written. */
export function decodeManifest(half: Buffer, identity: DirectoryIdentity): Manifest | undefined {
  const content = verifiedContentOf(half, kind, identity);
  if (content === undefined || content.length < segmentsOffset + mirroredChecksumBytes) return undefined;
  let at = segmentsOffset;
  const segments: ManifestSegment[] = [];
  for (let left = content.readUInt32LE(segmentCountOffset); left > 0; left--, at += segmentBytes) {
    segments.push({
      id: readU64(content, at + segmentIdOffset),
      fileLength: readU64(content, at + segmentFileLengthOffset),
      isShared: (content.readUInt32LE(at + segmentFlagsOffset) & flagShared) !== 0,
      check: content.readUInt32LE(at + segmentChecksumOffset),
      dataBytes: readU64(content, at + segmentDataBytesOffset),
    });
  }
  const starts = new Map<number, number>();
  for (let left = content.readUInt32LE(startCountOffset); left > 0; left--, at += startBytes) {
    starts.set(readU64(content, at + startLogIdOffset), readU64(content, at + startPositionOffset));
  }
  return {
    number: readU64(content, numberOffset),
    flushedThrough: readU64(content, flushedThroughOffset),
    oldestGeneration: readU64(content, oldestGenerationOffset),
    nextSegmentId: readU64(content, nextSegmentIdOffset),
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

/** Replaces the manifest: the new one takes effect at once or not at all. */
export async function writeManifest(
  disk: Disk,
  directory: string,
  manifest: Manifest,
  identity: DirectoryIdentity,
): Promise<void> {
  await replaceFile(disk, directory, manifestName, encodeManifest(manifest, identity));
}
