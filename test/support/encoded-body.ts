import assert from "node:assert/strict";
import { BufferLease } from "../../src/memory/buffer-pool.ts";
import type { EncodedBody } from "../../src/protocol/codec/codec.ts";

/** A copy of a response's bytes, whose memory is given back. */
export function bytesOf(body: EncodedBody): Buffer {
  assert.ok(typeof body !== "string", "a body of bytes");
  if (!(body instanceof BufferLease)) return Buffer.from(body);
  const copy = Buffer.from(body.bytes);
  body[Symbol.dispose]();
  return copy;
}

export function textOf(body: EncodedBody): string {
  return typeof body === "string" ? body : bytesOf(body).toString("utf8");
}
