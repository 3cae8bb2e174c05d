import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import {
  CHECKSUM_BYTES,
  HEADERS_AT,
  HEADERS_LENGTH_AT,
  MESSAGE_LENGTH_AT,
  PRELUDE_CHECKSUM_AT,
  TEXT_VALUE_TYPE,
} from "../../../src/protocol/event-stream/event-stream-message.ts";

export interface EventStreamMessage {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly payload: Buffer;
}

/** One message, its lengths and checksums checked as a client checks them. */
export function decodeMessage(bytes: Uint8Array): EventStreamMessage {
  const message = Buffer.from(bytes);
  const checksumAt = message.length - CHECKSUM_BYTES;
  const prelude = message.subarray(0, PRELUDE_CHECKSUM_AT);
  assert.equal(message.readUInt32BE(MESSAGE_LENGTH_AT), message.length, "length of the message");
  assert.equal(message.readUInt32BE(PRELUDE_CHECKSUM_AT), crc32(prelude), "checksum of the prelude");
  assert.equal(message.readUInt32BE(checksumAt), crc32(message.subarray(0, checksumAt)), "checksum of the message");
  const headersEnd = HEADERS_AT + message.readUInt32BE(HEADERS_LENGTH_AT);
  const headers: [string, string][] = [];
  for (let at = HEADERS_AT; at < headersEnd; ) {
    const nameEnd = at + 1 + message.readUInt8(at);
    assert.equal(message.readUInt8(nameEnd), TEXT_VALUE_TYPE, "a header is a text");
    const valueStart = nameEnd + 3;
    const valueEnd = valueStart + message.readUInt16BE(nameEnd + 1);
    headers.push([message.toString("utf8", at + 1, nameEnd), message.toString("utf8", valueStart, valueEnd)]);
    at = valueEnd;
    assert.ok(at <= headersEnd, "headers end where they say");
  }
  return { headers, payload: message.subarray(headersEnd, checksumAt) };
}
