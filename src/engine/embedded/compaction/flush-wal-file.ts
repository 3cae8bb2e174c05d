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

/** One log's frames in the file. */
interface Sheaf {
  readonly logId: number;
  readonly stream: number;
  readonly cutoffMs: number;
  /** Of each frame where it stands and what it takes with the gap behind it. */
  readonly frames: number[];
  bytes: number;
  /** One past the last record seen; 0 before the first. */
  end: number;
  /** Where the log's entries begin to count, if some of this file do not. */
  start: number | undefined;
}

/** Reads a WAL file and writes its living entries into segments, sorted by log, with every byte of it verified at the end. */
export async function flushWalFile(
  { disk, identity, memory }: JobContext,
  job: FlushWalFileJob,
): Promise<CompactionResult> {
  const file = await readFile(disk, job, memory);
  const sheaves = collect(file, job, identity);
  const built: BuiltSegment[] = [];
  let nextId = job.nextSegmentId;
  for (const { isShared, sheaves: bound } of bindings(sheaves, job.ownSegmentBytes)) {
    built.push(await writeSegment({ disk, identity, memory }, { job, id: nextId, isShared, file, sheaves: bound }));
    nextId += 1;
  }
  if (built.length > 0) await disk.syncDirectory(job.segmentDirectory);
  const moved = sheaves.flatMap(({ logId, start }) => (start === undefined ? [] : [logId, start]));
  return { built, starts: Float64Array.from(moved) };
}

async function readFile(
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
 * Every living log's frames, in the order of log ids: verified but for what their own checksums cover, which is verified
 * where they are copied to, in a processor's cache. What is not to be copied is verified here.
 */
function collect(file: Buffer, job: FlushWalFileJob, identity: DirectoryIdentity): readonly Sheaf[] {
  const sheaves = new Map<number, Sheaf>();
  for (let at = 0; at < job.logs.length; at += 3) {
    const [logId = 0, stream = 0, cutoffMs = 0] = job.logs.subarray(at, at + 3);
    sheaves.set(logId, { logId, stream, cutoffMs, frames: [], bytes: 0, end: 0, start: undefined });
  }
  let lsn = job.firstLsn;
  for (let at = walHeaderBytes; at < job.end; lsn++) {
    const header = readGroupHeader(file, at, identity);
    const isExpected = header !== undefined && header.generation === job.generation && header.lsn === lsn;
    const isWhole = isExpected && groupOutlineVerifies(file.subarray(at, at + header.length), header);
    if (!isWhole || !takeFrames(file, at + groupHeaderBytes, at + header.used, sheaves, identity.seed)) {
      throw damaged(`group ${lsn} in wal/${walFileName(job.generation)} at byte ${at} cannot be read`);
    }
    at += header.length;
  }
  assert(lsn === job.lastLsn + 1, "a file holds the groups that the log wrote into it");
  const withFrames = [...sheaves.values()].filter(({ end }) => end > 0);
  return withFrames.sort((left, right) => left.logId - right.logId);
}

/** False if a frame that is left behind is damaged. */
function takeFrames(
  file: Buffer,
  from: number,
  to: number,
  sheaves: ReadonlyMap<number, Sheaf>,
  seed: number,
): boolean {
  for (let at = from; at < to; ) {
    const span = frameSpanAt(file, at);
    const sheaf = frameKindAt(file, at) === frameKind.entry ? sheaves.get(frameLogIdAt(file, at)) : undefined;
    const isKept = sheaf !== undefined && !(frameStoredMsAt(file, at) < sheaf.cutoffMs);
    if (!isKept && !frameVerifies(file, at, to, seed)) return false;
    if (sheaf !== undefined) {
      const position = framePositionAt(file, at);
      if (sheaf.end !== 0 && sheaf.end !== position)
        throw damaged(`position ${sheaf.end} of log ${sheaf.logId} is missing`);
      sheaf.end = position + frameCountAt(file, at);
      // Times never fall within a log, so what has expired lies at its beginning.
      if (isKept) {
        sheaf.frames.push(at, span);
        sheaf.bytes += span;
      } else {
        sheaf.start = sheaf.end;
      }
    }
    at += span;
  }
  return true;
}

interface Binding {
  readonly isShared: boolean;
  readonly sheaves: readonly Sheaf[];
}

/** Which logs share a segment: those of a stream with enough bytes, each stream by itself, and then all others. */
function bindings(sheaves: readonly Sheaf[], ownSegmentBytes: number): readonly Binding[] {
  const streams = Map.groupBy(
    sheaves.filter(({ frames }) => frames.length > 0),
    ({ stream }) => stream,
  );
  const own: Binding[] = [];
  const shared: Sheaf[] = [];
  for (const ofStream of streams.values()) {
    const bytes = ofStream.reduce((sum, sheaf) => sum + sheaf.bytes, 0);
    if (bytes >= ownSegmentBytes) own.push({ isShared: false, sheaves: ofStream });
    else shared.push(...ofStream);
  }
  if (shared.length === 0) return own;
  return [...own, { isShared: true, sheaves: shared.sort((left, right) => left.logId - right.logId) }];
}

async function writeSegment(
  { disk, identity, memory }: JobContext,
  {
    job,
    id,
    isShared,
    file,
    sheaves,
  }: Binding & {
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
    for (const { logId, frames } of sheaves) {
      for (let frame = 0; frame < frames.length; frame += 2) {
        const writing = builder.add(logId, file, frames[frame] as number, frames[frame + 1] as number);
        if (writing !== undefined) await writing;
      }
    }
    return await builder.finish();
  } catch (error) {
    await builder.abandon();
    throw error;
  }
}
