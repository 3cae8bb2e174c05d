import assert from "node:assert/strict";
import { test } from "node:test";
import { SwapRemoveSet } from "../../../../src/server/http/swap-remove-set.ts";

test("a set holds what was added and not deleted, in any order of both", () => {
  const set = new SwapRemoveSet<{ index: number; readonly name: number }>();
  const known = new Set<{ index: number; readonly name: number }>();
  const members = Array.from({ length: 20 }, (_, name) => ({ index: -1, name }));
  let seed = 1;
  for (let step = 0; step < 2_000; step++) {
    seed = (seed * 48_271) % 2_147_483_647;
    const member = members[seed % members.length] ?? assert.fail();
    if (member.index < 0) {
      set.add(member);
      known.add(member);
    } else {
      set.delete(member);
      set.delete(member);
      known.delete(member);
    }
    assert.equal(set.size, known.size);
    assert.deepEqual(new Set(set.all()), known);
  }
});

test("all() lists every member, also when each is deleted while it is iterated", () => {
  const set = new SwapRemoveSet<{ index: number }>();
  for (let count = 0; count < 5; count++) set.add({ index: -1 });
  for (const member of set.all()) set.delete(member);
  assert.equal(set.size, 0);
});
