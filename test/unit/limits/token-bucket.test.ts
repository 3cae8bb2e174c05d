import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TokenBucket } from "../../../src/limits/token-bucket.ts";

test("a new bucket is full and comes back at its rate, up to its capacity", () => {
  const bucket = new TokenBucket({ capacity: 5, perSecond: 5 }, 0);
  for (let i = 0; i < 5; i++) assert.ok(bucket.take(1, 0));
  assert.ok(!bucket.take(1, 199));
  assert.ok(bucket.take(1, 200));
  assert.ok(!bucket.take(6, 60_000), "never more than the capacity");
  assert.ok(bucket.take(5, 60_000));
});

test("many small refills are worth one large one", () => {
  const bucket = new TokenBucket({ capacity: 3, perSecond: 3 }, 0);
  assert.ok(bucket.take(3, 0));
  for (let nowMs = 0; nowMs < 1_000; nowMs += 7) assert.ok(!bucket.take(3, nowMs));
  assert.ok(bucket.take(3, 1_000));
});

test("debt is paid off before anything can be taken", () => {
  const bucket = new TokenBucket({ capacity: 2, perSecond: 2 }, 0);
  bucket.spend(10);
  assert.ok(!bucket.take(1, 4_499));
  assert.ok(bucket.take(1, 4_500));
});

test("a clock that steps back neither fills the bucket nor freezes it", () => {
  const bucket = new TokenBucket({ capacity: 5, perSecond: 5 }, 1_000_000);
  assert.ok(bucket.take(5, 1_000_000));
  assert.ok(!bucket.take(1, 0));
  assert.ok(!bucket.take(1, 199));
  assert.ok(bucket.take(1, 200));
});

/** Times and prices of attempts: what is taken in any window, from one grant to a later one. */
test("over any schedule no window admits more than capacity + rate x window", () => {
  const schedule = fc.array(fc.record({ waitMs: fc.nat(2_000), count: fc.integer({ min: 1, max: 300 }) }), {
    maxLength: 60,
  });
  const size = fc.record({ capacity: fc.integer({ min: 1, max: 1000 }), perSecond: fc.integer({ min: 1, max: 1000 }) });
  fc.assert(
    fc.property(size, schedule, ({ capacity, perSecond }, attempts) => {
      const bucket = new TokenBucket({ capacity, perSecond }, 0);
      const granted: { atMs: number; count: number }[] = [];
      let nowMs = 0;
      for (const { waitMs, count } of attempts) {
        nowMs += waitMs;
        if (bucket.take(count, nowMs)) granted.push({ atMs: nowMs, count });
      }
      for (const [first, { atMs: fromMs }] of granted.entries()) {
        let sum = 0;
        for (const { atMs, count } of granted.slice(first)) {
          sum += count;
          assert.ok(sum <= capacity + ((atMs - fromMs) * perSecond) / 1000 + 1e-5);
        }
      }
    }),
  );
});
