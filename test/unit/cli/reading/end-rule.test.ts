import assert from "node:assert/strict";
import { test } from "node:test";
import { endRule } from "../../../../src/cli/reading/end-rule.ts";
import type { StreamRecord } from "../../../../src/cli/records/stream-record.ts";

function recordAt(arrivalMs: number): StreamRecord {
  return { shardId: "s", sequenceNumber: "1", arrivalMs, partitionKey: "k", data: new Uint8Array() };
}

function arrivals(records: readonly StreamRecord[]): readonly number[] {
  return records.map(({ arrivalMs }) => arrivalMs);
}

test("the present is what the first page tells of the server's clock, and records after it are left out", () => {
  const cut = endRule({ kind: "present" });
  const first = cut({ records: [recordAt(10), recordAt(20)], millisBehind: 30 });
  assert.deepEqual([arrivals(first.records), first.hasEnded], [[10, 20], false]);
  const second = cut({ records: [recordAt(50), recordAt(51)], millisBehind: 5 });
  assert.deepEqual([arrivals(second.records), second.hasEnded], [[50], true]);
});

test("a shard ends at the present when nothing is left to read, with or without records", () => {
  assert.equal(endRule({ kind: "present" })({ records: [], millisBehind: 0 }).hasEnded, true);
  assert.equal(endRule({ kind: "present" })({ records: [], millisBehind: 1 }).hasEnded, false);
  const whole = endRule({ kind: "present" })({ records: [recordAt(10)], millisBehind: 0 });
  assert.deepEqual([arrivals(whole.records), whole.hasEnded], [[10], true]);
});

test("a time leaves out the record at it, and is waited for at the tip of a shard", () => {
  const cut = endRule({ kind: "time", ms: 20 })({ records: [recordAt(10), recordAt(20)], millisBehind: 30 });
  assert.deepEqual([arrivals(cut.records), cut.hasEnded], [[10], true]);
  assert.equal(endRule({ kind: "time", ms: Date.now() + 60_000 })({ records: [], millisBehind: 0 }).hasEnded, false);
  assert.equal(endRule({ kind: "time", ms: 20 })({ records: [], millisBehind: 0 }).hasEnded, true);
});

test("without an end a shard never ends", () => {
  assert.equal(endRule({ kind: "never" })({ records: [], millisBehind: 0 }).hasEnded, false);
});
