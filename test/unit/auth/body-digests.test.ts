import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { BodyDigests } from "../../../src/auth/body-digests.ts";

const sha256 = (body: Uint8Array) => createHash("sha256").update(body).digest("hex");

test("BodyDigests hashes small bodies at once and large ones elsewhere", async () => {
  const digests = new BodyDigests();
  for (const size of [0, 1, 16 * 1024]) assert.equal(digests.of(Buffer.alloc(size, 7)), sha256(Buffer.alloc(size, 7)));
  const large = Buffer.alloc(16 * 1024 + 1, 7);
  const digest = digests.of(large);
  assert(digest instanceof Promise);
  assert.equal(await digest, sha256(large));
});

test("BodyDigests hashes only the body where its memory is part of something larger", async () => {
  const memory = randomBytes(100_000);
  const body = memory.subarray(1_000, 50_000);
  assert.equal(await new BodyDigests().of(body), sha256(body));
});

test("BodyDigests has two on the thread pool at most, and forgets none that wait", async (t) => {
  let runningCount = 0;
  let mostAtOnce = 0;
  const digest = crypto.subtle.digest.bind(crypto.subtle);
  t.mock.method(crypto.subtle, "digest", async (name: string, body: Uint8Array<ArrayBuffer>) => {
    mostAtOnce = Math.max(mostAtOnce, ++runningCount);
    try {
      if (body[0] === 3) throw new Error("no memory");
      return await digest(name, body);
    } finally {
      runningCount -= 1;
    }
  });
  const digests = new BodyDigests();
  const bodies = Array.from({ length: 9 }, (_, index) => Buffer.alloc(20_000, index));
  const outcomes = await Promise.allSettled(bodies.map(async (body) => await digests.of(body)));
  for (const [index, outcome] of outcomes.entries()) {
    assert.equal(
      outcome.status === "fulfilled" ? outcome.value : "failed",
      index === 3 ? "failed" : sha256(bodies[index] ?? Buffer.alloc(0)),
    );
  }
  assert.equal(mostAtOnce, 2);
  assert.equal(await digests.of(Buffer.alloc(20_000)), sha256(Buffer.alloc(20_000)));
});
