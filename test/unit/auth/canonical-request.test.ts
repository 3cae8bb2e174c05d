import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalRequest } from "../../../src/auth/canonical-request.ts";
import { costOfSizes, growsFasterThanSize } from "../../support/growth-of-cost.ts";

const request = { method: "POST", url: "/", payloadHash: "hash" };

function canonicalOf(value: string, signedHeaders = "x-a"): string | undefined {
  return canonicalRequest({ ...request, headers: { host: "h", "x-a": value } }, signedHeaders);
}

test("a header that is named as signed a thousand times is not written a thousand times", () => {
  assert.equal(canonicalOf("b", "host;x-a;x-a"), undefined);
  assert.equal(canonicalOf(" ".repeat(14_000), Array(1_000).fill("x-a").join(";")), undefined);
});

test("a header that is named as signed and was not sent makes no canonical request", () => {
  assert.equal(canonicalOf("b", "host;x-a;x-b"), undefined);
  assert.equal(canonicalOf("b", "constructor"), undefined);
});

test("no canonical request is longer than its bound", () => {
  assert.equal(canonicalOf("b".repeat(300_000)), undefined);
});

test("a header of nothing but spaces takes no longer than its length", async () => {
  for (const unit of [" ", "\t", " \t", "a ", ", ", "\u00a0 "]) {
    const cost = await costOfSizes(100_000, (size) => canonicalOf(`a${unit.repeat(size / unit.length)}b`));
    assert(!growsFasterThanSize(cost), `${JSON.stringify(unit)}: ${JSON.stringify(cost)}`);
  }
});

test("spaces are folded and cut at both ends, and bytes that only look like spaces are kept", () => {
  const folded = (value: string) => canonicalOf(value)?.split("\n")[3];
  assert.equal(folded("  a \t b\t"), "x-a:a b");
  assert.equal(folded("a b"), "x-a:a b");
  assert.equal(folded("\t"), "x-a:");
  assert.equal(folded("\u00a0a\u00a0"), "x-a:\u00a0a\u00a0");
});
