import { crc32 } from "node:zlib";
import { DataDirectoryError } from "../io/data-directory-error.ts";

/** What every file of a directory is checked against. docs/file-format.md section 1. */
export interface DirectoryIdentity {
  /** 16 bytes. */
  readonly directoryId: Buffer;
  /** 8 bytes that no caller can know, so that no body can be mistaken for a frame. */
  readonly salt: Buffer;
  /** The salt's first 4 bytes: where the checksums of frames and snapshots begin. */
  readonly seed: number;
}

export interface FormatFile {
  readonly identity: DirectoryIdentity;
  readonly devClock: boolean;
  readonly madeMs: number;
  /** Some of the log has moved into segments, and the manifest must be there: version 2, unless it is encrypted. */
  readonly hasSegments?: true;
  /** Version 3: bodies and snapshots are encrypted, and there is a file with the key. */
  readonly isEncrypted?: true;
}

export const formatFileName = "format";
const logVersion = 1;
const segmentVersion = 2;
const encryptedVersion = 3;
const formatFileBytes = 64;
const magic = Buffer.from("MILLRACE", "latin1");
const flagDevClock = 1;
/** In version 3 only; before that, the version itself says it. */
const flagEncrypted = 2;
const flagSegments = 4;

export function identityOf(directoryId: Buffer, salt: Buffer): DirectoryIdentity {
  return { directoryId, salt, seed: salt.readUInt32LE(0) };
}

export function formatVersionOf({ isEncrypted, hasSegments }: FormatFile): number {
  if (isEncrypted === true) return encryptedVersion;
  return hasSegments === true ? segmentVersion : logVersion;
}

export function encodeFormatFile(format: FormatFile): Buffer {
  const { identity, devClock, madeMs, hasSegments, isEncrypted } = format;
  const ownFlags = isEncrypted === true ? flagEncrypted | (hasSegments === true ? flagSegments : 0) : 0;
  const bytes = Buffer.alloc(formatFileBytes);
  magic.copy(bytes, 0);
  bytes.writeUInt32LE(formatVersionOf(format), 8);
  bytes.writeUInt32LE(ownFlags | (devClock ? flagDevClock : 0), 12);
  identity.directoryId.copy(bytes, 16);
  identity.salt.copy(bytes, 32);
  bytes.writeDoubleLE(madeMs, 40);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60);
  return bytes;
}

/** Throws `DataDirectoryError` for what is not ours, damaged or newer. */
export function decodeFormatFile(bytes: Buffer, directory: string): FormatFile {
  if (bytes.length < magic.length || !bytes.subarray(0, magic.length).equals(magic)) {
    throw new DataDirectoryError(
      "foreign",
      `${directory} is not a Millrace data directory: its format file is another's.`,
    );
  }
  if (bytes.length < formatFileBytes || bytes.readUInt32LE(60) !== crc32(bytes.subarray(0, 60))) {
    throw new DataDirectoryError("unreadable", `The file ${directory}/${formatFileName} is damaged.`);
  }
  const version = bytes.readUInt32LE(8);
  if (version > encryptedVersion) {
    throw new DataDirectoryError(
      "newer",
      `The data directory ${directory} has format version ${version}; this program reads up to version ${encryptedVersion}.`,
    );
  }
  const identity = identityOf(Buffer.from(bytes.subarray(16, 32)), Buffer.from(bytes.subarray(32, 40)));
  const flags = bytes.readUInt32LE(12);
  const devClock = (flags & flagDevClock) !== 0;
  const isEncrypted = version === encryptedVersion && (flags & flagEncrypted) !== 0;
  const hasSegments = version === encryptedVersion ? (flags & flagSegments) !== 0 : version === segmentVersion;
  const madeMs = bytes.readDoubleLE(40);
  return {
    identity,
    devClock,
    madeMs,
    ...(hasSegments ? { hasSegments } : {}),
    ...(isEncrypted ? { isEncrypted } : {}),
  };
}
