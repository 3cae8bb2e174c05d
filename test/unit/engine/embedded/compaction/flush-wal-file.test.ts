import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CompactionResult,
  runCompactionJob,
} from "../../../../../src/engine/embedded/compaction/compaction-job.ts";
import { JobMemory } from "../../../../../src/engine/embedded/compaction/job-memory.ts";
import { closeGroup, groupHeaderBytes } from "../../../../../src/engine/embedded/format/commit-group.ts";
import { identityOf } from "../../../../../src/engine/embedded/format/format-file.ts";
import {
  type FrameHeader,
  frameKind,
  frameSpan,
  wholeSlice,
  writeFrame,
} from "../../../../../src/engine/embedded/format/frame.ts";
import { segmentFileName } from "../../../../../src/engine/embedded/format/segment-file.ts";
import { walFileName, walHeaderBytes } from "../../../../../src/engine/embedded/format/wal-file.ts";
import { framesOfExtent, loadSegment } from "../../../../../src/engine/embedded/segments/load-segment.ts";
import { builderMemoryBytes } from "../../../../../src/engine/embedded/segments/segment-builder.ts";
import { EngineError } from "../../../../../src/engine/engine-error.ts";
import { SimulatedDisk } from "../../../../support/simulated-disk.ts";

const identity = identityOf(Buffer.alloc(16, 5), Buffer.from("saltsalt"));
const generation = 7;
const firstLsn = 20;
const walPath = `/data/wal/${walFileName(generation)}`;
const cutoffMs = 1_000;
const memory = new JobMemory(new SimulatedDisk());

type Frame = Partial<FrameHeader> & { readonly logId: number; readonly body: Buffer };

function group(lsn: number, frames: readonly Frame[]): Buffer {
  const used = groupHeaderBytes + frames.reduce((sum, { body }) => sum + frameSpan(body.length), 0);
  const target = Buffer.alloc(used + 4096);
  let at = groupHeaderBytes;
  for (const { body, ...head } of frames) {
    const whole = { kind: frameKind.entry, count: 1, position: 1, timeMs: 1, storedMs: 2_000, ...head };
    at = writeFrame(target, at, whole, wholeSlice(body), identity.seed);
  }
  const header = { generation, lsn, durableThroughLsn: lsn - 1, used, frameCount: frames.length };
  return Buffer.from(closeGroup(target, header, identity));
}

/** Seals a file of these groups; logs 1, 2 and 4 live, of log 4 nothing before the cutoff. */
async function seal(disk: SimulatedDisk, wal: Buffer, groupCount: number): Promise<CompactionResult> {
  await disk.makeDirectory("/data/wal");
  await disk.makeDirectory("/data/segments");
  const file = await disk.open(walPath, "create");
  await file.write(wal, 0);
  await disk.syncDirectory("/data");
  return await runCompactionJob(disk, memory, {
    kind: "flush",
    walDirectory: "/data/wal",
    segmentDirectory: "/data/segments",
    isDirect: true,
    directoryId: identity.directoryId,
    salt: identity.salt,
    madeMs: 1,
    nextSegmentId: 1,
    generation,
    firstLsn,
    lastLsn: firstLsn + groupCount - 1,
    end: wal.length,
    logs: Float64Array.of(1, 1, 0, 2, 1, 0, 4, 1, cutoffMs),
    ownSegmentBytes: 1,
  });
}

async function bodiesIn(disk: SimulatedDisk, { built }: CompactionResult): Promise<readonly string[]> {
  const found: string[] = [];
  for (const segment of built) {
    const { rows } = await loadSegment(disk, "/data/segments", segment, identity);
    const file = await disk.open(`/data/segments/${segmentFileName(segment.id)}`, "read");
    for (const row of rows) {
      for await (const { bytes, at, span } of framesOfExtent(file, row, { seed: identity.seed, path: "segment" })) {
        found.push(`${row.logId} ${bytes.toString("latin1", at + 48, at + span).replaceAll("\0", "")}`);
      }
    }
  }
  return found;
}

const small = [
  group(20, [
    { logId: 1, kind: frameKind.createLog, count: 0, position: 0, body: Buffer.from("a log") },
    { logId: 2, position: 9, count: 2, body: Buffer.from("two of log 2") },
    { logId: 1, body: Buffer.from("one of log 1") },
    { logId: 3, body: Buffer.from("of a log that is gone") },
  ]),
  group(21, [
    { logId: 4, storedMs: cutoffMs - 1, body: Buffer.from("expired") },
    { logId: 4, position: 2, body: Buffer.from("not expired") },
    { logId: 1, position: 2, body: Buffer.from("another of log 1") },
  ]),
];
const smallWal = Buffer.concat([Buffer.alloc(walHeaderBytes), ...small]);

test("living entries get into a segment, sorted by log, and what is gone or has expired does not", async () => {
  const disk = new SimulatedDisk();
  const result = await seal(disk, smallWal, 2);
  const bodies = ["1 one of log 1", "1 another of log 1", "2 two of log 2", "4 not expired"];
  assert.deepEqual(await bodiesIn(disk, result), bodies);
  assert.deepEqual([...result.starts], [4, 2]);
});

test("no byte of a file can change unseen: not of what is copied, not of what is left behind, not between them", async () => {
  for (let at = walHeaderBytes; at < smallWal.length; at++) {
    const flipped = Buffer.from(smallWal);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at & 7));
    await assert.rejects(seal(new SimulatedDisk(), flipped, 2), isCorrupt, `byte ${at}`);
  }
});

test("an entry larger than what is written at once is verified too", async () => {
  const frames = [200, builderMemoryBytes - 4096 - 48 - 248, builderMemoryBytes + 5, 3].map((length, index) => ({
    logId: 2,
    position: 1 + index,
    body: Buffer.alloc(length, 65 + index),
  }));
  const wal = Buffer.concat([Buffer.alloc(walHeaderBytes), group(20, frames)]);
  const disk = new SimulatedDisk();
  const bodies = await bodiesIn(disk, await seal(disk, wal, 1));
  assert.deepEqual(
    bodies,
    frames.map(({ body }) => `2 ${body.toString("latin1")}`),
  );
  let at = walHeaderBytes + groupHeaderBytes;
  for (const { body } of frames) {
    for (const byte of [at + 10, at + 48, at + 48 + body.length - 1]) {
      const flipped = Buffer.from(wal);
      flipped[byte] = (flipped[byte] ?? 0) ^ 4;
      await assert.rejects(seal(new SimulatedDisk(), flipped, 1), isCorrupt, `byte ${byte}`);
    }
    at += frameSpan(body.length);
  }
});

test("a segment is durable when the flush resolves: it survives the loss of all that was not synced", async () => {
  const disk = new SimulatedDisk();
  const result = await seal(disk, smallWal, 2);
  assert.equal((await bodiesIn(disk.crash("lose"), result)).length, 4);
});

function isCorrupt(error: unknown): boolean {
  return error instanceof EngineError && error.kind === "corrupt";
}
