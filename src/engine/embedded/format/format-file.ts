import { crc32 } from "node:zlib";
import { DataDirectoryError } from "../io/data-directory-error.ts";

/*
 * `format`: what the directory is, 64 bytes. Little-endian; docs/file-format.md section 1.
 *
 *   "MILLRACE" | u32 version | u32 flags | directory id 16 | salt 8 | f64 madeMs | zero 12 | u32 CRC of all before it
 */
const magic = Buffer.from("MILLRACE", "latin1");
export const directoryIdBytes = 16;
export const saltBytes = 8;

const magicOffset = 0;
export const formatVersionOffset = magicOffset + magic.length;
export const formatFlagsOffset = formatVersionOffset + 4;
const directoryIdOffset = formatFlagsOffset + 4;
const saltOffset = directoryIdOffset + directoryIdBytes;
const madeMsOffset = saltOffset + saltBytes;
const reservedOffset = madeMsOffset + 8;
export const formatChecksumOffset = reservedOffset + 12;
const formatFileBytes = formatChecksumOffset + 4;

const walVersion = 1;
const segmentVersion = 2;
const encryptedVersion = 3;
const newestWalVersion = 4;
const flagDevClock = 1;
/** From version 3 on; the lower versions have no encrypted directories. */
const flagEncrypted = 2;
/** From version 3 on; below, the version itself says it. */
const flagSegments = 4;

export const formatFileName = "format";

/** What every file of a directory is verified against. */
export interface DirectoryIdentity {
  /** 16 bytes. */
  readonly directoryId: Buffer;
  /** 8 bytes that no client knows, so that no record can contain a valid frame. */
  readonly salt: Buffer;
  /** First 4 bytes of the salt: the initial value of the checksums of frames, segments, snapshots and the manifest. */
  readonly seed: number;
}

export interface FormatFile {
  readonly identity: DirectoryIdentity;
  /** A clock that can be moved (`--dev`) was used here. */
  readonly devClock: boolean;
  readonly madeMs: number;
  /** There is a manifest: version 2, or a flag from version 3 on. */
  readonly hasSegments?: true;
  /** Bodies and snapshots are encrypted, and there is a `directory.key`: version 3, or a flag of version 4. */
  readonly isEncrypted?: true;
  /** Version 4: `newest-wal` names the newest WAL file. */
  readonly hasNewestWal?: true;
}

export function identityOf(directoryId: Buffer, salt: Buffer): DirectoryIdentity {
  return { directoryId, salt, seed: salt.readUInt32LE(0) };
}

export function formatVersionOf({ hasNewestWal, isEncrypted, hasSegments }: FormatFile): number {
  if (hasNewestWal === true) return newestWalVersion;
  if (isEncrypted === true) return encryptedVersion;
  return hasSegments === true ? segmentVersion : walVersion;
}

export function encodeFormatFile(format: FormatFile): Buffer {
  const { identity, devClock, madeMs, hasSegments, isEncrypted } = format;
  const version = formatVersionOf(format);
  const contentFlags = (isEncrypted === true ? flagEncrypted : 0) | (hasSegments === true ? flagSegments : 0);
  const bytes = Buffer.alloc(formatFileBytes);
  magic.copy(bytes, magicOffset);
  bytes.writeUInt32LE(version, formatVersionOffset);
  bytes.writeUInt32LE(
    (version < encryptedVersion ? 0 : contentFlags) | (devClock ? flagDevClock : 0),
    formatFlagsOffset,
  );
  identity.directoryId.copy(bytes, directoryIdOffset);
  identity.salt.copy(bytes, saltOffset);
  bytes.writeDoubleLE(madeMs, madeMsOffset);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, formatChecksumOffset)), formatChecksumOffset);
  return bytes;
}

/** Throws `DataDirectoryError`: "foreign", "unreadable" or "newer". */
export function decodeFormatFile(bytes: Buffer, directory: string): FormatFile {
  if (!bytes.subarray(0, magic.length).equals(magic)) {
    throw new DataDirectoryError(
      "foreign",
      `${directory} is not a Millrace data directory: its file "${formatFileName}" belongs to another program. ` +
        "Nothing was changed. Choose another --data-dir.",
    );
  }
  if (bytes.length < formatFileBytes || !checksumVerifies(bytes)) {
    throw new DataDirectoryError(
      "unreadable",
      `The file ${directory}/${formatFileName} is corrupted (checksum mismatch), so the data directory cannot be opened. ` +
        "The other files were not touched. Restore the file, or the whole directory, from a backup.",
    );
  }
  const version = bytes.readUInt32LE(formatVersionOffset);
  if (version > newestWalVersion) {
    throw new DataDirectoryError(
      "newer",
      `The data directory ${directory} has format version ${version}; this version of Millrace supports versions up to ` +
        `${newestWalVersion}. Nothing was changed. Start the newer version of Millrace that wrote it.`,
    );
  }
  const directoryId = bytes.subarray(directoryIdOffset, directoryIdOffset + directoryIdBytes);
  const salt = bytes.subarray(saltOffset, saltOffset + saltBytes);
  const flags = bytes.readUInt32LE(formatFlagsOffset);
  const isEncrypted = version >= encryptedVersion && (flags & flagEncrypted) !== 0;
  const hasSegments = version >= encryptedVersion ? (flags & flagSegments) !== 0 : version === segmentVersion;
  const hasNewestWal = version === newestWalVersion;
  return {
    identity: identityOf(Buffer.from(directoryId), Buffer.from(salt)),
    devClock: (flags & flagDevClock) !== 0,
    madeMs: bytes.readDoubleLE(madeMsOffset),
    ...(hasSegments ? { hasSegments } : {}),
    ...(isEncrypted ? { isEncrypted } : {}),
    ...(hasNewestWal ? { hasNewestWal } : {}),
  };
}

function checksumVerifies(bytes: Buffer): boolean {
  return bytes.readUInt32LE(formatChecksumOffset) === crc32(bytes.subarray(0, formatChecksumOffset));
}
