import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { bodySha256 } from "../../../src/auth/body-digest.ts";

const sha256 = (body: Uint8Array) => createHash("sha256").update(body).digest("hex");

test("digestOf hashes small bodies at once and large ones elsewhere", async () => {
  for (const size of [0, 1, 16 * 1024]) assert.equal(bodySha256(Buffer.alloc(size, 7)), sha256(Buffer.alloc(size, 7)));
  const large = Buffer.alloc(16 * 1024 + 1, 7);
  const digest = bodySha256(large);
  assert(digest instanceof Promise);
  assert.equal(await digest, sha256(large));
});

test("digestOf hashes only the body where its memory is part of something larger", async () => {
  const memory = randomBytes(100_000);
  const body = memory.subarray(1_000, 50_000);
  assert.equal(await bodySha256(body), sha256(body));
});
