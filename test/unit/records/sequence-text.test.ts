import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sequenceNumberText } from "../../../src/records/sequence-text.ts";
import { sequenceNumberAt } from "../../../src/streams/sequence-number.ts";

test("sequenceNumberText() writes what the arithmetic of big numbers gives", () => {
  const place = fc.record({
    index: fc.nat({ max: 2 ** 31 - 1 }),
    createSecond: fc.nat({ max: 2 ** 33 }),
    position: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
    timeMs: fc.nat({ max: 2 ** 43 }),
  });
  fc.assert(
    fc.property(place, ({ index, createSecond, position, timeMs }) => {
      const [shard, at] = [
        { index, createSecond },
        { position, timeMs },
      ];
      assert.equal(sequenceNumberText(shard, at), sequenceNumberAt(shard, at).toString());
    }),
  );
});
