import { crc32 } from "node:zlib";
import { DataDirectoryError } from "./data-directory-error.ts";

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
  /** Version 2: some of the log has moved into segments, and the manifest must be there. */
  readonly hasSegments?: true;
}

export const formatFileName = "format";
const logVersion = 1;
const segmentVersion = 2;
const formatFileBytes = 64;
const magic = Buffer.from("MILLRACE", "latin1");
const flagDevClock = 1;

export function identityOf(directoryId: Buffer, salt: Buffer): DirectoryIdentity {
  return { directoryId, salt, seed: salt.readUInt32LE(0) };
}

export function encodeFormatFile({ identity, devClock, madeMs, hasSegments }: FormatFile): Buffer {
  const bytes = Buffer.alloc(formatFileBytes);
  magic.copy(bytes, 0);
  bytes.writeUInt32LE(hasSegments === true ? segmentVersion : logVersion, 8);
  bytes.writeUInt32LE(devClock ? flagDevClock : 0, 12);
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
  if (version > segmentVersion) {
    throw new DataDirectoryError(
      "newer",
      `The data directory ${directory} has format version ${version}; this program reads up to version ${segmentVersion}.`,
    );
  }
  const identity = identityOf(Buffer.from(bytes.subarray(16, 32)), Buffer.from(bytes.subarray(32, 40)));
  const devClock = (bytes.readUInt32LE(12) & flagDevClock) !== 0;
  const madeMs = bytes.readDoubleLE(40);
  return { identity, devClock, madeMs, ...(version === segmentVersion ? { hasSegments: true } : {}) };
}
