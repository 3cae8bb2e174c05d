import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSignatureTime } from "../../../src/auth/signature-time.ts";

const nowMs = Date.UTC(2026, 10, 26, 11, 12, 13);

test("no time at all is malformed, also as the very first one", () => {
  assert.throws(() => checkSignatureTime("", nowMs), { type: "IncompleteSignatureException" });
});

test("a remembered time still grows old, and another one is parsed", () => {
  const text = "20261126T111213Z";
  assert.equal(checkSignatureTime(text, nowMs), text);
  assert.equal(checkSignatureTime(text, nowMs + 300_000), text);
  assert.throws(() => checkSignatureTime(text, nowMs + 301_000), { type: "InvalidSignatureException" });
  assert.throws(() => checkSignatureTime(text, nowMs - 301_000), { type: "InvalidSignatureException" });
  assert.throws(() => checkSignatureTime("20260231T111213Z", nowMs), { type: "IncompleteSignatureException" });
  assert.equal(checkSignatureTime("Thu, 26 Nov 2026 11:12:14 GMT", nowMs), "20261126T111214Z");
  assert.equal(checkSignatureTime(text, nowMs), text);
});
