/** Builds the parts of an open engine from what recovery found, in the order in which they depend on each other. */
import type { EngineError } from "../engine-error.ts";
import { Compactor } from "./compaction/compactor.ts";
import { Snapshotter } from "./compaction/snapshotter.ts";
import { type DataDirectory, requireLock } from "./directory/data-directory.ts";
import { DiskReserve } from "./disk-reserve.ts";
import type { EngineContext } from "./engine-context.ts";
import { compactionLimits, type EngineSettings, walFileBytesFor } from "./engine-options.ts";
import { ChunkPool } from "./io/chunk-pool.ts";
import { EntryReader } from "./reading/entry-reader.ts";
import { ReadAhead } from "./reading/read-ahead.ts";
import type { Recovered } from "./recovery/recover.ts";
import { SegmentReader } from "./segments/segment-reader.ts";
import { StorageFaultReporter } from "./storage-fault-reporter.ts";
import { largestStreams } from "./stored-bytes.ts";
import { GroupCommit } from "./wal/group-commit.ts";
import { TailWindow } from "./wal/tail-window.ts";
import { WalRangeReader } from "./wal/wal-range-reader.ts";
import { WalWriter } from "./wal/wal-writer.ts";
import { WalAdmission } from "./wal-admission.ts";

/** A data directory after recovery. */
export interface RecoveredDirectory {
  readonly settings: EngineSettings;
  readonly directory: DataDirectory;
  readonly recovered: Recovered;
  readonly budgetBytes: number;
  /** Bytes of WAL files and segments. */
  readonly usedBytes: number;
  /** Bytes that are free beside them. */
  readonly freeBytes: number;
  /** `groupMemoryBytes()` of the disk's memory. */
  readonly groupMemory: Buffer;
}

export interface EngineParts extends EngineContext {
  readonly directory: DataDirectory;
  readonly recovered: Recovered;
  readonly budgetBytes: number;
  readonly window: TailWindow;
  readonly wal: WalWriter;
  readonly walReader: WalRangeReader;
  readonly readAhead: ReadAhead;
  readonly snapshotter: Snapshotter;
  readonly compactor: Compactor;
  readonly commit: GroupCommit;
  readonly reserve: DiskReserve;
  readonly monitor: StorageFaultReporter;
}

export function openParts(opened: RecoveredDirectory): EngineParts {
  const { settings, directory, recovered, budgetBytes, usedBytes } = opened;
  const { state } = recovered;
  const walFiles = openWalFiles(opened);
  const reading = openReading(opened, walFiles.walReader);
  const reserve = openReserve(opened, () => commit.pendingBytes);
  const compaction = openCompaction(opened, { ...walFiles, segmentReader: reading.segments, reserve });
  const onStopped = (failure: EngineError): void => monitor.stopped(failure);
  const commit: GroupCommit = openCommit(opened, { ...walFiles, ...compaction, onStopped });
  const { wal } = walFiles;
  const { compactor } = compaction;
  const { walBytesMax, clock } = settings;
  const writer: WalAdmission = new WalAdmission({
    state,
    commit,
    wal,
    compactor,
    reserve,
    walBytesMax,
    diskBudgetBytes: budgetBytes,
    usedBytes,
    onRefused: (shortage, bytes) => monitor.refused(shortage, bytes),
  });
  const monitor = new StorageFaultReporter({
    clock,
    reserve,
    shortageOf: (bytes) => writer.shortageOf(bytes),
    sentenceOf: (shortage) => writer.sentenceOf(shortage),
    failure: () => commit.failure,
    largestStreams: () => largestStreams(state.storedBytes.all()),
    onShortage: () => compactor.requestDiskSpace(),
  });
  compactor.start(writer);
  return {
    directory,
    recovered,
    budgetBytes,
    state,
    clock,
    ...walFiles,
    ...reading,
    ...compaction,
    commit,
    writer,
    reserve,
    monitor,
  };
}

function openReserve(
  { settings, directory, usedBytes, freeBytes, ...opened }: RecoveredDirectory,
  pendingBytes: () => number,
): DiskReserve {
  const { disk, clock } = settings;
  const compactionBytes = walFileBytesFor(attainableBytes({ usedBytes, freeBytes, ...opened }));
  return new DiskReserve({
    disk,
    directory: directory.path,
    clock,
    pendingBytes,
    freeBytes,
    usedBytes,
    compactionBytes,
  });
}

/** What the directory can really have: a budget may be larger than the disk. */
function attainableBytes({
  budgetBytes,
  usedBytes,
  freeBytes,
}: Pick<RecoveredDirectory, "budgetBytes" | "usedBytes" | "freeBytes">): number {
  return Math.min(budgetBytes, usedBytes + freeBytes);
}

function openWalFiles(opened: RecoveredDirectory) {
  const { settings, directory, recovered } = opened;
  const { disk, clock, tailWindowBytes, walFileBytes } = settings;
  const { path, walDirectory, isDirect, identity, format } = directory;
  const hasNewestWal = format.hasNewestWal === true;
  const fileBytes = walFileBytes ?? walFileBytesFor(attainableBytes(opened));
  const { end, walFiles: files } = recovered;
  const window = new TailWindow(tailWindowBytes);
  const wal = new WalWriter({
    requireLock: () => requireLock(directory),
    disk,
    path,
    hasNewestWal,
    directory: walDirectory,
    isDirect,
    identity,
    clock,
    fileBytes,
    end,
    files,
  });
  return { window, wal, walReader: new WalRangeReader(disk, walDirectory, window) };
}

function openReading({ settings, directory }: RecoveredDirectory, walReader: WalRangeReader) {
  const segments = new SegmentReader(settings.disk, directory);
  const chunks = new ChunkPool(settings.disk);
  const readAhead = new ReadAhead(segments, chunks);
  return { segments, chunks, readAhead, entries: new EntryReader(walReader, segments, readAhead, directory) };
}

function openCompaction(
  opened: RecoveredDirectory,
  parts: {
    readonly wal: WalWriter;
    readonly walReader: WalRangeReader;
    readonly segmentReader: SegmentReader;
    readonly reserve: DiskReserve;
  },
) {
  const { settings, directory, recovered } = opened;
  const { disk, clock, jobs, snapshotAfterBytes } = settings;
  const { state, segments, snapshotLsn } = recovered;
  const snapshotter = new Snapshotter({
    disk,
    directory: directory.catalogDirectory,
    contents: directory,
    state,
    oldestGeneration: () => segments.manifest.oldestGeneration,
    snapshotLsn,
    afterBytes: snapshotAfterBytes,
  });
  const limits = compactionLimits(settings, attainableBytes(opened));
  const compactor = new Compactor({
    ...parts,
    disk,
    directory,
    state,
    snapshotter,
    segments,
    jobs,
    clock,
    limits,
  });
  return { snapshotter, compactor };
}

function openCommit(
  { settings, directory, recovered, groupMemory }: RecoveredDirectory,
  parts: {
    readonly wal: WalWriter;
    readonly window: TailWindow;
    readonly snapshotter: Snapshotter;
    readonly compactor: Compactor;
    readonly onStopped: (failure: EngineError) => void;
  },
): GroupCommit {
  const { clock, groupBytesMax, queueBytesMax, secondGroupBytesMin } = settings;
  const { wal, window, snapshotter, compactor, onStopped } = parts;
  return new GroupCommit({
    memory: groupMemory,
    wal,
    state: recovered.state,
    window,
    contents: directory,
    clock,
    groupBytesMax,
    queueBytesMax,
    // Never two groups through the page cache: of two syncs at once one may report a lost write for both.
    secondGroupBytesMin: directory.isDirect ? secondGroupBytesMin : Number.POSITIVE_INFINITY,
    onStopped,
    onCommitted: () => {
      snapshotter.maybeWrite();
      compactor.maybeRun();
    },
  });
}
