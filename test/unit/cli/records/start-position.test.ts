import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDuration, parseStart, parseTime } from "../../../../src/cli/records/start-position.ts";

const nowMs = Date.parse("2026-11-30T14:00:00Z");
const start = (text: string) => parseStart(text, "--from", nowMs);

test("a start is now, oldest, an age, a time or a sequence number", () => {
  assert.deepEqual(start("now"), { kind: "now" });
  assert.deepEqual(start("oldest"), { kind: "oldest" });
  assert.deepEqual(start("5m"), { kind: "time", ms: nowMs - 300_000 });
  assert.deepEqual(start("2026-11-30T13:59:00Z"), { kind: "time", ms: nowMs - 60_000 });
  assert.deepEqual(start("495"), { kind: "sequence", sequenceNumber: "495" });
});

test("other starts are refused with the option and what it may be", () => {
  for (const text of ["yesterday", "5x", "2026-13-01", ""]) {
    assert.throws(() => start(text), /^CommandError: --from .*must be now, oldest, an age/);
  }
});

test("an end is an age, a time or now", () => {
  assert.equal(parseTime("1h", "--until", nowMs), nowMs - 3_600_000);
  assert.equal(parseTime("now", "--until", nowMs), nowMs);
});

test("durations have a unit", () => {
  assert.deepEqual(["500ms", "1.5s", "2h", "7d", "5", "m"].map(parseDuration), [
    ...[500, 1_500, 7_200_000, 604_800_000, undefined, undefined],
  ]);
});
