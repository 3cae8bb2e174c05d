import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { toBase64, toUtf8 } from "../../../../../console/src/decode/bytes.ts";
import { mayBeAggregate, readAggregate } from "../../../../../console/src/decode/kpl.ts";

const magic = [0xf3, 0x89, 0x9a, 0xc2];

function field(number: number, bytes: Uint8Array): readonly number[] {
  return [(number << 3) | 2, bytes.length, ...bytes];
}

/** Keys `a` and `b`, hash key `7`; two records, the second with the hash key. */
const message = Uint8Array.from([
  ...field(1, toUtf8("a")),
  ...field(1, toUtf8("b")),
  ...field(2, toUtf8("7")),
  ...field(3, Uint8Array.from([8, 0, ...field(3, toUtf8("first"))])),
  ...field(3, Uint8Array.from([8, 1, 16, 0, ...field(3, toUtf8("second"))])),
]);
const aggregate = Uint8Array.from([...magic, ...message, ...createHash("md5").update(message).digest()]);

test("an aggregate is taken apart in the order of its sub-sequence numbers", () => {
  assert.deepEqual(readAggregate(aggregate), [
    { partitionKey: "a", data: toUtf8("first") },
    { partitionKey: "b", explicitHashKey: "7", data: toUtf8("second") },
  ]);
});

test("data that begins like an aggregate by chance is left alone", () => {
  const broken = Uint8Array.from(aggregate);
  broken[10] = (broken[10] ?? 0) ^ 1;
  assert.equal(readAggregate(broken), undefined);
  assert.equal(readAggregate(Uint8Array.from(magic)), undefined);
  assert.equal(readAggregate(toUtf8("plain text that is long enough")), undefined);
});

test("each aggregate in base64 is seen by its first characters", () => {
  for (let next = 0; next < 256; next++) assert(mayBeAggregate(toBase64(Uint8Array.from([...magic, next]))));
  assert(!mayBeAggregate(toBase64(toUtf8("plain"))));
});
