// The wrapped root key of an encrypted directory. docs/file-format.md section 9.
import assert from "node:assert/strict";
import { SEALED_OVERHEAD_BYTES, type SessionCipher } from "../../../cipher/session-cipher.ts";
import type { Disk } from "../io/disk.ts";
import type { DirectoryIdentity } from "./format-file.ts";
import {
  beginContent,
  contentCheckBytes,
  contentHeadBytes,
  contentOf,
  encodeMirrored,
  type LoadedMirrored,
  loadMirrored,
} from "./mirrored-file.ts";

export interface KeyFile {
  /** All of it, with its checksum. */
  readonly content: Buffer;
  readonly wrapped: Buffer;
  /** The directory id, encrypted with the root key. */
  readonly proof: Buffer;
  /** What the proof is bound to: all that stands before it. */
  readonly bound: Buffer;
}

export const keyFileName = "directory.key";
const kind = { magic: Buffer.from("MRDIRKEY", "latin1"), version: 1 };
const wrappedAt = contentHeadBytes + 4;
const wrappedBytesMax = 64 * 1024;
const proofBytes = 16 + SEALED_OVERHEAD_BYTES;

export function encodeKeyFile(wrapped: Uint8Array, cipher: SessionCipher, identity: DirectoryIdentity): Buffer {
  assert(wrapped.length <= wrappedBytesMax, "a wrapped key is at most 64 KiB long");
  const proofAt = wrappedAt + wrapped.length;
  const content = beginContent(proofAt + proofBytes + contentCheckBytes, kind, identity);
  content.writeUInt32LE(wrapped.length, contentHeadBytes);
  content.set(wrapped, wrappedAt);
  cipher.sealInto(content, proofAt, identity.directoryId, content.subarray(0, proofAt));
  return encodeMirrored(content, identity);
}

/** One half; undefined unless every byte is as it was written. */
export function decodeKeyFile(half: Buffer, identity: DirectoryIdentity): KeyFile | undefined {
  const content = contentOf(half, kind, identity);
  if (content === undefined || content.length < wrappedAt + proofBytes + contentCheckBytes) return undefined;
  const proofAt = wrappedAt + content.readUInt32LE(contentHeadBytes);
  const proofEnd = proofAt + proofBytes;
  if (content.length !== proofEnd + contentCheckBytes) return undefined;
  return {
    content,
    wrapped: content.subarray(wrappedAt, proofAt),
    proof: content.subarray(proofAt, proofEnd),
    bound: content.subarray(0, proofAt),
  };
}

/** Whether a key that was opened is the one that the directory was encrypted with. */
export function isProven(
  { proof, bound }: KeyFile,
  cipher: SessionCipher,
  { directoryId }: DirectoryIdentity,
): boolean {
  return cipher.open(proof, bound)?.equals(directoryId) === true;
}

export function loadKeyFile(
  disk: Disk,
  directory: string,
  identity: DirectoryIdentity,
): Promise<LoadedMirrored<KeyFile>> {
  return loadMirrored(disk, `${directory}/${keyFileName}`, (half) => decodeKeyFile(half, identity));
}
