import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { awsLimits } from "../../../src/limits/limits-table.ts";
import { ReadByteLimits } from "../../../src/limits/read-byte-limits.ts";

const mebibyte = 1024 ** 2;

test("a page of 10 MiB silences its shard for 5 seconds, and no other", () => {
  const limits = new ReadByteLimits(awsLimits);
  assert.ok(limits.admit("a", 0));
  limits.charge("a", 10 * mebibyte, 0);
  assert.ok(!limits.admit("a", 1));
  assert.ok(!limits.admit("a", 4_999));
  assert.ok(limits.admit("b", 1));
  assert.ok(limits.admit("a", 5_000));
});

test("once 2 MiB are spent the shard is silent for a second", () => {
  const limits = new ReadByteLimits(awsLimits);
  limits.charge("a", mebibyte, 0);
  assert.ok(limits.admit("a", 0));
  limits.charge("a", mebibyte, 0);
  assert.ok(!limits.admit("a", 999));
  assert.ok(limits.admit("a", 1_000));
});

test("five pages a second of less than 2 MiB together are never refused", () => {
  const limits = new ReadByteLimits(awsLimits);
  for (let call = 0; call < 100; call++) {
    assert.ok(limits.admit("a", call * 200));
    limits.charge("a", 2 * mebibyte * 0.19, call * 200);
  }
});

test("reading costs nothing where nothing is read", () => {
  const limits = new ReadByteLimits(awsLimits);
  for (let call = 0; call < 100; call++) {
    limits.charge("a", 0, 0);
    assert.ok(limits.admit("a", 0));
  }
});

test("a reader of full pages that tries again all the time gets 2 MiB a second, within 5 %", () => {
  for (const pageBytes of [10 * mebibyte, 3 * mebibyte, mebibyte, 100_000]) {
    const limits = new ReadByteLimits(awsLimits);
    let bytes = 0;
    const seconds = 120;
    for (let nowMs = 0; nowMs < seconds * 1_000; nowMs += 10) {
      if (!limits.admit("a", nowMs)) continue;
      bytes += pageBytes;
      limits.charge("a", pageBytes, nowMs);
    }
    const ratio = bytes / (seconds * 2 * mebibyte);
    assert.ok(Math.abs(ratio - 1) < 0.05, `${pageBytes}: ${ratio}`);
  }
});

test("over any schedule no window brings more than budget + rate x window + one page", () => {
  const schedule = fc.array(fc.record({ waitMs: fc.nat(3_000), bytes: fc.nat(10 * mebibyte) }), { maxLength: 50 });
  fc.assert(
    fc.property(schedule, (calls) => {
      const limits = new ReadByteLimits(awsLimits);
      const pages: { atMs: number; bytes: number }[] = [];
      let nowMs = 0;
      for (const { waitMs, bytes } of calls) {
        nowMs += waitMs;
        if (!limits.admit("a", nowMs)) continue;
        limits.charge("a", bytes, nowMs);
        pages.push({ atMs: nowMs, bytes });
      }
      for (const [first, { atMs: fromMs }] of pages.entries()) {
        let before = 0;
        for (const { atMs, bytes } of pages.slice(first)) {
          assert.ok(before <= 2 * mebibyte * (1 + (atMs - fromMs) / 1000) + 1);
          before += bytes;
        }
      }
    }),
  );
});
