import assert from "node:assert/strict";
import { test } from "node:test";
import {
  afterDiskSpaceRequest,
  afterIdle,
  afterStep,
  afterStepChosen,
  afterStepFailure,
  afterWalSpaceRequest,
  type CompactorState,
  type GrowthCounters,
  initialCompactorState,
  isRunDue,
} from "../../../../../src/engine/embedded/compaction/compactor-state.ts";
import type { Step } from "../../../../../src/engine/embedded/compaction/next-step.ts";

const progress: GrowthCounters = { generation: 3, coveredLsn: 40, deadBytes: 500 };
const wait: Step = { kind: "wait" };
const flush: Step = {
  kind: "flush",
  file: { generation: 1, firstLsn: 1, lastLsn: 9, end: 100, fileLength: 100 },
  isLast: true,
};
/** There was nothing to do with `progress`. */
const idle: CompactorState = afterIdle(afterStepChosen(initialCompactorState, wait, progress.deadBytes), progress);

const dueCases: readonly (readonly [
  name: string,
  CompactorState,
  GrowthCounters,
  monotonicMs: number,
  isDue: boolean,
])[] = [
  ["at the start, whatever there is", initialCompactorState, { generation: 0, coveredLsn: 0, deadBytes: 0 }, 0, true],
  ["not while nothing has changed", idle, progress, 10, false],
  ["when a WAL file was closed", idle, { ...progress, generation: 4 }, 10, true],
  ["when a snapshot file was written", idle, { ...progress, coveredLsn: 41 }, 10, true],
  ["when extents ceased to count", idle, { ...progress, deadBytes: 501 }, 10, true],
  ["when expired data is to be looked for", { ...idle, isExpiryDue: true }, progress, 10, true],
  ["when the WAL is full", afterWalSpaceRequest(idle), progress, 10, true],
  ["when disk space is short", afterDiskSpaceRequest(idle, 10), progress, 10, true],
  ["not within a second after a failure", afterStepFailure(idle, 10), progress, 1_009, false],
  ["a second after a failure, though nothing has changed", afterStepFailure(idle, 10), progress, 1_010, true],
  [
    "not within a second after a failure, though the WAL is full",
    afterWalSpaceRequest(afterStepFailure(idle, 10)),
    progress,
    11,
    false,
  ],
];

for (const [name, memory, now, monotonicMs, isDue] of dueCases) {
  test(`a run is due: ${name}`, () => assert.equal(isRunDue(memory, now, monotonicMs), isDue));
}

test("a request for disk space counts once a second, and takes effect until the WAL has nothing left to free", () => {
  const requested = afterDiskSpaceRequest({ ...idle, hasWrittenNoop: true }, 5_000);
  assert.deepEqual(requested, {
    ...idle,
    wantsDiskSpace: true,
    diskSpaceRequestedMs: 5_000,
    hasWrittenNoop: false,
    isExpiryDue: true,
  });
  assert.equal(afterDiskSpaceRequest(requested, 5_999), requested, "every refused append makes one");
  assert.equal(afterDiskSpaceRequest(requested, 6_000).diskSpaceRequestedMs, 6_000);
  assert.equal(afterStepChosen(requested, flush, 0).wantsDiskSpace, true);
  assert.equal(afterStepChosen(requested, { kind: "writeNoopGroup" }, 0).wantsDiskSpace, true);
  assert.equal(afterStepChosen(requested, { kind: "compact", sources: [], isShared: true }, 0).wantsDiskSpace, false);
  assert.equal(afterStepChosen(requested, wait, 0).wantsDiskSpace, false);
});

test("each request allows one group that changes nothing", () => {
  const written = afterStepChosen(afterWalSpaceRequest(idle), { kind: "writeNoopGroup" }, 0);
  assert.equal(written.hasWrittenNoop, true);
  assert.equal(afterStepChosen(written, { kind: "writeSnapshot" }, 0).hasWrittenNoop, true);
  assert.equal(afterWalSpaceRequest(written).hasWrittenNoop, false);
  assert.equal(afterDiskSpaceRequest(written, 0).hasWrittenNoop, false);
});

test("a full WAL is forgotten only when there is nothing left to do", () => {
  const requested = afterWalSpaceRequest(idle);
  assert.equal(afterStepChosen(requested, wait, 0).wantsWalSpace, true);
  assert.equal(afterStepFailure(requested, 0).wantsWalSpace, true);
  assert.equal(afterIdle(requested, progress).wantsWalSpace, false);
});

test("a manifest in doubt leaves every request open: no other rule has been looked at", () => {
  const requested = afterDiskSpaceRequest(afterWalSpaceRequest(idle), 0);
  assert.equal(afterStepChosen(requested, { kind: "rewriteManifest" }, 7), requested);
});

test("expired data is looked for once by each decision, and again after a flush, a failure and every loss of extents", () => {
  const looked = afterStepChosen({ ...idle, isExpiryDue: true }, wait, 700);
  assert.equal(looked.isExpiryDue, false);
  assert.equal(looked.expiryDeadBytes, 700);
  assert.equal(afterStep(looked, flush).isExpiryDue, true);
  assert.equal(afterStep(looked, { kind: "writeSnapshot" }), looked);
  assert.equal(afterStepFailure(looked, 0).isExpiryDue, true);
  assert.equal(isRunDue(afterIdle(looked, progress), { ...progress, deadBytes: 701 }, 0), true);
});
