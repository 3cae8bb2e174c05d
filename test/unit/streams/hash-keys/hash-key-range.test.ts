import assert from "node:assert/strict";
import { test } from "node:test";
import { HASH_KEY_MAX } from "../../../../src/streams/hash-keys/hash-key.ts";
import { divideKeySpace } from "../../../../src/streams/hash-keys/hash-key-range.ts";

test("equalRanges() gives the remainder to the last shard", () => {
  assert.deepEqual(
    divideKeySpace(3).map((range) => [range.startingHashKey.toString(), range.endingHashKey.toString()]),
    [
      ["0", "113427455640312821154458202477256070484"],
      ["113427455640312821154458202477256070485", "226854911280625642308916404954512140969"],
      ["226854911280625642308916404954512140970", "340282366920938463463374607431768211455"],
    ],
  );
  assert.deepEqual(divideKeySpace(1), [{ startingHashKey: 0n, endingHashKey: HASH_KEY_MAX }]);
  assert.deepEqual(
    divideKeySpace(5).map((range) => range.endingHashKey.toString()),
    [
      "68056473384187692692674921486353642290",
      "136112946768375385385349842972707284581",
      "204169420152563078078024764459060926872",
      "272225893536750770770699685945414569163",
      "340282366920938463463374607431768211455",
    ],
  );
});
