import { randomBytes } from "node:crypto";
import type { Clock } from "../../time/clock.ts";
import { type CompactionRunner, InlineCompactionRunner } from "./compaction/compaction-job.ts";
import type { CompactionLimits } from "./compaction/compaction-limits.ts";
import type { RootKeyProvider } from "./directory/root-key-provider.ts";
import { groupBytesMax as largestGroupBytes } from "./format/commit-group.ts";
import { blockBytes, type Disk } from "./io/disk.ts";

const mebibyte = 1024 * 1024;
/** The size of a WAL file, and the bytes of closed WAL files that may wait for a flush, by share of the disk budget. */
const walShareBytesMax = 64 * mebibyte;
const walShareBytesMin = 4 * mebibyte;
const walShareOfBudget = 1 / 8;

export interface EmbeddedEngineOptions {
  /** Absolute path of the data directory; created if absent. */
  readonly directory: string;
  readonly disk: Disk;
  readonly clock: Clock;
  /** Bytes of WAL files and segments; past it appends are `throttled`. Default: what they have, and 80 % of what is free. */
  readonly diskBudgetBytes?: number | undefined;
  /** Whether `clock` can be moved (`--dev`). Marks the directory for good. */
  readonly devClock?: boolean;
  /** If given, entries, documents and names of streams are encrypted; required at every open of such a directory. */
  readonly keys?: RootKeyProvider | undefined;
  readonly randomBytes?: (byteCount: number) => Buffer;
  /** Default: 64 MiB, or an eighth of the disk budget if that is less. */
  readonly walFileBytes?: number | undefined;
  /** Size of each of the three buffers that commit groups are written from; also bounds an entry. */
  readonly groupBytesMax?: number;
  /** Bytes of frames that may wait while all buffers are in use; past it appends are `throttled`. */
  readonly queueBytesMax?: number;
  /** A commit group of this size or more is written while the one before it is still in flight. Default: 128 KiB. */
  readonly secondGroupBytesMin?: number;
  readonly tailWindowBytes?: number;
  /** A snapshot file is written after so many bytes of frames that are not entries. */
  readonly snapshotAfterBytes?: number;
  /** Bytes of WAL files; past it appends are `throttled` until a flush. Bounds the time of recovery. */
  readonly walBytesMax?: number;
  readonly compaction?: Partial<CompactionLimits>;
  /** Runs flush and compaction jobs; by default in the thread of the engine. */
  readonly jobs?: CompactionRunner;
}

/** The options with their defaults. What depends on the disk budget, which is known after recovery, is still optional. */
export type EngineSettings = Required<Omit<EmbeddedEngineOptions, "diskBudgetBytes">> &
  Pick<EmbeddedEngineOptions, "diskBudgetBytes">;

export function withDefaults(options: EmbeddedEngineOptions): EngineSettings {
  return {
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
}

/** On a small disk WAL files are small too, so that most of the budget is left for segments. A whole number of blocks. */
export function walFileBytesFor(budgetBytes: number): number {
  const share = Math.floor((budgetBytes * walShareOfBudget) / blockBytes) * blockBytes;
  return Math.min(walShareBytesMax, Math.max(walShareBytesMin, share));
}

export function compactionLimits(settings: EngineSettings, budgetBytes: number): CompactionLimits {
  return {
    flushAfterBytes: walFileBytesFor(budgetBytes),
    ownSegmentBytes: 4 * mebibyte,
    smallSegmentBytesMax: 16 * mebibyte,
    mergedSegmentBytesMax: 64 * mebibyte,
    ...settings.compaction,
  };
}
