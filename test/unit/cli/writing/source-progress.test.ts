import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePosition, positionText, SourceProgressMap } from "../../../../src/cli/writing/source-progress.ts";

const at = (sequence: number, part = 0) => ({ sequence: BigInt(sequence), part });

test("what is stored counts when all before it in its source is stored too", () => {
  const progress = new SourceProgressMap();
  const stored = [1, 2, 3].map((sequence) => progress.take("s", at(sequence)));
  const other = progress.take("t", at(7));
  stored[1]?.();
  assert.equal(progress.storedUpTo().get("s"), undefined);
  stored[0]?.();
  assert.deepEqual(progress.storedUpTo().get("s"), at(2));
  stored[2]?.();
  other();
  assert.deepEqual(
    [...progress.storedUpTo()],
    [
      ["s", at(3)],
      ["t", at(7)],
    ],
  );
});

test("a later run skips what is stored, by part of an aggregated record too", () => {
  const progress = new SourceProgressMap([["s", at(5, 1)]]);
  const isStored = [at(4, 9), at(5, 1), at(5, 2), at(6)].map((position) => progress.isStored("s", position));
  assert.deepEqual(isStored, [true, true, false, false]);
  assert.equal(progress.isStored("t", at(1)), false);
});

test("positions are texts of a checkpoint", () => {
  assert.deepEqual([at(5), at(5, 2)].map(positionText), ["5", "5/2"]);
  assert.deepEqual(["5", "5/2", "x"].map(parsePosition), [at(5), at(5, 2), undefined]);
});
