/** Decides what the compactor does next. A pure function of one value; `StepExecutor` performs what it returns. */
import { segmentFileName } from "../format/segment-file.ts";
import { walFileName } from "../format/wal-file.ts";
import type { Segment } from "../segments/live-segments.ts";
import type { LogState } from "../state/log-state.ts";
import type { WalFileInfo } from "../wal/wal-writer.ts";
import type { CompactionLimits } from "./compaction-limits.ts";
import type { CompactorState, GrowthCounters } from "./compactor-state.ts";
import { planMerge } from "./merge-plan.ts";
import { planRetention } from "./retention-plan.ts";

/** Closed WAL files that may wait for a flush, however small they are: every start opens all of them. */
const closedFilesMax = 32;

/** Each step takes effect with one write of the manifest or none, so a crash between two steps leaves a whole state. */
export type Step =
  /** Writes the manifest in memory again, because the last attempt failed and may or may not have taken effect. */
  | { readonly kind: "rewriteManifest" }
  /** Moves the starts of logs past what has expired, and removes segments in which nothing counts. */
  | { readonly kind: "expire"; readonly starts: ReadonlyMap<number, number>; readonly emptied: ReadonlySet<number> }
  /** Removes the WAL files up to a generation. `keepsSpare`: one of them may become the spare file. */
  | { readonly kind: "removeWalFiles"; readonly through: number; readonly keepsSpare: boolean }
  | { readonly kind: "removeSpareFile" }
  | { readonly kind: "writeSnapshot" }
  /** Writes a commit group that changes nothing, so that a second snapshot file has a later LSN than the first. */
  | { readonly kind: "writeNoopGroup" }
  /** Moves the entries of a WAL file into segments. `isLast`: no other closed file waits for it. */
  | { readonly kind: "flush"; readonly file: WalFileInfo; readonly isLast: boolean }
  /** Writes what counts in some segments into one. `isShared`: they hold logs of several streams. */
  | { readonly kind: "compact"; readonly sources: readonly Segment[]; readonly isShared: boolean }
  /** Nothing to do until something changes. */
  | { readonly kind: "wait" };

/** What is on disk and in memory now. Read only while one decision is made: logs and segments change afterwards. */
export interface StorageFacts extends GrowthCounters {
  /** The engine closes, or its WAL has failed: nothing may be moved any more. */
  readonly isStopped: boolean;
  /** The last write of the manifest failed. */
  readonly isManifestInDoubt: boolean;
  /** WAL files that nothing is written to any more, oldest first. */
  readonly closedFiles: readonly WalFileInfo[];
  /** The entries of WAL files up to this generation are in segments. */
  readonly flushedThrough: number;
  readonly hasSpareFile: boolean;
  /** A snapshot written now would hold more groups than the last one. */
  readonly isSnapshotBehind: boolean;
  /** The WAL holds entries of logs that are gone. */
  readonly hasDeadEntries: boolean;
  readonly logs: ReadonlyMap<number, LogState>;
  readonly segments: readonly Segment[];
  /** Names of WAL files and segments that proved damaged. They are left as they are. */
  readonly damagedFiles: ReadonlySet<string>;
  /** Bytes that a step may write. */
  readonly fillableBytes: number;
}

export interface StepInput {
  readonly state: CompactorState;
  readonly storage: StorageFacts;
  readonly limits: CompactionLimits;
  /** The clock that entries are stored by. */
  readonly nowMs: number;
}

/** The first rule that has a step decides. */
export function nextStep(input: StepInput): Step {
  if (input.storage.isStopped) return { kind: "wait" };
  // No file may be removed, and no segment get a number that the manifest on disk may name already.
  if (input.storage.isManifestInDoubt) return { kind: "rewriteManifest" };
  return (
    expireStep(input) ??
    removeWalStep(input) ??
    flushStep(input) ??
    compactStep(input) ??
    mergeStep(input) ?? { kind: "wait" }
  );
}

function expireStep({ state, storage, nowMs }: StepInput): Step | undefined {
  if (!state.isExpiryDue && storage.deadBytes === state.expiryDeadBytes) return undefined;
  const { starts, emptied, sparse } = planRetention(storage.logs.values(), storage.segments, nowMs);
  // Starts alone free nothing; they are worth a manifest when a shared segment can be compacted afterwards.
  const isWorthIt = emptied.size > 0 || (sparse.length > 0 && starts.size > 0);
  return isWorthIt ? { kind: "expire", starts, emptied } : undefined;
}

/** Removes files whose entries are in segments, and whose other frames are in both snapshot files. */
function removeWalStep({ state, storage }: StepInput): Step | undefined {
  const { closedFiles, flushedThrough, coveredLsn } = storage;
  const flushed = closedFiles.filter(({ generation }) => generation <= flushedThrough);
  const last = flushed.findLast(({ lastLsn }) => lastLsn <= coveredLsn);
  if (last !== undefined) {
    return { kind: "removeWalFiles", through: last.generation, keepsSpare: !state.wantsDiskSpace };
  }
  if (state.wantsDiskSpace && storage.hasSpareFile) return { kind: "removeSpareFile" };
  const isRequested = state.wantsDiskSpace || state.wantsWalSpace;
  return isRequested && flushed.length > 0 ? snapshotStep(state, storage) : undefined;
}

/** Leads to two snapshot files that cover the flushed files. Appends, which would lead there too, may be refused now. */
function snapshotStep({ hasWrittenNoop }: CompactorState, { isSnapshotBehind }: StorageFacts): Step | undefined {
  if (isSnapshotBehind) return { kind: "writeSnapshot" };
  return hasWrittenNoop ? undefined : { kind: "writeNoopGroup" };
}

function flushStep({ state, storage, limits, nowMs }: StepInput): Step | undefined {
  const waiting = storage.closedFiles.filter(({ generation }) => generation > storage.flushedThrough);
  const [oldest] = waiting;
  if (oldest === undefined || storage.damagedFiles.has(walFileName(oldest.generation))) return undefined;
  const bytes = waiting.reduce((sum, { end }) => sum + end, 0);
  const isOverLimit = bytes > limits.flushAfterBytes || waiting.length > closedFilesMax;
  // A flush that leaves nothing behind would only move bytes.
  const freesSpace = (): boolean => storage.hasDeadEntries || hasExpiredEntries(storage.logs.values(), nowMs);
  if (!isOverLimit && !(state.wantsDiskSpace && freesSpace())) return undefined;
  return { kind: "flush", file: oldest, isLast: waiting.length === 1 };
}

function hasExpiredEntries(logs: Iterable<LogState>, nowMs: number): boolean {
  for (const { index, retentionMs } of logs) {
    if (retentionMs > 0 && index.count > 0 && index.storedMsAt(0) + retentionMs < nowMs) return true;
  }
  return false;
}

/** Shared segments of which less than half counts, as many as one new segment may hold. */
function compactStep({ storage, limits }: StepInput): Step | undefined {
  const sources: Segment[] = [];
  let bytes = 0;
  for (const segment of soundSegments(storage)) {
    if (!segment.isShared || segment.liveBytes >= segment.dataBytes / 2) continue;
    if (bytes + segment.liveBytes > storage.fillableBytes) break;
    if (sources.length > 0 && bytes + segment.liveBytes > limits.mergedSegmentBytesMax) break;
    sources.push(segment);
    bytes += segment.liveBytes;
  }
  return sources.length === 0 ? undefined : { kind: "compact", sources, isShared: true };
}

/** Small neighbouring segments of one stream. */
function mergeStep({ storage, limits }: StepInput): Step | undefined {
  const { smallSegmentBytesMax: smallBytesMax, mergedSegmentBytesMax: mergedBytesMax } = limits;
  const sources = planMerge(soundSegments(storage), { smallBytesMax, mergedBytesMax });
  if (sources === undefined) return undefined;
  const bytes = sources.reduce((sum, { liveBytes }) => sum + liveBytes, 0);
  return bytes > storage.fillableBytes ? undefined : { kind: "compact", sources, isShared: false };
}

function soundSegments({ segments, damagedFiles }: StorageFacts): readonly Segment[] {
  return segments.filter(({ id }) => !damagedFiles.has(segmentFileName(id)));
}
