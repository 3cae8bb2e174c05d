import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeEpochMessage } from "../../../../../src/engine/jetstream/format/fence-message.ts";
import { fenceStateOf } from "../../../../../src/engine/jetstream/log/fence-state.ts";
import { isWhole } from "../../../../../src/engine/jetstream/log/log-page.ts";

const marker = new Uint8Array();

test("a fence says which epoch it opens, or that the log has ended", () => {
  for (const settingsEpoch of [1, 2, 4_000_000_000]) {
    const last = { sequence: 9, data: encodeEpochMessage(settingsEpoch) };
    for (const named of [0, 8]) assert.deepEqual(fenceStateOf(last, named), { sequence: 9, settingsEpoch });
  }
  assert.equal(fenceStateOf({ sequence: 9, data: marker }, 8), "ended");
});

test("fear: a leader that is behind makes a gateway name an earlier message, or none, again", () => {
  assert.equal(fenceStateOf(undefined, 9), "outdated");
  for (const data of [encodeEpochMessage(3), marker]) assert.equal(fenceStateOf({ sequence: 9, data }, 10), "outdated");
});

test("a refusal by a leader that does not know of the named message is told from one by a later message", () => {
  assert.equal(fenceStateOf(undefined, 0), "unchanged");
  assert.equal(fenceStateOf({ sequence: 9, data: encodeEpochMessage(3) }, 9), "unchanged");
});

test("fear: a damaged epoch, or one of a newer gateway, is taken for the end of the log or for another epoch", () => {
  const whole = encodeEpochMessage(5);
  const message = { subject: "millrace.log.s.0.0.f.1", sequence: 1, timeMs: 0, id: "" };
  assert(isWhole({ ...message, data: whole }) && isWhole({ ...message, data: marker }));
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const data = Uint8Array.from(whole);
    data[bit >> 3] = (data[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.throws(() => fenceStateOf({ sequence: 1, data }, 0), /damaged; nothing was stored/);
    assert.equal(isWhole({ ...message, data }), false);
  }
  assert.throws(() => fenceStateOf({ sequence: 1, data: whole.subarray(0, 8) }, 0), /damaged/);
});
