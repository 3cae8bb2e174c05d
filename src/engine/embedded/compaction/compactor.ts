import type { Clock } from "../../../time/clock.ts";
import { EngineError } from "../../engine-error.ts";
import { type DataDirectory, requireSegmentFormat } from "../directory/data-directory.ts";
import { writeManifest } from "../format/manifest.ts";
import { segmentFileName } from "../format/segment-file.ts";
import { spareWalName, walFileName } from "../format/wal-file.ts";
import { type Disk, errorCode } from "../io/disk.ts";
import type { LiveSegments, ManifestEdit, Segment } from "../segments/live-segments.ts";
import type { SegmentReader } from "../segments/segment-reader.ts";
import type { EngineState } from "../state/engine-state.ts";
import type { WalReader } from "../wal/wal-reader.ts";
import type { WalFileInfo, WalWriter } from "../wal/wal-writer.ts";
import type { CompactionRunner, JobDirectory } from "./compaction-job.ts";
import type { CompactionLimits } from "./compaction-limits.ts";
import { liveLogsOf } from "./live-logs.ts";
import { planMerge } from "./merge-plan.ts";
import { planRetention } from "./retention-plan.ts";
import type { Snapshotter } from "./snapshotter.ts";

export interface CompactorOptions extends CompactionLimits {
  readonly disk: Disk;
  readonly directory: DataDirectory;
  readonly state: EngineState;
  readonly wal: WalWriter;
  readonly snapshotter: Snapshotter;
  readonly segments: LiveSegments;
  readonly jobs: CompactionRunner;
  readonly walReader: WalReader;
  readonly segmentReader: SegmentReader;
  readonly clock: Clock;
  /** Writes a group that changes nothing. */
  readonly writeNoopGroup: () => Promise<void>;
  /** Whether the log has stopped: then nothing is moved any more. */
  readonly hasFailed: () => boolean;
}

/** Closed WAL files, however small, that may wait: each start opens all of them. */
const closedFilesMax = 32;
/** How often what has expired is looked for while nothing else happens. */
const sweepMs = 30 * 60_000;
/** After a failure, and between looks while the disk is short. */
const pauseMs = 1_000;

type Step = () => Promise<void>;

/**
 * Moves what is old from the log into segments, and gives back what nobody needs: one step after another, beside the log,
 * which waits for none of them. Every step takes effect with one manifest, so a crash between any two leaves whole states.
 */
export class Compactor {
  readonly #options: CompactorOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #lastError: string | undefined;
  #damage: string | undefined;
  /** No step before this moment, on the monotonic clock. */
  #pausedUntilMs = 0;
  #isSweepDue = true;
  #isPressed = false;
  #isLogFull = false;
  #hasWrittenNoop = false;
  #lastPressMs = Number.NEGATIVE_INFINITY;
  #isTicking = false;
  /** What had happened when there was last nothing to do. */
  #seen = { generation: -1, coveredLsn: -1, deadBytes: 0 };
  /**
   * A manifest that failed to get into place may be there all the same: so until the one in memory is surely in its place no
   * file may be removed, and no new segment take the number of one that it may name.
   */
  #isManifestInDoubt = false;
  /** Segments and WAL files that proved damaged, by name: they stay as they are. */
  readonly #damaged = new Set<string>();

  constructor(options: CompactorOptions) {
    this.#options = options;
  }

  /** Why the last step failed, in a sentence. Nothing is lost by it but space. */
  get lastError(): string | undefined {
    return this.#lastError ?? this.#damage;
  }

  /** Of all segments on disk. */
  get segmentBytes(): number {
    return this.#options.segments.bytes;
  }

  /** To be called after each group: costs next to nothing unless something has happened. */
  maybeRun(): void {
    if (this.#running !== undefined || this.#stopping.signal.aborted || this.#options.hasFailed()) return;
    const { wal, snapshotter, segments, clock } = this.#options;
    const { generation, coveredLsn, deadBytes } = this.#seen;
    if (segments.deadBytes !== deadBytes) this.#isSweepDue = true;
    const isNews = wal.generation !== generation || snapshotter.coveredLsn !== coveredLsn || this.#isSweepDue;
    if (!(isNews || this.#isLogFull) || clock.monotonicMs() < this.#pausedUntilMs) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** The disk budget is used up: whatever can be given back is wanted now. */
  requestDiskSpace(): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs < this.#lastPressMs + pauseMs) return;
    this.#lastPressMs = nowMs;
    this.#isPressed = true;
    this.#hasWrittenNoop = false;
    this.#isSweepDue = true;
    this.maybeRun();
  }

  /**
   * The log is as large as it may be: what of it is in segments must go now. Snapshots are written as the log goes on, and
   * it will not go on by itself.
   */
  requestWalSpace(): void {
    this.#isLogFull = true;
    this.#hasWrittenNoop = false;
    this.maybeRun();
  }

  /** Resolves when there is nothing left to do for now. */
  async settled(): Promise<void> {
    this.#isSweepDue = true;
    for (this.maybeRun(); this.#running !== undefined; this.maybeRun()) await this.#running;
  }

  /** Finishes what cannot be cut off. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#options.jobs.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    // Whoever waits for the group that was just written comes first.
    await Promise.resolve();
    for (let step = this.#nextStep(); step !== undefined; step = this.#nextStep()) {
      try {
        await step();
        this.#lastError = undefined;
      } catch (error) {
        // Anything else is a fault of ours, and must not pass for the disk's.
        if (!(error instanceof EngineError) && errorCode(error) === undefined) throw error;
        if (this.#stopping.signal.aborted) return;
        const reason = error instanceof Error ? error.message : String(error);
        this.#isSweepDue = true;
        this.#lastError = `Old files of the log could not be moved into segments (${reason}); it is tried again.`;
        this.#pausedUntilMs = this.#options.clock.monotonicMs() + pauseMs;
        return;
      }
    }
    this.#isLogFull = false;
    const { wal, snapshotter, segments } = this.#options;
    const { generation } = wal;
    this.#seen = { generation, coveredLsn: snapshotter.coveredLsn, deadBytes: segments.deadBytes };
  }

  /** The next thing to do; undefined if there is none now. */
  #nextStep(): Step | undefined {
    this.#tick();
    if (this.#stopping.signal.aborted || this.#options.hasFailed()) return undefined;
    if (this.#isManifestInDoubt) return () => this.#commit({}, () => undefined);
    return this.#sweepStep() ?? this.#removeWalStep() ?? this.#sealStep() ?? this.#rewriteStep() ?? this.#mergeStep();
  }

  #sweepStep(): Step | undefined {
    if (!this.#isSweepDue) return undefined;
    this.#isSweepDue = false;
    const { state, segments, clock } = this.#options;
    const plan = planRetention(state.logs.values(), segments.segments, clock.nowMs());
    if (plan.emptied.size === 0 && (plan.sparse.length === 0 || plan.starts.size === 0)) return undefined;
    return async () => {
      await this.#commit({ removed: plan.emptied, starts: plan.starts }, () => {
        for (const [logId, start] of plan.starts) {
          const log = state.logs.get(logId);
          if (log !== undefined) segments.trim(log, start);
        }
      });
      await this.#removeSegments(plan.emptied);
    };
  }

  /** Files whose entries are in segments, and whose other frames are in both snapshots. */
  #removeWalStep(): Step | undefined {
    const { wal, segments, snapshotter } = this.#options;
    const { sealedThrough } = segments.manifest;
    const coveredLsn = snapshotter.coveredLsn;
    const removable = wal.closedParts.filter(
      ({ generation, lastLsn }) => generation <= sealedThrough && lastLsn <= coveredLsn,
    );
    const last = removable.at(-1);
    if (last !== undefined) return () => this.#removeWal(last);
    if (this.#isPressed && wal.giveUpSpare()) {
      const { disk, directory } = this.#options;
      return () => disk.remove(`${directory.walDirectory}/${spareWalName}`);
    }
    const isWaiting = wal.closedParts.some(({ generation }) => generation <= sealedThrough);
    return isWaiting && (this.#isPressed || this.#isLogFull) ? this.#coverStep() : undefined;
  }

  /** Makes two snapshots out of one, although nothing new may be written while the disk is short or the log is full. */
  #coverStep(): Step | undefined {
    const { snapshotter, writeNoopGroup } = this.#options;
    if (snapshotter.isBehind) {
      return async () => {
        await snapshotter.write();
        if (snapshotter.lastError !== undefined) throw new EngineError("unavailable", snapshotter.lastError);
      };
    }
    if (this.#hasWrittenNoop) return undefined;
    return async () => {
      this.#hasWrittenNoop = true;
      await writeNoopGroup();
    };
  }

  async #removeWal({ generation }: WalFileInfo): Promise<void> {
    const { disk, directory, wal, walReader } = this.#options;
    await this.#commit({ oldestGeneration: generation + 1 }, () => undefined);
    for (const part of wal.forgetThrough(generation)) {
      await walReader.retire(part.generation);
      const path = `${directory.walDirectory}/${walFileName(part.generation)}`;
      if (this.#isPressed || !wal.wants(part)) {
        await disk.remove(path);
      } else {
        await disk.rename(path, `${directory.walDirectory}/${spareWalName}`);
        wal.takeSpare();
      }
    }
  }

  #sealStep(): Step | undefined {
    const { wal, segments, state, flushAfterBytes } = this.#options;
    const { sealedThrough } = segments.manifest;
    const waiting = wal.closedParts.filter(({ generation }) => generation > sealedThrough);
    const bytes = waiting.reduce((sum, { end }) => sum + end, 0);
    const [oldest] = waiting;
    if (oldest === undefined || this.#damaged.has(walFileName(oldest.generation))) {
      this.#isPressed = false;
      return undefined;
    }
    const isWorthIt = this.#isPressed && (state.hasDeadEntries || this.#hasExpiredEntries());
    if (bytes <= flushAfterBytes && waiting.length <= closedFilesMax && !isWorthIt) {
      this.#isPressed = false;
      return undefined;
    }
    if (waiting.length === 1) state.hasDeadEntries = false;
    return () => this.#seal(oldest);
  }

  #hasExpiredEntries(): boolean {
    const nowMs = this.#options.clock.nowMs();
    for (const { index, retentionMs } of this.#options.state.logs.values()) {
      if (retentionMs > 0 && index.count > 0 && index.storedMsAt(0) + retentionMs < nowMs) return true;
    }
    return false;
  }

  async #seal({ generation, firstLsn, lastLsn, end }: WalFileInfo): Promise<void> {
    const { state, segments, jobs, snapshotter, ownSegmentBytes, clock } = this.#options;
    await this.#prepare();
    const logs = liveLogsOf(state.logs.values(), clock.nowMs());
    const job = { ...this.#place(), kind: "flush", generation, firstLsn, lastLsn, end, logs, ownSegmentBytes } as const;
    const { built, starts: moved } = await this.#watched([walFileName(generation)], jobs.run(job));
    const starts = new Map<number, number>();
    for (let at = 0; at < moved.length; at += 2) starts.set(moved[at] ?? 0, moved[at + 1] ?? 0);
    await this.#commit({ sealedThrough: generation, added: built, starts }, () => {
      state.sealedThrough = generation;
      for (const [logId, start] of starts) {
        const log = state.logs.get(logId);
        if (log !== undefined) segments.trim(log, start);
      }
      segments.take(built, state.logs);
      state.dropThrough(generation);
    });
    this.#isSweepDue = true;
    if (snapshotter.coveredLsn < lastLsn && snapshotter.isBehind) await snapshotter.write();
  }

  #rewriteStep(): Step | undefined {
    const { segments, mergedSegmentBytesMax } = this.#options;
    const sparse: Segment[] = [];
    let bytes = 0;
    for (const segment of segments.segments) {
      if (!segment.isShared || segment.liveBytes >= segment.dataBytes / 2 || this.#isDamaged(segment)) continue;
      if (sparse.length > 0 && bytes + segment.liveBytes > mergedSegmentBytesMax) break;
      sparse.push(segment);
      bytes += segment.liveBytes;
    }
    return sparse.length === 0 ? undefined : () => this.#rewrite(sparse, true);
  }

  #mergeStep(): Step | undefined {
    const { segments, smallSegmentBytesMax: smallBytesMax, mergedSegmentBytesMax: mergedBytesMax } = this.#options;
    const sound = [...segments.segments].filter((segment) => !this.#isDamaged(segment));
    const neighbours = planMerge(sound, { smallBytesMax, mergedBytesMax });
    return neighbours === undefined ? undefined : () => this.#rewrite(neighbours, false);
  }

  async #rewrite(sources: readonly Segment[], isShared: boolean): Promise<void> {
    const { state, segments, jobs } = this.#options;
    const { starts } = segments.manifest;
    const logs = Float64Array.from([...state.logs.keys()].flatMap((logId) => [logId, starts.get(logId) ?? 1]));
    const names = sources.map(({ id }) => segmentFileName(id));
    const job = { ...this.#place(), kind: "compact", sources: sources.map(plain), isShared, logs } as const;
    const { built } = await this.#watched(names, jobs.run(job));
    const removed = new Set(sources.map(({ id }) => id));
    await this.#commit({ added: built, removed }, () => segments.exchange(built, removed, state.logs));
    await this.#removeSegments(removed);
  }

  /** Writes the manifest; `apply` moves what is in memory in the same turn as it counts. */
  async #commit(change: ManifestEdit, apply: () => void): Promise<void> {
    const { disk, directory, state, segments } = this.#options;
    const manifest = segments.changed(change, (logId) => state.logs.has(logId));
    this.#isManifestInDoubt = true;
    await writeManifest(disk, directory.segmentDirectory, manifest, directory.identity);
    this.#isManifestInDoubt = false;
    segments.adopt(manifest);
    apply();
  }

  async #removeSegments(ids: Iterable<number>): Promise<void> {
    const { disk, directory, segmentReader } = this.#options;
    for (const id of ids) {
      await segmentReader.retire(id);
      await disk.remove(`${directory.segmentDirectory}/${segmentFileName(id)}`);
    }
  }

  /** Before the first file is sealed: from here on the directory is one of version 2. */
  async #prepare(): Promise<void> {
    const { disk, directory, segments } = this.#options;
    if (segments.manifest.number === 0) {
      await disk.makeDirectory(directory.segmentDirectory);
      await disk.syncDirectory(directory.path);
      await this.#commit({}, () => undefined);
    }
    if (segments.manifest.sealedThrough === 0 && directory.format.hasSegments !== true) {
      await requireSegmentFormat(disk, directory);
    }
  }

  #place(): JobDirectory {
    const { directory, segments, clock } = this.#options;
    const { walDirectory, segmentDirectory, isDirect, identity } = directory;
    return {
      walDirectory,
      segmentDirectory,
      isDirect,
      directoryId: Uint8Array.from(identity.directoryId),
      salt: Uint8Array.from(identity.salt),
      madeMs: clock.nowMs(),
      nextSegmentId: segments.manifest.nextSegmentId,
    };
  }

  #isDamaged({ id }: Segment): boolean {
    return this.#damaged.has(segmentFileName(id));
  }

  /** Remembers what proved damaged, so that it is not read again and again. */
  async #watched<Result>(names: readonly string[], running: Promise<Result>): Promise<Result> {
    try {
      return await running;
    } catch (error) {
      if (!(error instanceof EngineError)) {
        // Whatever stopped the other thread, memory for instance: nothing of what it did counts yet.
        if (errorCode(error) !== undefined) throw error;
        throw new EngineError("unavailable", error instanceof Error ? error.message : String(error), { cause: error });
      }
      if (error.kind !== "corrupt") throw error;
      for (const name of names) this.#damaged.add(name);
      this.#damage = `${error.message} What stands there stays as it is, and the log cannot give back its space.`;
      throw error;
    }
  }

  /** While there are segments, time alone gives work. */
  #tick(): void {
    if (this.#isTicking || this.#options.segments.count === 0) return;
    this.#isTicking = true;
    const again = (): void => {
      this.#isTicking = false;
      this.#isSweepDue = true;
      this.maybeRun();
    };
    this.#options.clock.delay(sweepMs, this.#stopping.signal).then(again, () => undefined);
  }
}

function plain({ id, fileLength, check }: Segment): { id: number; fileLength: number; check: number } {
  return { id, fileLength, check };
}
