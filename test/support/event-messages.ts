import assert from "node:assert/strict";
import { crc32 } from "node:zlib";

export interface EventMessage {
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: Buffer;
}

/** Takes the bytes of an event stream as they come and gives the whole messages in them, both checksums checked. */
export class EventMessages {
  #rest: Buffer = Buffer.alloc(0);

  *take(chunk: Buffer): Generator<EventMessage> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 12) {
      const length = this.#rest.readUInt32BE(0);
      if (this.#rest.length < length) return;
      const message = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      yield messageOf(message);
    }
  }

  /** Whether the stream stopped between two messages. */
  get isAtBoundary(): boolean {
    return this.#rest.length === 0;
  }
}

function messageOf(message: Buffer): EventMessage {
  const headersBytes = message.readUInt32BE(4);
  assert.equal(message.readUInt32BE(8), crc32(message.subarray(0, 8)), "the prelude's checksum");
  assert.equal(message.readUInt32BE(message.length - 4), crc32(message.subarray(0, -4)), "the message's checksum");
  const headers = new Map<string, string>();
  for (let at = 12; at < 12 + headersBytes; ) {
    const nameBytes = message.readUInt8(at);
    const name = message.toString("latin1", at + 1, at + 1 + nameBytes);
    at += 1 + nameBytes;
    assert.equal(message.readUInt8(at), 7, "every header is a string");
    const valueBytes = message.readUInt16BE(at + 1);
    headers.set(name, message.toString("utf8", at + 3, at + 3 + valueBytes));
    at += 3 + valueBytes;
  }
  return { headers, payload: message.subarray(12 + headersBytes, -4) };
}
