import type { Clock } from "../../../time/clock.ts";
import { EngineError } from "../../engine-error.ts";
import { type DataDirectory, requireLock, requireSegmentFormat } from "../directory/data-directory.ts";
import { writeManifest } from "../format/manifest.ts";
import { segmentFileName } from "../format/segment-file.ts";
import { spareWalName, walFileName } from "../format/wal-file.ts";
import { type Disk, errorCode } from "../io/disk.ts";
import type { LiveSegments, ManifestEdit, Segment } from "../segments/live-segments.ts";
import type { SegmentReader } from "../segments/segment-reader.ts";
import type { EngineState } from "../state/engine-state.ts";
import { indexedWalBytes } from "../state/indexed-wal-bytes.ts";
import type { LogState } from "../state/log-state.ts";
import type { WalRangeReader } from "../wal/wal-range-reader.ts";
import type { WalFileInfo, WalWriter } from "../wal/wal-writer.ts";
import type { CompactionRunner, JobDirectory } from "./compaction-job.ts";
import type { CompactionLimits } from "./compaction-limits.ts";
import type { Step, StorageFacts } from "./next-step.ts";
import type { Snapshotter } from "./snapshotter.ts";

/** The space on the disk that a step may fill. */
export interface CompactionReserve {
  readonly freeBytes: number;
  /** Bytes that a step leaves free. */
  readonly controlBytes: number;
  /** Whether `bytes` may be written and `leftBytes` stay free. */
  has(bytes: number, leftBytes: number): boolean;
  /** Keeps `bytes` for a step until disposed of. Rejects with `unavailable` unless it may write them now. */
  reserveForCompaction(bytes: number): Promise<Disposable>;
}

export interface StepExecutorOptions {
  readonly disk: Disk;
  readonly directory: DataDirectory;
  readonly state: EngineState;
  readonly wal: WalWriter;
  readonly snapshotter: Snapshotter;
  readonly segments: LiveSegments;
  readonly jobs: CompactionRunner;
  readonly walReader: WalRangeReader;
  readonly segmentReader: SegmentReader;
  readonly clock: Clock;
  readonly limits: CompactionLimits;
  readonly reserve: CompactionReserve;
  /** Writes a commit group that changes nothing; resolves when it is durable. */
  readonly writeNoopGroup: () => Promise<void>;
}

/** Performs one step of compaction at a time. What is in memory changes in the same tick as the manifest takes effect. */
export class StepExecutor {
  readonly #options: StepExecutorOptions;
  /** Set while a manifest is being written, and from a failed attempt on until one succeeds. */
  #isManifestInDoubt = false;
  readonly #damagedFiles = new Set<string>();
  #damage: string | undefined;

  constructor(options: StepExecutorOptions) {
    this.#options = options;
  }

  /** The damage that a step met last, in a sentence. */
  get damage(): string | undefined {
    return this.#damage;
  }

  facts(): Omit<StorageFacts, "isStopped"> {
    const { state, wal, snapshotter, segments, reserve } = this.#options;
    return {
      isManifestInDoubt: this.#isManifestInDoubt,
      generation: wal.generation,
      closedFiles: wal.closedFiles,
      flushedThrough: segments.manifest.flushedThrough,
      hasSpareFile: wal.hasSpare,
      coveredLsn: snapshotter.coveredLsn,
      isSnapshotBehind: snapshotter.isBehind,
      hasDeadEntries: state.hasDeadEntries,
      deadBytes: segments.deadBytes,
      logs: state.logs,
      segments: [...segments.segments],
      damagedFiles: this.#damagedFiles,
      fillableBytes: Math.max(0, reserve.freeBytes - reserve.controlBytes),
    };
  }

  /** Rejects with `EngineError` or the disk's error if the step failed; it may then be decided on again. */
  async perform(step: Step): Promise<void> {
    switch (step.kind) {
      case "wait":
        return;
      case "rewriteManifest":
        return this.#commit({}, () => undefined);
      case "expire":
        return this.#expire(step.starts, step.emptied);
      case "removeWalFiles":
        return this.#removeWalFiles(step.through, step.keepsSpare);
      case "removeSpareFile":
        return this.#removeSpareFile();
      case "writeSnapshot":
        return this.#writeSnapshot();
      case "writeNoopGroup":
        return this.#options.writeNoopGroup();
      case "flush":
        return this.#flush(step.file, step.isLast);
      case "compact":
        return this.#compact(step.sources, step.isShared);
    }
  }

  async #expire(starts: ReadonlyMap<number, number>, emptied: ReadonlySet<number>): Promise<void> {
    await this.#commit({ removed: emptied, starts }, () => this.#trim(starts));
    await this.#removeSegments(emptied);
  }

  async #removeWalFiles(through: number, keepsSpare: boolean): Promise<void> {
    const { disk, directory, wal, walReader } = this.#options;
    await this.#commit({ oldestGeneration: through + 1 }, () => undefined);
    for (const file of wal.removeFilesThrough(through)) {
      await walReader.retire(file.generation);
      const path = `${directory.walDirectory}/${walFileName(file.generation)}`;
      if (keepsSpare && wal.canRecycle(file)) {
        await disk.rename(path, `${directory.walDirectory}/${spareWalName}`);
        wal.addSpare();
      } else {
        await disk.remove(path);
      }
    }
  }

  async #removeSpareFile(): Promise<void> {
    const { disk, directory, wal } = this.#options;
    // Before the file goes, so that no new WAL file is made of it meanwhile.
    if (wal.removeSpare()) await disk.remove(`${directory.walDirectory}/${spareWalName}`);
  }

  async #writeSnapshot(): Promise<void> {
    const { snapshotter } = this.#options;
    await snapshotter.write();
    if (snapshotter.lastError !== undefined) throw new EngineError("unavailable", snapshotter.lastError);
  }

  async #flush(file: WalFileInfo, isLast: boolean): Promise<void> {
    const { state, segments, jobs, snapshotter, limits, clock, reserve } = this.#options;
    const { generation, firstLsn, lastLsn, end } = file;
    using _reserved = await reserve.reserveForCompaction(this.#bytesOfFlush(file));
    if (isLast) state.hasDeadEntries = false;
    await this.#prepareSegments();
    const logs = logsToFlush(state.logs.values(), clock.nowMs());
    const { ownSegmentBytes } = limits;
    const job = {
      ...this.#jobDirectory(),
      kind: "flush",
      generation,
      firstLsn,
      lastLsn,
      end,
      logs,
      ownSegmentBytes,
    } as const;
    const { built, starts: moved } = await this.#noteDamage([walFileName(generation)], jobs.run(job));
    const starts = new Map<number, number>();
    for (let at = 0; at < moved.length; at += 2) starts.set(moved[at] ?? 0, moved[at + 1] ?? 0);
    await this.#commit({ flushedThrough: generation, added: built, starts }, () => {
      state.flushedThrough = generation;
      this.#trim(starts);
      segments.addFlushed(built, state.logs);
      state.dropThrough(generation);
    });
    if (snapshotter.coveredLsn < lastLsn && snapshotter.isBehind) await snapshotter.write();
  }

  /** At most what the file holds. Entries of dropped logs are not copied; to tell them costs an index of all others. */
  #bytesOfFlush({ generation, end }: WalFileInfo): number {
    const { state, reserve } = this.#options;
    if (reserve.has(end, reserve.controlBytes)) return end;
    return Math.min(
      end,
      state.logs.values().reduce((sum, log) => sum + indexedWalBytes(log, generation), 0),
    );
  }

  async #compact(sources: readonly Segment[], isShared: boolean): Promise<void> {
    const { state, segments, jobs } = this.#options;
    const { starts } = segments.manifest;
    const logs = Float64Array.from([...state.logs.keys()].flatMap((logId) => [logId, starts.get(logId) ?? 1]));
    const names = sources.map(({ id }) => segmentFileName(id));
    const described = sources.map(({ id, fileLength, check }) => ({ id, fileLength, check }));
    const job = { ...this.#jobDirectory(), kind: "compact", sources: described, isShared, logs } as const;
    const { built } = await this.#noteDamage(names, jobs.run(job));
    const removed = new Set(sources.map(({ id }) => id));
    await this.#commit({ added: built, removed }, () => segments.replaceCompacted(built, removed, state.logs));
    await this.#removeSegments(removed);
  }

  /** Writes the manifest; `apply` changes what is in memory in the tick in which the new manifest counts. */
  async #commit(change: ManifestEdit, apply: () => void): Promise<void> {
    const { disk, directory, state, segments } = this.#options;
    const manifest = segments.nextManifest(change, (logId) => state.logs.has(logId));
    requireLock(directory);
    this.#isManifestInDoubt = true;
    await writeManifest(disk, directory.segmentDirectory, manifest, directory.identity);
    this.#isManifestInDoubt = false;
    segments.adopt(manifest);
    apply();
  }

  #trim(starts: ReadonlyMap<number, number>): void {
    const { state, segments } = this.#options;
    for (const [logId, start] of starts) {
      const log = state.logs.get(logId);
      if (log !== undefined) segments.trim(log, start);
    }
  }

  async #removeSegments(ids: Iterable<number>): Promise<void> {
    const { disk, directory, segmentReader } = this.#options;
    for (const id of ids) {
      await segmentReader.retire(id);
      await disk.remove(`${directory.segmentDirectory}/${segmentFileName(id)}`);
    }
  }

  /** Before the first flush: makes `segments/` and its manifest, and marks the directory as one of format version 2. */
  async #prepareSegments(): Promise<void> {
    const { disk, directory, segments } = this.#options;
    if (segments.manifest.number === 0) {
      await disk.makeDirectory(directory.segmentDirectory);
      await disk.syncDirectory(directory.path);
      await this.#commit({}, () => undefined);
    }
    if (segments.manifest.flushedThrough === 0 && directory.format.hasSegments !== true) {
      await requireSegmentFormat(disk, directory);
    }
  }

  #jobDirectory(): JobDirectory {
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

  /** Remembers the files of a job that met damage, so that they are not read again in a loop. */
  async #noteDamage<Result>(names: readonly string[], running: Promise<Result>): Promise<Result> {
    try {
      return await running;
    } catch (error) {
      if (!(error instanceof EngineError)) {
        // Another error stopped the worker thread, for instance a lack of memory. No result of it counts yet.
        if (errorCode(error) !== undefined) throw error;
        throw new EngineError("unavailable", error instanceof Error ? error.message : String(error), { cause: error });
      }
      if (error.kind !== "corrupt") throw error;
      for (const name of names) this.#damagedFiles.add(name);
      this.#damage =
        `${error.message} The damaged file stays in place, its intact records are still served, and its disk space ` +
        "is not freed. Restore the data directory from a backup.";
      throw error;
    }
  }
}

/** For `FlushWalFileJob`: the id of each log, a number for its stream, and the time before which its entries have expired. */
function logsToFlush(logs: Iterable<LogState>, nowMs: number): Float64Array {
  const streams = new Map<string, number>();
  const fields: number[] = [];
  for (const { id, streamId, retentionMs } of logs) {
    const stream = streams.get(streamId) ?? streams.size;
    streams.set(streamId, stream);
    fields.push(id, stream, retentionMs > 0 ? nowMs - retentionMs : 0);
  }
  return Float64Array.from(fields);
}
