import assert from "node:assert/strict";
import { test } from "node:test";
import { freeBuffer } from "../../../src/platform/free-buffer.ts";

test("bytes that are alone in their memory are gone; those beside others stay, and so do the others", () => {
  const alone = Buffer.from(new ArrayBuffer(100));
  freeBuffer(alone);
  assert.equal(alone.length, 0);
  const whole = Buffer.from(new ArrayBuffer(100)).fill(7);
  for (const part of [whole.subarray(0, 50), whole.subarray(50)]) {
    freeBuffer(part);
    assert.equal(part.length, 50);
  }
  assert(whole.every((byte) => byte === 7));
  const shared = Buffer.from(new SharedArrayBuffer(8));
  freeBuffer(shared);
  assert.equal(shared.length, 8);
});
