import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeSeconds } from "../../../../src/protocol/json/json-encode.ts";

const plainNumber = (ms: number): string => String(ms / 1000);

test("a time is the text of the number of its seconds, whatever its thousandths", () => {
  for (let rest = 0; rest < 1000; rest++) {
    const ms = 1_764_236_000_000 + rest;
    assert.equal(encodeSeconds(ms, false), plainNumber(ms));
  }
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 8.64e15 }), (ms) => {
      assert.equal(encodeSeconds(ms, false), plainNumber(ms));
      assert.equal(encodeSeconds(ms, true), String(Math.floor(ms / 1000)));
    }),
  );
});

test("a time that is no whole millisecond is written as exactly as it is known", () => {
  for (const ms of [0.5, 1_764_236_000_000.25, -0.1, -1]) assert.equal(encodeSeconds(ms, false), plainNumber(ms));
});
