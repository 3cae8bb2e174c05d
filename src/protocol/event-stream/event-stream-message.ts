import { crc32 } from "node:zlib";

/*
 * A message of `application/vnd.amazon.eventstream`; integers are big-endian:
 *
 *   u32 length of all | u32 length of the headers | u32 CRC-32 of these 8 bytes | headers | payload | u32 CRC-32 of all
 *   a header:  u8 length | name | u8 type (7: text) | u16 length | text
 */
const PRELUDE_BYTES = 12;
const PRELUDE_CHECKED_BYTES = 8;
const CHECKSUM_BYTES = 4;
const TEXT_TYPE = 7;

/** Names and texts in the order in which they are written, encoded once for all messages that begin alike. */
export function encodeHeaders(headers: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(
    headers.flatMap(([name, value]) => {
      const valueBytes = Buffer.byteLength(value);
      return [
        Buffer.of(Buffer.byteLength(name)),
        Buffer.from(name),
        Buffer.of(TEXT_TYPE, valueBytes >>> 8, valueBytes),
        Buffer.from(value),
      ];
    }),
  );
}

/** What a payload must leave free around it to be sealed in place. */
export function marginsFor(headers: Uint8Array): { readonly before: number; readonly after: number } {
  return { before: PRELUDE_BYTES + headers.length, after: CHECKSUM_BYTES };
}

/** Makes a message of a payload that has `marginsFor(headers)` around it, and gives it back. */
export function sealMessage(message: Buffer, headers: Uint8Array): Buffer {
  message.writeUInt32BE(message.length, 0);
  message.writeUInt32BE(headers.length, 4);
  message.writeUInt32BE(crc32(message.subarray(0, PRELUDE_CHECKED_BYTES)), PRELUDE_CHECKED_BYTES);
  message.set(headers, PRELUDE_BYTES);
  const checksumAt = message.length - CHECKSUM_BYTES;
  message.writeUInt32BE(crc32(message.subarray(0, checksumAt)), checksumAt);
  return message;
}

/** A message around a payload that is copied. */
export function encodeMessage(headers: Uint8Array, payload: Uint8Array): Buffer {
  const { before, after } = marginsFor(headers);
  const message = Buffer.allocUnsafe(before + payload.length + after);
  message.set(payload, before);
  return sealMessage(message, headers);
}
