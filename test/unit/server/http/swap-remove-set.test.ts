import assert from "node:assert/strict";
import { test } from "node:test";
import { SwapRemoveSet } from "../../../../src/server/http/swap-remove-set.ts";

test("a roster holds what was added and not deleted, however they come and go", () => {
  const roster = new SwapRemoveSet<{ place: number; readonly name: number }>();
  const known = new Set<{ place: number; readonly name: number }>();
  const members = Array.from({ length: 20 }, (_, name) => ({ place: -1, name }));
  let seed = 1;
  for (let step = 0; step < 2_000; step++) {
    seed = (seed * 48_271) % 2_147_483_647;
    const member = members[seed % members.length] ?? assert.fail();
    if (member.place < 0) {
      roster.add(member);
      known.add(member);
    } else {
      roster.delete(member);
      roster.delete(member);
      known.delete(member);
    }
    assert.equal(roster.size, known.size);
    assert.deepEqual(new Set(roster.all()), known);
  }
});

test("a roster that is looked through shows all, also when each leaves as it is seen", () => {
  const roster = new SwapRemoveSet<{ place: number }>();
  for (let count = 0; count < 5; count++) roster.add({ place: -1 });
  for (const member of roster.all()) roster.delete(member);
  assert.equal(roster.size, 0);
});
