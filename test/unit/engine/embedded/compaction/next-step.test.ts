import assert from "node:assert/strict";
import { test } from "node:test";
import { initialCompactorState } from "../../../../../src/engine/embedded/compaction/compactor-state.ts";
import {
  nextStep,
  type Step,
  type StepInput,
  type StorageFacts,
} from "../../../../../src/engine/embedded/compaction/next-step.ts";
import type { Segment } from "../../../../../src/engine/embedded/segments/live-segments.ts";
import { LogState } from "../../../../../src/engine/embedded/state/log-state.ts";
import { walAddressOf } from "../../../../../src/engine/embedded/state/wal-index.ts";
import type { WalFileInfo } from "../../../../../src/engine/embedded/wal/wal-writer.ts";

const hourMs = 3_600_000;
const nowMs = 1_000 * hourMs;
const expiredMs = nowMs - 25 * hourMs;

function walFile(generation: number, end = 1_000): WalFileInfo {
  return { generation, firstLsn: generation * 10, lastLsn: generation * 10 + 9, end, fileLength: 2_000 };
}

function segment(id: number, changes: Partial<Segment> = {}): Segment {
  return {
    id,
    fileLength: 1_000,
    check: 0,
    isShared: false,
    dataBytes: 900,
    liveBytes: 900,
    lastMs: nowMs,
    streamId: "s",
    ...changes,
  };
}

/** A log that keeps its entries for 24 hours. */
function makeLog(): LogState {
  const log = new LogState(1, "s", 0);
  log.retentionMs = 24 * hourMs;
  return log;
}

function logWithExtent(segmentId: number, lastMs: number, length = 900): LogState {
  const log = makeLog();
  const place = { segmentId, offset: 4096, length, pointsOffset: 0, pointCount: 0, pointsCheck: 0 };
  log.mutableExtents.add({ ...place, position: 1, end: 11, firstMs: lastMs, lastMs });
  return log;
}

function logWithWalEntry(storedMs: number): LogState {
  const log = makeLog();
  log.indexEntry(1, walAddressOf(1, 8192), 100, storedMs);
  return log;
}

const nothing: StorageFacts = {
  isStopped: false,
  isManifestInDoubt: false,
  generation: 10,
  closedFiles: [],
  flushedThrough: 0,
  hasSpareFile: false,
  coveredLsn: 0,
  isSnapshotBehind: false,
  hasDeadEntries: false,
  deadBytes: 0,
  logs: new Map(),
  segments: [],
  damagedFiles: new Set(),
  fillableBytes: Number.POSITIVE_INFINITY,
};

function stateOf(storage: Partial<StorageFacts>, state: Partial<StepInput["state"]> = {}): StepInput {
  return {
    state: { ...initialCompactorState, isExpiryDue: false, ...state },
    storage: { ...nothing, ...storage },
    limits: {
      flushAfterBytes: 3_000,
      ownSegmentBytes: 500,
      smallSegmentBytesMax: 2_000,
      mergedSegmentBytesMax: 5_000,
    },
    nowMs,
  };
}

const logs = (log: LogState): StorageFacts["logs"] => new Map([[log.id, log]]);
const four = [1, 2, 3, 4].map((id) => segment(id));
const sparse = { isShared: true, streamId: undefined, liveBytes: 400 };
const manyFiles = Array.from({ length: 33 }, (_, index) => walFile(index + 1, 10));
const diskSpace = { wantsDiskSpace: true };
const walSpace = { wantsWalSpace: true };
const expire = (emptied: readonly number[], start = 11): Step => {
  return { kind: "expire", starts: new Map([[1, start]]), emptied: new Set(emptied) };
};
const compact = (sources: readonly Segment[], isShared: boolean): Step => ({ kind: "compact", sources, isShared });

const cases: readonly (readonly [name: string, input: StepInput, step: Step])[] = [
  ["nothing is there", stateOf({}), { kind: "wait" }],

  // Stop and doubt come before all else.
  [
    "the engine is stopped, whatever there is to do",
    stateOf({ isStopped: true, isManifestInDoubt: true, segments: four }, diskSpace),
    { kind: "wait" },
  ],
  [
    "the manifest is in doubt: no file is removed and no segment made before it is written again",
    stateOf({ isManifestInDoubt: true, closedFiles: [walFile(1, 9_000)], segments: four }, { isExpiryDue: true }),
    { kind: "rewriteManifest" },
  ],

  // Expiry.
  [
    "all of a segment has expired",
    stateOf({ segments: [segment(1)], logs: logs(logWithExtent(1, expiredMs)) }, { isExpiryDue: true }),
    expire([1]),
  ],
  [
    "all of a segment has expired, but it was looked for already",
    stateOf({ segments: [segment(1)], logs: logs(logWithExtent(1, expiredMs)) }),
    { kind: "wait" },
  ],
  [
    "a log was dropped since it was looked for, and a segment is empty",
    stateOf({ segments: [segment(1, { liveBytes: 0 })], deadBytes: 900 }),
    { kind: "expire", starts: new Map(), emptied: new Set([1]) },
  ],
  [
    "the time of an extent is just inside its retention",
    stateOf({ segments: [segment(1)], logs: logs(logWithExtent(1, nowMs - 24 * hourMs)) }, { isExpiryDue: true }),
    { kind: "wait" },
  ],
  [
    "a shared segment becomes sparse when what has expired is left out",
    stateOf(
      {
        segments: [segment(1, { isShared: true, dataBytes: 2_000, liveBytes: 1_800 })],
        logs: logs(logWithExtent(1, expiredMs, 900)),
      },
      { isExpiryDue: true },
    ),
    expire([]),
  ],
  [
    "a start would move, but no segment is emptied or sparse by it",
    stateOf(
      {
        segments: [segment(1, { isShared: true, dataBytes: 4_000, liveBytes: 4_000 })],
        logs: logs(logWithExtent(1, expiredMs, 900)),
      },
      { isExpiryDue: true },
    ),
    { kind: "wait" },
  ],

  // WAL files are removed when they are flushed and covered by two snapshot files.
  [
    "two files are flushed and covered, a third one is only flushed",
    stateOf({ closedFiles: [walFile(1), walFile(2), walFile(3)], flushedThrough: 3, coveredLsn: 29 }),
    { kind: "removeWalFiles", through: 2, keepsSpare: true },
  ],
  ["a file is covered, but not flushed", stateOf({ closedFiles: [walFile(1)], coveredLsn: 100 }), { kind: "wait" }],
  [
    "the last group of a file is not covered",
    stateOf({ closedFiles: [walFile(1)], flushedThrough: 1, coveredLsn: 18 }),
    { kind: "wait" },
  ],
  [
    "disk space is short: no file is kept as the spare",
    stateOf({ closedFiles: [walFile(1)], flushedThrough: 1, coveredLsn: 19 }, diskSpace),
    { kind: "removeWalFiles", through: 1, keepsSpare: false },
  ],
  ["disk space is short: the spare file goes", stateOf({ hasSpareFile: true }, diskSpace), { kind: "removeSpareFile" }],
  ["the WAL is full: the spare file stays", stateOf({ hasSpareFile: true }, walSpace), { kind: "wait" }],

  // Under pressure two snapshot files are made, since no append leads to them.
  ...[diskSpace, walSpace].flatMap((request): (readonly [string, StepInput, Step])[] => {
    const short = Object.keys(request).join();
    const flushed = { closedFiles: [walFile(1)], flushedThrough: 1, coveredLsn: 18 };
    return [
      [
        `${short}: a snapshot would cover more`,
        stateOf({ ...flushed, isSnapshotBehind: true }, request),
        { kind: "writeSnapshot" },
      ],
      [`${short}: the last snapshot has all groups`, stateOf(flushed, request), { kind: "writeNoopGroup" }],
      [
        `${short}: the group has been written`,
        stateOf(flushed, { ...request, hasWrittenNoop: true }),
        { kind: "wait" },
      ],
      [`${short}: nothing is flushed`, stateOf({ ...flushed, flushedThrough: 0 }, request), { kind: "wait" }],
    ];
  }),
  [
    "without a request a snapshot that is behind is left to the snapshotter",
    stateOf({ closedFiles: [walFile(1)], flushedThrough: 1, coveredLsn: 18, isSnapshotBehind: true }),
    { kind: "wait" },
  ],

  // Flushes.
  [
    "closed files have more bytes than may wait: the oldest is flushed",
    stateOf({ closedFiles: [walFile(1, 2_000), walFile(2, 2_000)] }),
    { kind: "flush", file: walFile(1, 2_000), isLast: false },
  ],
  [
    "one closed file is larger than what may wait",
    stateOf({ closedFiles: [walFile(1, 3_001)] }),
    { kind: "flush", file: walFile(1, 3_001), isLast: true },
  ],
  ["closed files have just what may wait", stateOf({ closedFiles: [walFile(1, 3_000)] }), { kind: "wait" }],
  [
    "flushed files do not count towards what may wait",
    stateOf({ closedFiles: [walFile(1, 2_500), walFile(2, 2_500)], flushedThrough: 1 }),
    { kind: "wait" },
  ],
  ["33 small files wait", stateOf({ closedFiles: manyFiles }), { kind: "flush", file: walFile(1, 10), isLast: false }],
  ["32 small files wait", stateOf({ closedFiles: manyFiles.slice(1) }), { kind: "wait" }],
  [
    "the oldest file is damaged: it is not read again, nor are those after it",
    stateOf({ closedFiles: [walFile(1, 9_000), walFile(2)], damagedFiles: new Set(["0000000001.wal"]) }),
    { kind: "wait" },
  ],
  [
    "disk space is short and the WAL holds entries of dropped logs",
    stateOf({ closedFiles: [walFile(1)], hasDeadEntries: true }, diskSpace),
    { kind: "flush", file: walFile(1), isLast: true },
  ],
  [
    "disk space is short and the WAL holds expired entries",
    stateOf({ closedFiles: [walFile(1)], logs: logs(logWithWalEntry(expiredMs)) }, diskSpace),
    { kind: "flush", file: walFile(1), isLast: true },
  ],
  [
    "disk space is short, but a flush would free nothing",
    stateOf({ closedFiles: [walFile(1)], logs: logs(logWithWalEntry(nowMs)) }, diskSpace),
    { kind: "wait" },
  ],
  [
    "the WAL is full, but its files may wait",
    stateOf({ closedFiles: [walFile(1)], hasDeadEntries: true }, walSpace),
    { kind: "wait" },
  ],

  // Segments.
  [
    "less than half of a shared segment counts",
    stateOf({ segments: [segment(1, sparse)] }),
    compact([segment(1, sparse)], true),
  ],
  [
    "half of a shared segment counts",
    stateOf({ segments: [segment(1, { ...sparse, liveBytes: 450 })] }),
    { kind: "wait" },
  ],
  [
    "less than half of a stream's own segment counts",
    stateOf({ segments: [segment(1, { liveBytes: 100 })] }),
    { kind: "wait" },
  ],
  [
    "sparse segments are taken together as far as one new segment holds them",
    stateOf({ segments: [1, 2, 3].map((id) => segment(id, { ...sparse, dataBytes: 9_000, liveBytes: 2_000 })) }),
    compact(
      [1, 2].map((id) => segment(id, { ...sparse, dataBytes: 9_000, liveBytes: 2_000 })),
      true,
    ),
  ],
  [
    "a sparse segment is compacted alone though it is larger than a merged one",
    stateOf({ segments: [segment(1, { ...sparse, dataBytes: 20_000, liveBytes: 6_000 })] }),
    compact([segment(1, { ...sparse, dataBytes: 20_000, liveBytes: 6_000 })], true),
  ],
  [
    "a damaged segment is not compacted again",
    stateOf({ segments: [segment(1, sparse)], damagedFiles: new Set(["0000000001.segment"]) }),
    { kind: "wait" },
  ],
  ["four small segments of a stream are merged", stateOf({ segments: four }), compact(four, false)],
  ["three small segments of a stream are not", stateOf({ segments: four.slice(1) }), { kind: "wait" }],
  [
    "one of four small segments is damaged",
    stateOf({ segments: four, damagedFiles: new Set(["0000000002.segment"]) }),
    { kind: "wait" },
  ],

  // The order of the rules.
  [
    "what has expired goes before WAL files do",
    stateOf(
      {
        segments: [segment(1)],
        logs: logs(logWithExtent(1, expiredMs)),
        closedFiles: [walFile(1)],
        flushedThrough: 1,
        coveredLsn: 19,
      },
      { isExpiryDue: true },
    ),
    expire([1]),
  ],
  [
    "WAL files are removed before others are flushed",
    stateOf({ closedFiles: [walFile(1), walFile(2, 9_000)], flushedThrough: 1, coveredLsn: 19 }),
    { kind: "removeWalFiles", through: 1, keepsSpare: true },
  ],
  [
    "the WAL is flushed before segments are compacted",
    stateOf({ closedFiles: [walFile(1, 9_000)], segments: [segment(1, sparse)] }),
    { kind: "flush", file: walFile(1, 9_000), isLast: true },
  ],
  [
    "sparse segments are compacted before small ones are merged",
    stateOf({ segments: [...four, segment(5, sparse)] }),
    compact([segment(5, sparse)], true),
  ],
];

for (const [name, state, step] of cases) {
  test(`nextStep() returns ${step.kind}: ${name}`, () => assert.deepEqual(nextStep(state), step));
}
