import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { Sha256Thread } from "../../../src/auth/sha256-thread.ts";

const sha256 = (body: Uint8Array) => createHash("sha256").update(body).digest("hex");
const mib = 1024 * 1024;

test("Sha256Thread gives each of many bodies its own digest, whatever their number and size", async () => {
  const thread = new Sha256Thread();
  const sizes = [20_000, 0, 1, 715_000, 64, 16 * mib, 3, 100_000, 20_000, 5 * mib];
  const bodies = sizes.map((size) => randomBytes(size));
  assert.deepEqual(await Promise.all(bodies.map((body) => thread.digest(body))), bodies.map(sha256));
  // And again, when it has been idle.
  for (const body of bodies) assert.equal(await thread.digest(body), sha256(body));
});

test("Sha256Thread copies a body before it returns only if it can begin with it; the others must stay as they are", async () => {
  const thread = new Sha256Thread();
  const bodies = Array.from({ length: 5 }, () => randomBytes(20_000));
  const wanted = bodies.map(sha256);
  const digests = bodies.map(async (body) => {
    const digest = await thread.digest(body);
    // As a server does it: the memory is used again as soon as its digest is there.
    body.fill(0);
    return digest;
  });
  assert.deepEqual(await Promise.all(digests), wanted);
});

test("Sha256Thread refuses a body that is larger than its memory, and goes on", async () => {
  const thread = new Sha256Thread();
  await assert.rejects(thread.digest(Buffer.alloc(16 * mib + 1)), RangeError);
  const body = randomBytes(20_000);
  assert.equal(await thread.digest(body), sha256(body));
});

test("a Sha256Thread that waits keeps no process alive, and one that works does", () => {
  const source = JSON.stringify(join(import.meta.dirname, "../../../src/auth/sha256-thread.ts"));
  const program = `import(${source}).then(async ({ Sha256Thread }) => {
    const thread = new Sha256Thread();
    await thread.digest(Buffer.alloc(20_000));
    void thread.digest(Buffer.alloc(1_000_000)).then((digest) => process.stdout.write(digest));
  })`;
  const { status, stdout } = spawnSync(process.execPath, ["-e", program], { encoding: "utf8" });
  assert.equal(status, 0);
  assert.equal(stdout, sha256(Buffer.alloc(1_000_000)));
});
