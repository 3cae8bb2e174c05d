import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyReshard } from "../../../../src/streams/resharding/apply-reshard.ts";
import { planHotSplits, scaledShardCountMax } from "../../../../src/streams/scaling/plan-scaling.ts";
import type { WriteRate } from "../../../../src/streams/scaling/write-rate.ts";
import { streamOf } from "../stream-of.ts";
import { dayMs, ScaledStream, shardRate, type Traffic } from "./scaled-stream.ts";

const MB = 1_000_000;
const hourMs = 3_600_000;

test("traffic that doubles every two minutes meets its step within a minute, and at each step has room for double", () => {
  const stream = new ScaledStream();
  for (let bytesPerSecond = 4 * MB; bytesPerSecond <= 128 * MB; bytesPerSecond *= 2) {
    stream.passTimes(2, { bytesPerSecond });
    assert.equal(stream.openCount * MB, 2 * bytesPerSecond);
  }
});

test("the Developer Guide's example: traffic of 10 to 40 MB/s has room for 80, and a new peak of 50 for 100", () => {
  const stream = new ScaledStream({}, { shardCount: 20 });
  stream.passTimes(60, { bytesPerSecond: 10 * MB });
  stream.passTimes(60, { bytesPerSecond: 40 * MB });
  assert.equal(stream.openCount, 80);
  stream.passTimes(60, { bytesPerSecond: 10 * MB });
  assert.equal(stream.openCount, 80, "the peak of an hour ago counts");
  stream.passTimes(15, { bytesPerSecond: 50 * MB });
  assert.equal(stream.openCount, 160, "even shards are split all together");
});

test("records count as bytes do: 1,000 a second for each shard", () => {
  const stream = new ScaledStream();
  // Records of 100 bytes.
  stream.passTimes(15, { bytesPerSecond: 400_000, recordBytes: 100 });
  assert.equal(stream.openCount, 8);
});

test("a stream falls back when its peak is 30 days ago, not before, in a day at most to half", () => {
  const stream = new ScaledStream();
  stream.passTimes(20, { bytesPerSecond: 16 * MB });
  assert.equal(stream.openCount, 32);
  for (let day = 1; day < 30; day++) {
    stream.passTimes(24, { bytesPerSecond: MB }, hourMs);
    assert.equal(stream.openCount, 32, `on day ${day}`);
  }
  const days: number[] = [];
  for (let day = 0; day < 6; day++) {
    stream.passTimes(24, { bytesPerSecond: MB }, hourMs);
    days.push(stream.openCount);
  }
  assert.deepEqual(days, [16, 8, 4, 4, 4, 4]);
});

test("a stream without traffic keeps its four shards", () => {
  const stream = new ScaledStream();
  stream.passTimes(40, { bytesPerSecond: 0 }, dayMs);
  assert.equal(stream.openCount, 4);
  assert.equal(stream.stream.scaling, undefined, "nothing was written");
});

test("a stream that was provisioned with one shard keeps it until traffic needs more", () => {
  const stream = new ScaledStream({}, { shardCount: 1 });
  stream.passTimes(40, { bytesPerSecond: 0 }, dayMs);
  stream.passTimes(15, { bytesPerSecond: 0.4 * MB });
  assert.equal(stream.openCount, 1);
  stream.passTimes(15, { bytesPerSecond: 2 * MB });
  assert.equal(stream.openCount, 4);
});

test("a stream that was provisioned keeps its shards for 30 days, as if it had used them", () => {
  const stream = new ScaledStream({}, { shardCount: 40 });
  stream.passTimes(29 * 24, { bytesPerSecond: 0 }, hourMs);
  assert.equal(stream.openCount, 40);
  stream.passTimes(6 * 24, { bytesPerSecond: 0 }, hourMs);
  assert.equal(stream.openCount, 4);
});

test("a shard with more than 500 KB/s is split although the stream has room", () => {
  const stream = new ScaledStream();
  const traffic = { bytesPerSecond: 0.6 * MB, share: 1, width: 0.25 };
  stream.passTimes(15, traffic);
  assert.equal(stream.openCount, 5);
  assert.ok(
    stream
      .ratesOf(traffic)
      .values()
      .every(({ bytesPerSecond }) => bytesPerSecond <= MB / 2),
  );
});

test("shards with 500 KB/s each are not split", () => {
  const stream = new ScaledStream();
  stream.passTimes(60, { bytesPerSecond: 2 * MB });
  assert.equal(stream.openCount, 4);
});

test("the shard of one hot key is not split for ever", () => {
  const stream = new ScaledStream();
  stream.passTimes(200, { bytesPerSecond: 0.9 * MB, share: 1, width: 1e-30 });
  assert.equal(stream.openCount, 12, "three times what the stream needs");
  stream.passTimes(200, { bytesPerSecond: 0.9 * MB, share: 1, width: 1e-30 });
  assert.equal(stream.openCount, 12);
});

test("merges leave the shards of hot keys alone", () => {
  const stream = new ScaledStream();
  const hot = { bytesPerSecond: 1.6 * MB, share: 0.9, width: 0.25 };
  stream.passTimes(24 * 40, hot, hourMs);
  const { openCount } = stream;
  assert.ok(openCount >= 7, `${openCount} shards`);
  stream.passTimes(24 * 40, hot, hourMs);
  assert.equal(stream.openCount, openCount);
  assert.ok(
    stream
      .ratesOf(hot)
      .values()
      .every(({ bytesPerSecond }) => bytesPerSecond <= MB / 2),
  );
});

test("a release ends what the traffic from then on does not need, in a minute at most to half", () => {
  const stream = new ScaledStream();
  stream.passTimes(30, { bytesPerSecond: 32 * MB });
  assert.equal(stream.openCount, 64);
  stream.release();
  stream.pass({ bytesPerSecond: 4 * MB }, 30_000);
  assert.equal(stream.openCount, 64, "a minute of traffic is looked at first");
  stream.passTimes(4, { bytesPerSecond: 4 * MB });
  assert.deepEqual(stream.counts.slice(-4), [32, 16, 8, 8]);
  assert.equal(stream.stream.scaling?.releasedMs, undefined);
  stream.passTimes(5, { bytesPerSecond: 5 * MB });
  assert.equal(stream.openCount, 16);
});

test("warm throughput is a bound below", () => {
  const stream = new ScaledStream({ warmThroughputMiBps: 20 }, { shardCount: 50 });
  stream.release();
  stream.passTimes(10, { bytesPerSecond: 0 });
  assert.equal(stream.openCount, 20);
  const cold = new ScaledStream({ warmThroughputMiBps: 20 });
  cold.passTimes(5, { bytesPerSecond: 0 });
  assert.equal(cold.openCount, 20);
});

test("a restart forgets no peak", () => {
  const stream = new ScaledStream();
  stream.passTimes(10, { bytesPerSecond: 10 * MB });
  stream.restart();
  stream.passTimes(24 * 28, { bytesPerSecond: 0 }, hourMs);
  assert.equal(stream.openCount, 32);
});

test("a clock that is set back a year, and ahead again, changes nothing at once", () => {
  const stream = new ScaledStream();
  stream.passTimes(10, { bytesPerSecond: 10 * MB });
  stream.nowMs -= 365 * dayMs;
  stream.passTimes(10, { bytesPerSecond: MB });
  assert.equal(stream.openCount, 32);
});

test("the bounds of account and server hold", () => {
  const stream = new ScaledStream({}, { shardCountMax: 10 });
  stream.passTimes(30, { bytesPerSecond: 1000 * MB });
  assert.equal(stream.openCount, 10);
  const endless = new ScaledStream();
  endless.passTimes(20, { bytesPerSecond: 1e12 });
  assert.equal(endless.openCount, scaledShardCountMax);
});

test("whatever the traffic, a stream has at most three times what its peak needs, and at most doubles at once", () => {
  const minute = fc.record({
    bytesPerSecond: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 40 * MB, noNaN: true })),
    share: fc.constantFrom(0, 0.5, 1),
    width: fc.constantFrom(1, 0.3, 1e-3, 1e-30),
  });
  const stretch = fc.record({
    traffic: minute,
    times: fc.integer({ min: 1, max: 6 }),
    ms: fc.constantFrom(15_000, 60_000, dayMs),
  });
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 25 }), (stretches) => {
      const stream = new ScaledStream();
      let peak = 2 * MB;
      let before = stream.openCount;
      for (const { traffic, times, ms } of stretches) {
        for (let i = 0; i < times; i++) {
          stream.pass(traffic, ms);
          peak = Math.max(peak, traffic.bytesPerSecond);
          const { openCount } = stream;
          assert.ok(openCount >= 4 && openCount <= 3 * Math.ceil((2 * peak) / MB), `${openCount} shards`);
          assert.ok(openCount <= 2 * before && openCount >= before / 2);
          before = openCount;
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("a month of daily and weekly traffic: few changes, and no minute without room for double the peak before", () => {
  const stream = new ScaledStream();
  const stepMs = 300_000;
  const series = monthlyTraffic(stepMs);
  let [peak, changes] = [0, 0];
  for (const [i, traffic] of series.entries()) {
    assert.ok(stream.openCount * MB >= Math.min(2 * peak, traffic.bytesPerSecond), `step ${i}`);
    const before = stream.openCount;
    stream.pass(traffic, stepMs);
    peak = Math.max(peak, traffic.bytesPerSecond);
    if (stream.openCount !== before) changes++;
  }
  assert.ok(changes < 12, `${changes} changes`);
  assert.ok(stream.openCount * MB <= 4 * peak, `${stream.openCount} shards at a peak of ${peak / MB} MB/s`);
});

test("the hot key of a provisioned stream causes few splits, whatever its number of shards", () => {
  for (const shardCount of [1, 2, 4, 16, 100]) {
    let stream = streamOf(shardCount);
    const rates = (hottest: number): ReadonlyMap<number, WriteRate> =>
      new Map(
        stream.shards.map(({ index }) => [index, { bytesPerSecond: index === hottest ? MB : 1, recordsPerSecond: 1 }]),
      );
    let [splitCount, hottest] = [0, 0];
    for (let round = 0; round < 40; round++) {
      const plan = planHotSplits(stream, rates(hottest), shardRate, 8);
      if (plan === undefined) continue;
      splitCount++;
      const outcome = { closedMs: 0, second: 2e9, ends: [1n], placements: [{}, {}] };
      stream = applyReshard(stream, [plan], outcome);
      // The key is the lowest one, so that it is in the lower child.
      hottest = plan.opening[0]?.index ?? hottest;
    }
    assert(splitCount <= 7, `${splitCount} splits of ${shardCount} shards`);
    assert.equal(splitCount > 0, shardCount > 1, `${splitCount} splits of ${shardCount} shards`);
  }
});

test("hot shards of a provisioned stream are split in the middle, as many as there is room for", () => {
  const stream = streamOf(4);
  const rates = new Map([
    [1, { bytesPerSecond: 0.8 * MB, recordsPerSecond: 10 }],
    [2, { bytesPerSecond: 0.1 * MB, recordsPerSecond: 900 }],
    [3, { bytesPerSecond: 0.1 * MB, recordsPerSecond: 10 }],
  ]);
  assert.deepEqual(planHotSplits(stream, rates, shardRate, 8)?.closing, [1, 2]);
  assert.deepEqual(planHotSplits(stream, rates, shardRate, 1)?.closing, [2]);
  assert.equal(planHotSplits(stream, rates, shardRate, 0), undefined);
  const [lower, upper] = planHotSplits(stream, rates, shardRate, 1)?.opening ?? [];
  assert.deepEqual([lower?.startingHashKey, upper?.startingHashKey], [2n ** 127n, 2n ** 127n + 2n ** 125n]);
});

test("a hotter shard that is too narrow to be split does not take the last place of one that is not", () => {
  const edge = 1000n;
  const shards = streamOf(4).shards.map((shard) => {
    if (shard.index === 0) return { ...shard, endingHashKey: edge - 1n };
    return shard.index === 1 ? { ...shard, startingHashKey: edge } : shard;
  });
  const stream = streamOf(4, { shards });
  const rates = new Map([
    [0, { bytesPerSecond: 0.9 * MB, recordsPerSecond: 10 }],
    [1, { bytesPerSecond: 0.8 * MB, recordsPerSecond: 10 }],
  ]);
  assert.deepEqual(planHotSplits(stream, rates, shardRate, 1)?.closing, [1]);
});

/** Nights and days, quiet weekends, a growing business, and some bursts: the shape of a web shop's clicks. */
function monthlyTraffic(stepMs: number): readonly Traffic[] {
  const steps = (30 * dayMs) / stepMs;
  let seed = 7;
  const random = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  return Array.from({ length: steps }, (_, i) => {
    const day = (i * stepMs) / dayMs;
    const hours = 1 + Math.sin(2 * Math.PI * (day - 0.3));
    const weekend = Math.floor(day) % 7 >= 5 ? 0.5 : 1;
    const burst = random() < 0.001 ? 2.5 : 1;
    const growth = 1 + day / 30;
    return {
      bytesPerSecond: 3 * MB * (0.3 + hours) * weekend * burst * growth * (0.9 + 0.2 * random()),
      share: 0.2,
      width: 0.4,
    };
  });
}
