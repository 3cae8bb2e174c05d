import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestIds } from "../../../../src/server/http/request-ids.ts";

test("next() gives lower-case UUIDs of version 4, each one once, over many batches", () => {
  const ids = new RequestIds();
  const seen = new Set<string>();
  for (let count = 0; count < 1_000; count++) {
    const id = ids.next();
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    seen.add(id);
  }
  assert.equal(seen.size, 1_000);
});

test("extended() is base64 of 64 to 80 bytes that the UUID does not tell", () => {
  const ids = new RequestIds();
  const seen = new Set<string>();
  for (let count = 0; count < 1_000; count++) {
    const id = ids.next();
    const extended = ids.extended();
    const bytes = Buffer.from(extended, "base64");
    assert.equal(bytes.length, 72);
    assert.equal(bytes.toString("base64"), extended);
    assert.ok(!bytes.toString("hex").includes(id.replaceAll("-", "")));
    seen.add(extended);
  }
  assert.equal(seen.size, 1_000);
});

test("randomness is drawn once for many requests", () => {
  let draws = 0;
  const ids = new RequestIds((bytes) => {
    draws++;
    bytes.fill(draws);
  });
  for (let count = 0; count < 256; count++) ids.next();
  assert.equal(draws, 1);
  ids.next();
  assert.equal(draws, 2);
});
