import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "cborg";
import fc from "fast-check";
import { wellFormedItemEnd } from "../../../../src/protocol/cbor/check-well-formed.ts";
import { documentValueCountMax } from "../../../../src/protocol/codec/document-limits.ts";
import { anyFormOf, drawsFrom } from "../../../support/cbor-forms.ts";

const malformed: readonly [title: string, hex: string][] = [
  ["nothing", ""],
  ["a head without its argument", "18"],
  ["a head with half its argument", "1a000000"],
  ["an argument of a reserved form", "1c"],
  ["an integer of indefinite length", "1f"],
  ["a tag of indefinite length", "df00"],
  ["a tag without an item", "c1"],
  ["a string that ends early", "420a"],
  ["a string of 2^64 - 1 bytes", "5bffffffffffffffff"],
  ["a text that ends early", "6261"],
  ["a list of 2^64 - 1 items", "9bffffffffffffffff00"],
  ["a list that ends early", "8200"],
  ["a list without its break", "9f00"],
  ["a map without its value", "a16161"],
  ["a map without its break", "bf616100"],
  ["a map that breaks before a value", "bf6161ff"],
  ["a break on its own", "ff"],
  ["a break within a definite list", "81ff"],
  ["chunks without their break", "5f4100"],
  ["a chunk of another type", "5f6100ff"],
  ["a chunk of indefinite length", "5f5f4100ffff"],
  ["a simple value in two bytes that fits one", "f814"],
];

for (const [title, hex] of malformed) {
  test(`wellFormedItemEnd() refuses ${title}`, () => {
    assert.equal(wellFormedItemEnd(Buffer.from(hex, "hex"), 0), -1);
  });
}

const foreign: readonly [title: string, hex: string][] = [
  ["text that is not UTF-8", "61ff"],
  ["a chunk that ends within a character", "7f61c361a9ff"],
  ["long text that is not UTF-8", `7864${"61".repeat(99)}c3`],
  ["a simple value without a meaning", "f820"],
  ["a map with a number as key", "a10000"],
  ["a map with bytes as key", "a1416100"],
  ["a map with a tagged key", "a1c0616100"],
];

for (const [title, hex] of foreign) {
  test(`wellFormedItemEnd() refuses ${title}, though it is well-formed`, () => {
    assert.equal(wellFormedItemEnd(Buffer.from(hex, "hex"), 0), -1);
  });
}

test("wellFormedItemEnd() takes 64 containers or tags within one another, and no more", () => {
  for (const [open, close] of [
    ["81", ""],
    ["9f", "ff"],
    ["a16161", ""],
    ["c1", ""],
  ] as const) {
    const nested = (depth: number): Buffer => Buffer.from(`${open.repeat(depth)}00${close.repeat(depth)}`, "hex");
    assert.equal(wellFormedItemEnd(nested(64), 0), nested(64).length);
    assert.equal(wellFormedItemEnd(nested(65), 0), -1);
    assert.equal(wellFormedItemEnd(nested(200_000), 0), -1);
  }
});

test("wellFormedItemEnd() finds the end of whatever the oracle writes, and refuses every shorter piece of it", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), fc.uint8Array(), (json, data) => {
      const item = Buffer.from(encode([json, data]));
      assert.equal(wellFormedItemEnd(Buffer.concat([Buffer.of(0), item, Buffer.of(0)]), 1), item.length + 1);
      for (let length = 0; length < item.length; length += 1)
        assert.equal(wellFormedItemEnd(item.subarray(0, length), 0), -1);
    }),
    { numRuns: 50 },
  );
});

test("wellFormedItemEnd() finds the end of every form of a value", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), fc.nat(), (json, seed) => {
      const item = anyFormOf(json, drawsFrom(seed));
      assert.equal(wellFormedItemEnd(item, 0), item.length);
    }),
    { numRuns: 500 },
  );
});

test("wellFormedItemEnd() refuses more items, and more chunks of a string, than a document may have", () => {
  const unending = (head: number, item: number, count: number): Buffer =>
    Buffer.concat([Buffer.of(head), Buffer.alloc(count, item), Buffer.of(0xff)]);
  for (const [head, item] of [
    [0x9f, 0xf6],
    [0x5f, 0x40],
    [0x7f, 0x60],
  ] as const) {
    const most = unending(head, item, documentValueCountMax - 1);
    assert.equal(wellFormedItemEnd(most, 0), most.length);
    assert.equal(wellFormedItemEnd(unending(head, item, documentValueCountMax), 0), -1);
  }
});
