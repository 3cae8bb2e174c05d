import { randomBytes } from "node:crypto";
import type { Clock } from "../../time/clock.ts";
import type { Engine, EngineHealth, EngineLimits } from "../engine.ts";
import { EngineError } from "../engine-error.ts";
import { type CompactionRunner, InlineCompactionRunner } from "./compaction/compaction-job.ts";
import type { CompactionLimits } from "./compaction/compaction-limits.ts";
import { Compactor } from "./compaction/compactor.ts";
import { Snapshotter } from "./compaction/snapshotter.ts";
import { type DataDirectory, openDataDirectory } from "./directory/data-directory.ts";
import { repairKeyFile } from "./directory/directory-key.ts";
import type { RootKeyProvider } from "./directory/root-key-provider.ts";
import { EmbeddedDocumentStore } from "./embedded-document-store.ts";
import { EmbeddedShardLog, entryBytesMaxFor, shardCountMax } from "./embedded-shard-log.ts";
import type { EngineContext } from "./engine-context.ts";
import { groupBytesMax as largestGroupBytes } from "./format/commit-group.ts";
import { frameKind } from "./format/frame.ts";
import { ChunkPool } from "./io/chunk-pool.ts";
import { type Finding, reportFindings } from "./io/damage-report.ts";
import { DataDirectoryError } from "./io/data-directory-error.ts";
import { blockBytes, type Disk, errorCode } from "./io/disk.ts";
import { EntryReader } from "./reading/entry-reader.ts";
import { ReadAhead } from "./reading/read-ahead.ts";
import { type Recovered, recover } from "./recovery/recover.ts";
import { SegmentReader } from "./segments/segment-reader.ts";
import type { EngineState } from "./state/engine-state.ts";
import type { LogState } from "./state/log-state.ts";
import { GroupCommit, groupMemoryBytes } from "./wal/group-commit.ts";
import { TailWindow } from "./wal/tail-window.ts";
import { WalReader } from "./wal/wal-reader.ts";
import { WalWriter } from "./wal/wal-writer.ts";
import { WalAppender } from "./wal-appender.ts";

const mebibyte = 1024 * 1024;
/** One file of the log, and what of it may wait to be sealed beside the file that is written to. */
const logShareBytesMax = 64 * mebibyte;
const logShareBytesMin = 4 * mebibyte;
const logShareOfBudget = 1 / 8;
const clockBehindMsMax = 3_600_000;
const freeShareOfBudget = 0.8;

export interface EmbeddedEngineOptions {
  /** An absolute path; made if absent. */
  readonly directory: string;
  readonly disk: Disk;
  readonly clock: Clock;
  /** What the log may use of the disk; past it appends are `throttled`. Default: what it has, and 80 % of what is free. */
  readonly diskBudgetBytes?: number | undefined;
  /** Whether `clock` is one that a developer may set. Marks the directory for good. */
  readonly devClock?: boolean;
  /** Given: everything in the directory that is not a number is encrypted. Only from its first open on, and then always. */
  readonly keys?: RootKeyProvider | undefined;
  readonly randomBytes?: (byteCount: number) => Buffer;
  /** Default: 64 MiB, or an eighth of the disk budget if that is less. */
  readonly walFileBytes?: number | undefined;
  /** Of each of the three buffers that groups are written from; bounds an entry too. */
  readonly groupBytesMax?: number;
  /** What may wait while all buffers are full. Past it appends are `throttled`. */
  readonly queueBytesMax?: number;
  /** From which size on a group need not wait until the one before it is durable. Default: 128 KiB. */
  readonly secondGroupBytesMin?: number;
  readonly tailWindowBytes?: number;
  /** Catalog bytes after which a snapshot saves recovery from reading them again. */
  readonly snapshotAfterBytes?: number;
  /** What waits to be moved into segments; past it appends are `throttled`. Bounds recovery. */
  readonly walBytesMax?: number;
  readonly compaction?: Partial<CompactionLimits>;
  /** Where files of the log become segments; by default in this thread. */
  readonly jobs?: CompactionRunner;
}

const compactionDefaults: Omit<CompactionLimits, "flushAfterBytes"> = {
  ownSegmentBytes: 4 * mebibyte,
  smallSegmentBytesMax: 16 * mebibyte,
  mergedSegmentBytesMax: 64 * mebibyte,
};

interface Start {
  readonly directory: DataDirectory;
  readonly recovered: Recovered;
  readonly groupMemory: Buffer;
  readonly nowMs: number;
  readonly budgetBytes: number;
}

interface Running extends EngineContext {
  readonly directory: DataDirectory;
  readonly recovered: Recovered;
  readonly budgetBytes: number;
  readonly commit: GroupCommit;
  readonly compactor: Compactor;
  readonly wal: WalWriter;
  readonly walReader: WalReader;
  readonly readAhead: ReadAhead;
  readonly window: TailWindow;
  readonly snapshotter: Snapshotter;
  readonly clockBehindMs: number;
}

/** One server's engine: a directory, one log for everything in it, and every acknowledgement behind a sync. */
export class EmbeddedEngine implements Engine {
  readonly name = "embedded";
  readonly multiGateway = false;
  readonly limits: EngineLimits;
  readonly log: EmbeddedShardLog;
  readonly documents: EmbeddedDocumentStore;
  readonly #options: Required<Omit<EmbeddedEngineOptions, "diskBudgetBytes">>;
  readonly #diskBudgetBytes: number | undefined;
  #running: Running | undefined;
  #closing: Promise<void> | undefined;

  constructor({ diskBudgetBytes, ...options }: EmbeddedEngineOptions) {
    this.#diskBudgetBytes = diskBudgetBytes;
    this.#options = {
      devClock: false,
      keys: undefined,
      randomBytes,
      walFileBytes: undefined,
      groupBytesMax: largestGroupBytes,
      queueBytesMax: 64 * mebibyte,
      secondGroupBytesMin: 128 * 1024,
      tailWindowBytes: 32 * mebibyte,
      snapshotAfterBytes: mebibyte,
      walBytesMax: 512 * mebibyte,
      compaction: {},
      jobs: new InlineCompactionRunner(options.disk),
      ...options,
    };
    const context = (): EngineContext => this.#context();
    const entryBytesMax = Math.min(14 * mebibyte, entryBytesMaxFor(this.#options.groupBytesMax));
    this.limits = { entryBytesMax, shardCountMax };
    this.log = new EmbeddedShardLog({ context, entryBytesMax });
    this.documents = new EmbeddedDocumentStore(context);
  }

  /**
   * Takes the directory and recovers it. Rejects with `DataDirectoryError` if it cannot be ours, and with
   * `EngineError("corrupt")` if something acknowledged is provably lost; both say so in one sentence.
   */
  async open(): Promise<void> {
    const { disk, directory: path, clock, devClock, keys, groupBytesMax } = this.#options;
    const nowMs = clock.nowMs();
    const random = this.#options.randomBytes;
    const directory = await openDataDirectory({ disk, directory: path, nowMs, devClock, keys, randomBytes: random });
    try {
      // Recovery is done with it before the log has a group to fill.
      const groupMemory = disk.allocate(groupMemoryBytes(groupBytesMax));
      const recovered = await recover(disk, directory, groupMemory);
      await reportFindings(recovered.findings, { disk, directory: directory.damageDirectory, nowMs });
      if (directory.findings.length > 0) await repairKeyFile({ disk, directory: path }, directory.identity);
      const usedBytes = recovered.parts.reduce((sum, { end }) => sum + end, recovered.segments.bytes);
      const budgetBytes =
        this.#diskBudgetBytes ?? Math.floor(usedBytes + freeShareOfBudget * (await disk.freeBytes(path)));
      this.#running = this.#start({ directory, recovered, groupMemory, nowMs, budgetBytes });
      // What a server that only reads keeps also grows old.
      this.#running.compactor.maybeRun();
    } catch (error) {
      await directory.lock.release();
      const code = errorCode(error);
      if (code === undefined) throw error;
      const sentence = `The data directory ${path} cannot be read (${code}).`;
      throw new DataDirectoryError("unreadable", sentence, { cause: error });
    }
  }

  async health(): Promise<EngineHealth> {
    const running = this.#running;
    const isOpen = running !== undefined && this.#closing === undefined;
    const failure = running?.commit.failure;
    return {
      ready: isOpen && failure === undefined,
      durable: true,
      degraded: running === undefined ? [] : this.#degradations(running),
      figures: running === undefined ? {} : this.#figures(running),
    };
  }

  /** Resolves when nothing is left to move into segments or to give back, for now. */
  async settled(): Promise<void> {
    await this.#context().compactor.settled();
  }

  /** Writes what was taken, marks the end, and frees the directory. Harmless to repeat. */
  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  #context(): Running {
    if (this.#running === undefined) throw new EngineError("closed", "The engine is not open yet.");
    if (this.#closing !== undefined) throw new EngineError("closed", "The engine is closed.");
    return this.#running;
  }

  #start({ directory, recovered, groupMemory: memory, nowMs, budgetBytes }: Start): Running {
    const { disk, clock, groupBytesMax, queueBytesMax, secondGroupBytesMin } = this.#options;
    const shareBytes = logShareBytes(budgetBytes);
    const fileBytes = this.#options.walFileBytes ?? shareBytes;
    const { identity, walDirectory, isDirect } = directory;
    const { state, end, parts, segments } = recovered;
    const wal = new WalWriter({ disk, directory: walDirectory, isDirect, identity, clock, fileBytes, end, parts });
    const window = new TailWindow(this.#options.tailWindowBytes);
    const walReader = new WalReader(disk, walDirectory, window);
    const snapshotter = new Snapshotter({
      disk,
      directory: directory.catalogDirectory,
      contents: directory,
      state,
      oldestGeneration: () => segments.manifest.oldestGeneration,
      snapshotLsn: recovered.snapshotLsn,
      afterBytes: this.#options.snapshotAfterBytes,
    });
    const commit = new GroupCommit({
      memory,
      wal,
      state,
      window,
      contents: directory,
      clock,
      groupBytesMax,
      queueBytesMax,
      // Through the cache never: of two syncs at once one may fail for both, and the other say that all is well.
      secondGroupBytesMin: isDirect ? secondGroupBytesMin : Number.POSITIVE_INFINITY,
      onCommitted: () => {
        snapshotter.maybeWrite();
        compactor.maybeRun();
      },
    });
    const segmentReader = new SegmentReader(disk, directory);
    const chunks = new ChunkPool(disk);
    const readAhead = new ReadAhead(segmentReader, chunks);
    const { jobs, compaction, walBytesMax } = this.#options;
    const compactor: Compactor = new Compactor({
      flushAfterBytes: shareBytes,
      ...compactionDefaults,
      ...compaction,
      disk,
      directory,
      state,
      wal,
      snapshotter,
      segments,
      jobs,
      walReader,
      segmentReader,
      clock,
      writeNoopGroup: () => writeNoopGroup(state, writer),
      hasFailed: () => commit.failure !== undefined,
    });
    const writer = new WalAppender({ commit, wal, diskBudgetBytes: budgetBytes, walBytesMax, compactor });
    state.watchDocuments((change) => this.documents.tell(change));
    return {
      directory,
      recovered,
      state,
      writer,
      budgetBytes,
      entries: new EntryReader(walReader, segmentReader, readAhead, directory),
      segments: segmentReader,
      chunks,
      compactor,
      clock,
      commit,
      wal,
      walReader,
      readAhead,
      window,
      snapshotter,
      clockBehindMs: state.lastStoredMs - nowMs,
    };
  }

  async #stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const { state, commit, writer, wal, walReader, readAhead, segments, compactor, snapshotter, directory } = running;
    for (const log of state.logs.values()) log.wake();
    this.documents.close();
    try {
      await readAhead.close();
      await commit.drain();
      await compactor.stop();
      await snapshotter.finish();
      if (commit.groupCount > 0 && commit.failure === undefined) {
        // The marker comes last and alone: damage to it can then cost nothing.
        await snapshotter.write();
        await writer.writeControl({ kind: frameKind.cleanClose }, Buffer.alloc(0));
      }
      await walReader.close();
      await segments.close();
      await wal.close();
    } catch (error) {
      // Everything acknowledged is durable; without its marker the next open looks at the log's end as after a crash.
      if (!(error instanceof EngineError) && errorCode(error) === undefined) throw error;
    } finally {
      await directory.lock.release();
    }
  }

  #degradations({ recovered, commit, snapshotter, compactor, clockBehindMs }: Running): readonly string[] {
    const sentences = recovered.findings.map(({ sentence }: Finding) => sentence);
    if (clockBehindMs > clockBehindMsMax) {
      const hours = (clockBehindMs / clockBehindMsMax).toFixed(1);
      sentences.push(`At the start the clock was ${hours} hours behind the last stored record.`);
    }
    if (commit.failure !== undefined) sentences.push(commit.failure.message);
    if (snapshotter.lastError !== undefined) sentences.push(snapshotter.lastError);
    if (compactor.lastError !== undefined) sentences.push(compactor.lastError);
    return sentences;
  }

  #figures({ state, commit, wal, window, recovered, budgetBytes }: Running): Readonly<Record<string, number>> {
    let indexBytes = 0;
    for (const { index, extents } of state.logs.values()) indexBytes += index.byteLength + extents.byteLength;
    return {
      wal_bytes: wal.bytes,
      segment_bytes: recovered.segments.bytes,
      segment_files: recovered.segments.count,
      queue_bytes: commit.pendingBytes,
      group_count_total: commit.groupCount,
      sync_seconds_total: commit.syncMs / 1000,
      tail_window_bytes: window.byteLength,
      index_bytes: indexBytes,
      disk_budget_bytes: budgetBytes,
      recovered_groups: recovered.lastLsn,
      shard_logs: state.logs.size,
      documents: state.documents.size,
    };
  }
}

/** Tells some log the retention that it has: a group more, and no other state. */
async function writeNoopGroup(state: EngineState, writer: WalAppender): Promise<void> {
  const isStill = ({ dropping, retentionsOnTheirWay }: LogState) =>
    dropping === undefined && retentionsOnTheirWay === 0;
  const log = [...state.logs.values()].find(isStill);
  if (log === undefined) return;
  const body = Buffer.alloc(8);
  body.writeDoubleLE(log.retentionMs);
  await writer.writeControl({ kind: frameKind.retention, logId: log.id }, body);
}

/** On a small disk the log's files are small too, so that most of it is there for what is kept. */
function logShareBytes(budgetBytes: number): number {
  const share = Math.floor((budgetBytes * logShareOfBudget) / blockBytes) * blockBytes;
  return Math.min(logShareBytesMax, Math.max(logShareBytesMin, share));
}
