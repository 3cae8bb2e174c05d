import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { documentValueCountMax } from "../../../../src/protocol/codec/document-limits.ts";
import { isWithinJsonBounds } from "../../../../src/protocol/json/json-bounds.ts";

const isWithin = (text: string): boolean => isWithinJsonBounds(Buffer.from(text));

test("isWithinJsonBounds() takes as many values as a document may have, and no more", () => {
  // The list itself is one.
  assert(isWithin(`[${"1,".repeat(documentValueCountMax - 2)}1]`));
  assert(!isWithin(`[${"1,".repeat(documentValueCountMax)}1]`));
  assert(!isWithin(`[${"{},".repeat(documentValueCountMax / 2)}1]`));
  assert(isWithin("[".repeat(documentValueCountMax - 1)));
  assert(!isWithin("[".repeat(documentValueCountMax)));
  assert(!isWithin(`{${'"\\u0061":1,'.repeat(documentValueCountMax)}"a":1}`));
});

test("isWithinJsonBounds() takes no brackets and commas within strings for structure, whatever is escaped", () => {
  const piece = fc.constantFrom(
    "[",
    "{",
    ",",
    "]",
    '"',
    "\\",
    "a",
    "é",
    "[".repeat(70),
    "\\".repeat(65),
    '"'.repeat(66),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.integer({ min: 0, max: 3 }), (pieces, level) => {
      const string = JSON.stringify(pieces.join(""));
      const open = "[".repeat(documentValueCountMax - 1 - level);
      assert(isWithin(`${open}${string}`));
      assert(!isWithin(`${open}${string}${"[".repeat(level + 1)}`));
    }),
  );
});

test("isWithinJsonBounds() ends at the end of a string that does not", () => {
  for (const text of ['"', '"\\', `"${"a".repeat(100)}`, `"${"\\".repeat(101)}`, `"${"\\".repeat(100)}"`])
    assert(isWithin(text));
});
