import assert from "node:assert/strict";
import { test } from "node:test";
import { positionOf } from "../../../../../src/engine/jetstream/format/log-message.ts";
import { logSubjects } from "../../../../../src/engine/jetstream/format/subjects.ts";
import { ShardState } from "../../../../../src/engine/jetstream/log/shard-state.ts";

function openState(): ShardState {
  const subjects = logSubjects({ prefix: "millrace" }, "stream", { group: 0, log: "0", stripes: 4 });
  return new ShardState({ subjects, title: "Shard 0", firstSequence: 0, isNoted: async () => true });
}

test("a gateway that has heard of records it has not read does not take the end of what it read for the tip", () => {
  const state = openState();
  state.learnLast({ sequence: 5, end: positionOf(5, 3), isAcknowledgedHere: false });
  assert.equal(state.heardTip, positionOf(5, 3));
  state.hearOf(positionOf(9, 1));
  assert(state.heardTip > positionOf(5, 3));
  state.learnLast({ sequence: 9, end: positionOf(9, 2), isAcknowledgedHere: false });
  assert.equal(state.heardTip, positionOf(9, 2));
});

test("a sealed shard ends where its end is, whatever was heard of", () => {
  const state = openState();
  state.hearOf(positionOf(9, 1));
  state.learnEnd(7);
  assert.equal(state.heardTip, positionOf(7));
});
