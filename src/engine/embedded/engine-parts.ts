/** Builds the parts of an open engine from what recovery found, in the order in which they depend on each other. */
import { Compactor } from "./compaction/compactor.ts";
import { Snapshotter } from "./compaction/snapshotter.ts";
import type { DataDirectory } from "./directory/data-directory.ts";
import type { EngineContext } from "./engine-context.ts";
import { compactionLimits, type EngineSettings, walFileBytesFor } from "./engine-options.ts";
import { ChunkPool } from "./io/chunk-pool.ts";
import { EntryReader } from "./reading/entry-reader.ts";
import { ReadAhead } from "./reading/read-ahead.ts";
import type { Recovered } from "./recovery/recover.ts";
import { SegmentReader } from "./segments/segment-reader.ts";
import { GroupCommit } from "./wal/group-commit.ts";
import { TailWindow } from "./wal/tail-window.ts";
import { WalReader } from "./wal/wal-reader.ts";
import { WalWriter } from "./wal/wal-writer.ts";
import { WalAppender } from "./wal-appender.ts";

/** A data directory after recovery. */
export interface RecoveredDirectory {
  readonly settings: EngineSettings;
  readonly directory: DataDirectory;
  readonly recovered: Recovered;
  readonly budgetBytes: number;
  /** `groupMemoryBytes()` of the disk's memory. */
  readonly groupMemory: Buffer;
}

export interface EngineParts extends EngineContext {
  readonly directory: DataDirectory;
  readonly recovered: Recovered;
  readonly budgetBytes: number;
  readonly window: TailWindow;
  readonly wal: WalWriter;
  readonly walReader: WalReader;
  readonly readAhead: ReadAhead;
  readonly snapshotter: Snapshotter;
  readonly compactor: Compactor;
  readonly commit: GroupCommit;
}

export function openParts(opened: RecoveredDirectory): EngineParts {
  const { settings, directory, recovered, budgetBytes } = opened;
  const { state } = recovered;
  const walFiles = openWalFiles(opened);
  const reading = openReading(opened, walFiles.walReader);
  const compaction = openCompaction(opened, { ...walFiles, segmentReader: reading.segments });
  const commit = openCommit(opened, { ...walFiles, ...compaction });
  const { wal } = walFiles;
  const { compactor } = compaction;
  const { walBytesMax, clock } = settings;
  const writer = new WalAppender({ state, commit, wal, compactor, walBytesMax, diskBudgetBytes: budgetBytes });
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
  };
}

function openWalFiles({ settings, directory, recovered, budgetBytes }: RecoveredDirectory) {
  const { disk, clock, tailWindowBytes, walFileBytes } = settings;
  const { path, walDirectory, isDirect, identity, format } = directory;
  const hasNewestWal = format.hasNewestWal === true;
  const fileBytes = walFileBytes ?? walFileBytesFor(budgetBytes);
  const { end, walFiles: files } = recovered;
  const window = new TailWindow(tailWindowBytes);
  const wal = new WalWriter({
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
  return { window, wal, walReader: new WalReader(disk, walDirectory, window) };
}

function openReading({ settings, directory }: RecoveredDirectory, walReader: WalReader) {
  const segments = new SegmentReader(settings.disk, directory);
  const chunks = new ChunkPool(settings.disk);
  const readAhead = new ReadAhead(segments, chunks);
  return { segments, chunks, readAhead, entries: new EntryReader(walReader, segments, readAhead, directory) };
}

function openCompaction(
  { settings, directory, recovered, budgetBytes }: RecoveredDirectory,
  parts: { readonly wal: WalWriter; readonly walReader: WalReader; readonly segmentReader: SegmentReader },
) {
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
  const limits = compactionLimits(settings, budgetBytes);
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
  },
): GroupCommit {
  const { clock, groupBytesMax, queueBytesMax, secondGroupBytesMin } = settings;
  const { wal, window, snapshotter, compactor } = parts;
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
    onCommitted: () => {
      snapshotter.maybeWrite();
      compactor.maybeRun();
    },
  });
}
