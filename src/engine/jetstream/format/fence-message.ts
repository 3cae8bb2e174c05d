import { crc32 } from "node:zlib";
import { EngineError } from "../../engine-error.ts";

/*
 * The body of a message on a fence. An empty one is the marker that ends the log. One that opens a settings epoch, little endian:
 *
 *   0  CRC-32 u32 of all bytes behind it | version u16 | 0 u16 | settings epoch u32
 */

const version = 1;
const checkedFrom = 4;
const versionAt = 4;
const epochAt = 8;
const bytesOfEpoch = 12;

export function encodeEpochMessage(settingsEpoch: number): Uint8Array {
  const bytes = Buffer.alloc(bytesOfEpoch);
  bytes.writeUInt16LE(version, versionAt);
  bytes.writeUInt32LE(settingsEpoch, epochAt);
  bytes.writeUInt32LE(crc32(bytes.subarray(checkedFrom)), 0);
  return bytes;
}

/** Whether the bytes of a message on a fence are what a gateway has written, of a newer version too. */
export function isWholeFenceMessage(data: Uint8Array): boolean {
  if (data.length === 0) return true;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return bytes.length >= bytesOfEpoch && bytes.readUInt32LE(0) === crc32(bytes.subarray(checkedFrom));
}

/**
 * The settings epoch that a message on a fence opens; undefined for the marker that ends the log. Throws `corrupt` for bytes
 * that no gateway of this version writes.
 */
export function decodeFenceMessage(data: Uint8Array): number | undefined {
  if (data.length === 0) return undefined;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const isWhole = isWholeFenceMessage(data);
  if (isWhole && bytes.readUInt16LE(versionAt) === version) return bytes.readUInt32LE(epochAt);
  throw new EngineError(
    "corrupt",
    isWhole
      ? `A message on a fence has version ${bytes.readUInt16LE(versionAt)}, which this version of Millrace does not know; a newer gateway has written it.`
      : "A message on a fence of a shard is damaged; nothing was stored.",
  );
}
