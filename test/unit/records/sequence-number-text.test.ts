import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sequenceNumberText } from "../../../src/records/sequence-number-text.ts";
import { encodeSequenceNumber } from "../../../src/streams/positions/sequence-number.ts";

test("sequenceNumberText() writes what the arithmetic of big numbers gives", () => {
  const parts = fc.record({
    shardIndex: fc.nat({ max: 2 ** 31 - 1 }),
    createSecond: fc.nat({ max: 2 ** 33 }),
    position: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
    second: fc.nat({ max: 2 ** 33 }),
  });
  const property = fc.property(parts, (given) => {
    assert.equal(sequenceNumberText(given), encodeSequenceNumber(given).toString());
  });
  fc.assert(property);
});
