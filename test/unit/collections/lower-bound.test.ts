import assert from "node:assert/strict";
import { test } from "node:test";
import { lowerBound } from "../../../src/collections/lower-bound.ts";

test("finds the first index of the range that is not below, for each length and each place", () => {
  for (let length = 0; length <= 17; length++) {
    for (let prefix = 0; prefix <= length; prefix++) {
      assert.equal(
        lowerBound(5, 5 + length, (index) => index < 5 + prefix),
        5 + prefix,
      );
    }
  }
});

test("asks about indexes of the range alone", () => {
  const asked: number[] = [];
  lowerBound(3, 9, (index) => {
    asked.push(index);
    return true;
  });
  assert.ok(asked.every((index) => index >= 3 && index < 9));
  assert.equal(
    lowerBound(4, 4, () => assert.fail("an empty range has no index")),
    4,
  );
});
