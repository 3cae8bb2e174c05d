import { crc32 } from "node:zlib";
import type { PayloadMargins } from "../codec/codec.ts";

/*
 * A message of `application/vnd.amazon.eventstream`; integers are big-endian:
 *
 *   u32 bytes of the message | u32 bytes of the headers | u32 CRC-32 of these 8 bytes | headers | payload |
 *   u32 CRC-32 of all before it
 */
export const MESSAGE_LENGTH_AT = 0;
export const HEADERS_LENGTH_AT = MESSAGE_LENGTH_AT + 4;
export const PRELUDE_CHECKSUM_AT = HEADERS_LENGTH_AT + 4;
export const HEADERS_AT = PRELUDE_CHECKSUM_AT + 4;
export const CHECKSUM_BYTES = 4;

/*
 * A header: u8 bytes of the name | name | u8 type of the value | u16 bytes of the value | value
 */
export const TEXT_VALUE_TYPE = 7;

/** The headers in the order given, encoded once for all messages that begin alike. */
export function encodeHeaders(headers: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(
    headers.flatMap(([name, value]) => {
      const valueBytes = Buffer.byteLength(value);
      return [
        Buffer.of(Buffer.byteLength(name)),
        Buffer.from(name),
        Buffer.of(TEXT_VALUE_TYPE, valueBytes >>> 8, valueBytes),
        Buffer.from(value),
      ];
    }),
  );
}

/** What a payload must leave free around it for its message to be written in place. */
export function marginsFor(headers: Uint8Array): PayloadMargins {
  return { before: HEADERS_AT + headers.length, after: CHECKSUM_BYTES };
}

/** Writes prelude, headers and checksum around a payload that has `marginsFor(headers)` around it. */
export function frameMessage(message: Buffer, headers: Uint8Array): void {
  message.writeUInt32BE(message.length, MESSAGE_LENGTH_AT);
  message.writeUInt32BE(headers.length, HEADERS_LENGTH_AT);
  message.writeUInt32BE(crc32(message.subarray(0, PRELUDE_CHECKSUM_AT)), PRELUDE_CHECKSUM_AT);
  message.set(headers, HEADERS_AT);
  const checksumAt = message.length - CHECKSUM_BYTES;
  message.writeUInt32BE(crc32(message.subarray(0, checksumAt)), checksumAt);
}

/** A message around a payload, which is copied. */
export function encodeMessage(headers: Uint8Array, payload: Uint8Array): Buffer {
  const { before, after } = marginsFor(headers);
  const message = Buffer.allocUnsafe(before + payload.length + after);
  message.set(payload, before);
  frameMessage(message, headers);
  return message;
}
