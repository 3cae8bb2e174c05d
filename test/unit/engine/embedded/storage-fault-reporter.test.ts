import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { DiskReserve } from "../../../../src/engine/embedded/disk-reserve.ts";
import { type Shortage, StorageFaultReporter } from "../../../../src/engine/embedded/storage-fault-reporter.ts";
import { EngineError } from "../../../../src/engine/engine-error.ts";
import { appendsRefused, appendsResumed, walStopped } from "../../../../src/telemetry/diagnostic-events.ts";
import { SimulatedClock } from "../../../support/simulated-clock.ts";

/** A reporter over a disk that the test fills, with what it has reported. */
function reporterOver(t: TestContext) {
  const clock = new SimulatedClock();
  const disk: { freeBytes: number; failure: EngineError | undefined } = { freeBytes: 100, failure: undefined };
  const reported: string[] = [];
  let looks = 0;
  let shortageCalls = 0;
  const reserve = {
    measure: async () => {
      looks++;
    },
  };
  const reporter = new StorageFaultReporter({
    clock,
    reserve: reserve as unknown as DiskReserve,
    shortageOf: (bytes): Shortage | undefined => (bytes > disk.freeBytes ? "disk_space" : undefined),
    sentenceOf: (shortage) => shortage,
    failure: () => disk.failure,
    largestStreams: () => [],
    onShortage: () => {
      shortageCalls++;
    },
  });
  const subscriptions = [
    appendsRefused.subscribe(({ refusedCount }) => reported.push(`refused ${refusedCount}`)),
    appendsResumed.subscribe(({ refusedCount }) => reported.push(`resumed ${refusedCount}`)),
    walStopped.subscribe(() => reported.push("stopped")),
  ];
  t.after(() => {
    reporter.stop();
    for (const unsubscribe of subscriptions) unsubscribe();
  });
  const advance = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 1_000) {
      await clock.advance(1_000);
      await nextTurn();
    }
  };
  return { disk, reporter, reported, advance, looks: () => looks, shortageCalls: () => shortageCalls };
}

test("a shortage is reported when it begins, each minute while it lasts, and when it is over", async (t) => {
  const { disk, reporter, reported, advance, shortageCalls } = reporterOver(t);
  disk.freeBytes = 0;
  for (let count = 0; count < 5; count++) reporter.refused("disk_space", 10);
  assert.deepEqual(reported, ["refused 1"]);
  await advance(130_000);
  assert.deepEqual(reported, ["refused 1", "refused 5", "refused 5"]);
  assert.ok(shortageCalls() >= 129, "compaction is asked for at intervals");
  disk.freeBytes = 100;
  await advance(2_000);
  assert.deepEqual(reported.slice(3), ["resumed 5"]);
  assert.equal(reporter.shortage, undefined);
  reporter.refused("disk_space", 200);
  assert.deepEqual(reported.slice(4), ["refused 6"]);
});

test("a shortage lasts until the largest entries that were refused would be stored", async (t) => {
  const { disk, reporter } = reporterOver(t);
  disk.freeBytes = 20;
  reporter.refused("disk_space", 50);
  reporter.refused("disk_space", 30);
  disk.freeBytes = 40;
  assert.equal(reporter.shortage, "disk_space");
  disk.freeBytes = 50;
  assert.equal(reporter.shortage, undefined);
  disk.freeBytes = 0;
  assert.equal(reporter.shortage, undefined, "nothing has been refused since");
});

test("without a shortage nothing looks at the disk", async (t) => {
  const { disk, reporter, advance, looks } = reporterOver(t);
  await advance(10_000);
  assert.equal(looks(), 0);
  disk.freeBytes = 0;
  reporter.refused("disk_space", 1);
  await advance(5_000);
  disk.freeBytes = 100;
  await advance(5_000);
  const before = looks();
  assert.ok(before >= 5);
  await advance(10_000);
  assert.equal(looks(), before);
});

test("a stopped WAL is reported at once and each minute, however often it is met", async (t) => {
  const { disk, reporter, reported, advance } = reporterOver(t);
  const failure = new EngineError("unavailable", "EIO");
  disk.failure = failure;
  for (let count = 0; count < 5; count++) reporter.stopped(failure);
  assert.deepEqual(reported, ["stopped"]);
  await advance(121_000);
  assert.deepEqual(reported, ["stopped", "stopped", "stopped"]);
});

test("fear: a disk that is full and not full by turns fills the log", async (t) => {
  const { disk, reporter, reported, advance } = reporterOver(t);
  for (let round = 0; round < 30; round++) {
    disk.freeBytes = 0;
    reporter.refused("disk_space", 10);
    disk.freeBytes = 100;
    await advance(3_000);
  }
  assert.ok(reported.length <= 5, reported.join(", "));
  await advance(20_000);
  assert.match(reported.at(-1) ?? "", /^resumed/);
});
