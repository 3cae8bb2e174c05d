import assert from "node:assert/strict";
import { groupHeaderBytes, groupOutlineVerifies, readGroupHeader } from "../format/commit-group.ts";
import type { DirectoryIdentity } from "../format/format-file.ts";
import {
  frameCountAt,
  frameKind,
  frameKindAt,
  frameLogIdAt,
  framePositionAt,
  frameSpanAt,
  frameStoredMsAt,
  frameVerifies,
} from "../format/frame.ts";
import { walFileName, walHeaderBytes } from "../format/wal-file.ts";
import { damaged } from "../io/damage.ts";
import type { Disk } from "../io/disk.ts";
import { type BuiltSegment, SegmentBuilder } from "../segments/segment-builder.ts";
import type { CompactionResult, FlushWalFileJob } from "./compaction-job.ts";
import type { JobContext, JobMemory } from "./job-memory.ts";

/** The frames of one shard log in the WAL file. */
interface ShardFrames {
  readonly logId: number;
  /** The number of its stream in this job. */
  readonly stream: number;
  /** Entries stored before this time have expired. */
  readonly cutoffMs: number;
  /** Pairs, one for each frame to copy: its byte offset in the file, and its length with the padding behind it. */
  readonly frames: number[];
  /** The sum of those lengths. */
  bytes: number;
  /** One past the last record seen; 0 before the first. */
  end: number;
  /** The log's new start, if entries of this file were left out. */
  start: number | undefined;
}

/** The logs that one new segment holds, in the order of their ids. */
interface SegmentPlan {
  readonly isShared: boolean;
  readonly logs: readonly ShardFrames[];
}

/**
 * Reads a WAL file and writes its entries that still count into segments, sorted by shard log. Every byte of the file is
 * verified by the time this resolves; rejects with `corrupt` if one is not as it was written.
 */
export async function flushWalFile(
  { disk, identity, memory }: JobContext,
  job: FlushWalFileJob,
): Promise<CompactionResult> {
  const file = await readWalFile(disk, job, memory);
  const logs = collectFrames(file, job, identity);
  const built: BuiltSegment[] = [];
  let id = job.nextSegmentId;
  for (const plan of planSegments(logs, job.ownSegmentBytes)) {
    built.push(await writeSegment({ disk, identity, memory }, { ...plan, job, id, file }));
    id += 1;
  }
  if (built.length > 0) await disk.syncDirectory(job.segmentDirectory);
  const starts = logs.flatMap(({ logId, start }) => (start === undefined ? [] : [logId, start]));
  return { built, starts: Float64Array.from(starts) };
}

async function readWalFile(
  disk: Disk,
  { walDirectory, generation, end, isDirect }: FlushWalFileJob,
  memory: JobMemory,
): Promise<Buffer> {
  const bytes = memory.forFile(end);
  const file = await disk.open(`${walDirectory}/${walFileName(generation)}`, isDirect ? "direct" : "read");
  try {
    const count = await file.read(bytes, 0);
    if (count < end) throw damaged(`wal/${walFileName(generation)} ends at byte ${count}, before byte ${end}`);
    return bytes;
  } finally {
    await file.close();
  }
}

/**
 * Groups the file's frames by shard log, in the order of log ids. Verifies all but the frames to copy: `SegmentBuilder`
 * verifies those as it copies them, while they are in the processor's cache.
 */
function collectFrames(file: Buffer, job: FlushWalFileJob, identity: DirectoryIdentity): readonly ShardFrames[] {
  const logs = new Map<number, ShardFrames>();
  for (let at = 0; at < job.logs.length; at += 3) {
    const [logId = 0, stream = 0, cutoffMs = 0] = job.logs.subarray(at, at + 3);
    logs.set(logId, { logId, stream, cutoffMs, frames: [], bytes: 0, end: 0, start: undefined });
  }
  let lsn = job.firstLsn;
  for (let at = walHeaderBytes; at < job.end; lsn++) {
    const header = readGroupHeader(file, at, identity);
    const isExpected = header !== undefined && header.generation === job.generation && header.lsn === lsn;
    const isWhole = isExpected && groupOutlineVerifies(file.subarray(at, at + header.length), header);
    if (!isWhole || !addGroup(file, at + groupHeaderBytes, at + header.used, logs, identity.seed)) {
      throw damaged(`group ${lsn} in wal/${walFileName(job.generation)} at byte ${at} cannot be read`);
    }
    at += header.length;
  }
  assert(lsn === job.lastLsn + 1, "a WAL file holds the groups that were written to it");
  const withFrames = [...logs.values()].filter(({ end }) => end > 0);
  return withFrames.sort((left, right) => left.logId - right.logId);
}

/** Adds the frames between two offsets. Returns false if one that will not be copied is damaged. */
function addGroup(
  file: Buffer,
  from: number,
  to: number,
  logs: ReadonlyMap<number, ShardFrames>,
  seed: number,
): boolean {
  for (let at = from; at < to; at += frameSpanAt(file, at)) {
    const log = frameKindAt(file, at) === frameKind.entry ? logs.get(frameLogIdAt(file, at)) : undefined;
    const isCopied = log !== undefined && !(frameStoredMsAt(file, at) < log.cutoffMs);
    if (!isCopied && !frameVerifies(file, at, to, seed)) return false;
    if (log !== undefined) addFrame(log, file, at, isCopied);
  }
  return true;
}

function addFrame(log: ShardFrames, file: Buffer, at: number, isCopied: boolean): void {
  const position = framePositionAt(file, at);
  if (log.end !== 0 && log.end !== position) throw damaged(`position ${log.end} of log ${log.logId} is missing`);
  log.end = position + frameCountAt(file, at);
  if (isCopied) {
    const span = frameSpanAt(file, at);
    log.frames.push(at, span);
    log.bytes += span;
  } else {
    // Times never decrease within a log, so the expired entries are its first ones.
    log.start = log.end;
  }
}

/** Gives each stream with enough bytes a segment of its own; the other streams share one. */
function planSegments(logs: readonly ShardFrames[], ownSegmentBytes: number): readonly SegmentPlan[] {
  const streams = Map.groupBy(
    logs.filter(({ frames }) => frames.length > 0),
    ({ stream }) => stream,
  );
  const own: SegmentPlan[] = [];
  const shared: ShardFrames[] = [];
  for (const logsOfStream of streams.values()) {
    const bytes = logsOfStream.reduce((sum, log) => sum + log.bytes, 0);
    if (bytes >= ownSegmentBytes) own.push({ isShared: false, logs: logsOfStream });
    else shared.push(...logsOfStream);
  }
  if (shared.length === 0) return own;
  return [...own, { isShared: true, logs: shared.sort((left, right) => left.logId - right.logId) }];
}

async function writeSegment(
  { disk, identity, memory }: JobContext,
  {
    job,
    id,
    isShared,
    file,
    logs,
  }: SegmentPlan & {
    readonly job: FlushWalFileJob;
    readonly id: number;
    readonly file: Buffer;
  },
): Promise<BuiltSegment> {
  const { segmentDirectory: directory, isDirect, madeMs } = job;
  const unverifiedFrom = `wal/${walFileName(job.generation)}`;
  const options = { disk, directory, isDirect, identity, id, isShared, madeMs, memory: memory.forBuilder() };
  const builder = await SegmentBuilder.create({ ...options, unverifiedFrom });
  try {
    for (const { logId, frames } of logs) {
      for (let index = 0; index < frames.length; index += 2) {
        const writing = builder.add(logId, file, frames[index] as number, frames[index + 1] as number);
        if (writing !== undefined) await writing;
      }
    }
    return await builder.finish();
  } catch (error) {
    await builder.abandon();
    throw error;
  }
}
