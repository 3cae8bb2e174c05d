import assert from "node:assert/strict";
import { test } from "node:test";
import { checkDailyLimit, countInLast24h, type DailyLimit, withRequestAt } from "../../../src/limits/daily-limits.ts";
import { awsLimits } from "../../../src/limits/limits-table.ts";

const stream = { name: "orders", account: "123456789012" };
const hourMs = 3_600_000;
const rateExceeded = {
  type: "LimitExceededException",
  message: "Rate exceeded for stream orders under account 123456789012.",
};

const rows: readonly (readonly [DailyLimit, number])[] = [
  ["shardCountChangesPerDay", 10],
  ["modeSwitchesPerDay", 2],
  ["encryptionStartsPerDay", 25],
  ["encryptionStopsPerDay", 25],
];
for (const [limit, count] of rows) {
  test(`${limit}: ${count} in any 24 hours`, () => {
    const startMs = 1_700_000_000_000;
    let timesMs: readonly number[] = [];
    for (let i = 0; i < count; i++) {
      const nowMs = startMs + i * 1_000;
      checkDailyLimit(awsLimits, limit, stream, { timesMs, nowMs });
      timesMs = withRequestAt(timesMs, nowMs);
    }
    const check = (nowMs: number) => checkDailyLimit(awsLimits, limit, stream, { timesMs, nowMs });
    assert.throws(() => check(startMs + 24 * hourMs - 1), rateExceeded);
    check(startMs + 24 * hourMs);
    timesMs = withRequestAt(timesMs, startMs + 24 * hourMs);
    assert.equal(timesMs.length, count, "the first one is forgotten");
    assert.throws(() => check(startMs + 24 * hourMs), rateExceeded);
  });
}

test("without a table nothing is refused", () => {
  checkDailyLimit(undefined, "modeSwitchesPerDay", stream, { timesMs: [1, 2, 3, 4], nowMs: 5 });
});

test("a clock set back by less than a day forgets nothing; by more, nothing counts for ever", () => {
  assert.equal(countInLast24h([10 * hourMs], 0), 1);
  assert.equal(countInLast24h([24 * hourMs], 0), 0);
});

test("a stream's document remembers 100 requests at most", () => {
  let timesMs: readonly number[] = [];
  for (let i = 0; i < 150; i++) timesMs = withRequestAt(timesMs, i);
  assert.deepEqual([timesMs.length, timesMs[0], timesMs.at(-1)], [100, 50, 149]);
});
