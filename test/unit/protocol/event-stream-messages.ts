import assert from "node:assert/strict";
import { crc32 } from "node:zlib";

export interface EventStreamMessage {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly payload: Buffer;
}

/** One message, its lengths and checksums checked as a client checks them. */
export function decodeMessage(bytes: Uint8Array): EventStreamMessage {
  const message = Buffer.from(bytes);
  assert.equal(message.readUInt32BE(0), message.length, "length of the message");
  assert.equal(message.readUInt32BE(8), crc32(message.subarray(0, 8)), "checksum of the prelude");
  assert.equal(message.readUInt32BE(message.length - 4), crc32(message.subarray(0, -4)), "checksum of the message");
  const headersEnd = 12 + message.readUInt32BE(4);
  const headers: [string, string][] = [];
  for (let at = 12; at < headersEnd; ) {
    const nameEnd = at + 1 + message.readUInt8(at);
    assert.equal(message.readUInt8(nameEnd), 7, "a header is a text");
    const valueStart = nameEnd + 3;
    const valueEnd = valueStart + message.readUInt16BE(nameEnd + 1);
    headers.push([message.toString("utf8", at + 1, nameEnd), message.toString("utf8", valueStart, valueEnd)]);
    at = valueEnd;
    assert.ok(at <= headersEnd, "headers end where they say");
  }
  return { headers, payload: message.subarray(headersEnd, -4) };
}
