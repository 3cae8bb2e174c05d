import assert from "node:assert/strict";
import { ENCRYPTION_OVERHEAD_BYTES, type SessionCipher } from "../../../cipher/session-cipher.ts";
import type { Disk } from "../io/disk.ts";
import { type DirectoryIdentity, directoryIdBytes } from "./format-file.ts";
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
 * `directory.key`: the wrapped root key of an encrypted directory. A mirrored file; little-endian; docs/file-format.md
 * section 9. Behind the header of its content:
 *
 *   u32 length of the wrapped key | wrapped key | proof 56: the directory id, encrypted with the root key
 *
 * The proof is bound to all bytes before it.
 */
const wrappedLengthOffset = mirroredHeaderBytes;
const wrappedOffset = wrappedLengthOffset + 4;
const proofBytes = directoryIdBytes + ENCRYPTION_OVERHEAD_BYTES;
const wrappedBytesMax = 64 * 1024;
const kind = { magic: Buffer.from("MRDIRKEY", "latin1"), version: 1 };
export const keyFileName = "directory.key";

export interface KeyFile {
  /** The whole content, checksum included. */
  readonly content: Buffer;
  readonly wrapped: Buffer;
  /** The directory id, encrypted with the root key. */
  readonly proof: Buffer;
  /** The bytes before the proof, which it is bound to. */
  readonly bound: Buffer;
}

export function encodeKeyFile(wrapped: Uint8Array, cipher: SessionCipher, identity: DirectoryIdentity): Buffer {
  assert(wrapped.length <= wrappedBytesMax, "a wrapped key is at most 64 KiB long");
  const proofOffset = wrappedOffset + wrapped.length;
  const content = beginMirroredContent(proofOffset + proofBytes + mirroredChecksumBytes, kind, identity);
  content.writeUInt32LE(wrapped.length, wrappedLengthOffset);
  content.set(wrapped, wrappedOffset);
  cipher.encryptInto(content, proofOffset, identity.directoryId, content.subarray(0, proofOffset));
  return encodeMirrored(content, identity);
}

/** The key file in one half of the file; undefined unless every byte is as written. */
export function decodeKeyFile(half: Buffer, identity: DirectoryIdentity): KeyFile | undefined {
  const content = verifiedContentOf(half, kind, identity);
  if (content === undefined || content.length < wrappedOffset + proofBytes + mirroredChecksumBytes) return undefined;
  const proofOffset = wrappedOffset + content.readUInt32LE(wrappedLengthOffset);
  const proofEnd = proofOffset + proofBytes;
  if (content.length !== proofEnd + mirroredChecksumBytes) return undefined;
  return {
    content,
    wrapped: content.subarray(wrappedOffset, proofOffset),
    proof: content.subarray(proofOffset, proofEnd),
    bound: content.subarray(0, proofOffset),
  };
}

/** Whether `cipher` has the root key that the directory was encrypted with. */
export function isProven(
  { proof, bound }: KeyFile,
  cipher: SessionCipher,
  { directoryId }: DirectoryIdentity,
): boolean {
  return cipher.decrypt(proof, bound)?.equals(directoryId) === true;
}

export function loadKeyFile(
  disk: Disk,
  directory: string,
  identity: DirectoryIdentity,
): Promise<LoadedMirrored<KeyFile>> {
  return loadMirrored(disk, `${directory}/${keyFileName}`, (half) => decodeKeyFile(half, identity));
}
