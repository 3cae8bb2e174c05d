// Flush and compaction as jobs: plain values in and out, so that they may run in another thread.

import { identityOf } from "../format/format-file.ts";
import type { Disk } from "../io/disk.ts";
import type { BuiltSegment } from "../segments/segment-builder.ts";
import { compactSegments } from "./compact-segments.ts";
import { flushWalFile } from "./flush-wal-file.ts";
import { JobMemory } from "./job-memory.ts";

/** What every job must know of the data directory. `Uint8Array`, since a `Buffer` does not survive a message to a thread. */
export interface JobDirectory {
  readonly walDirectory: string;
  readonly segmentDirectory: string;
  readonly isDirect: boolean;
  readonly directoryId: Uint8Array;
  readonly salt: Uint8Array;
  readonly madeMs: number;
  /** The first free id for a new segment. */
  readonly nextSegmentId: number;
}

/** Moves the entries of one WAL file into new segments. */
export interface FlushWalFileJob extends JobDirectory {
  readonly kind: "flush";
  readonly generation: number;
  readonly firstLsn: number;
  readonly lastLsn: number;
  /** The byte offset in the file where its last group ends. */
  readonly end: number;
  /** Three numbers for each shard log that exists: its id, a number for its stream, the time before which entries have expired. */
  readonly logs: Float64Array;
  /** A stream with this many bytes in the file gets a segment of its own. */
  readonly ownSegmentBytes: number;
}

/** Writes the extents of some segments that still count into one new segment. */
export interface CompactSegmentsJob extends JobDirectory {
  readonly kind: "compact";
  readonly sources: readonly { readonly id: number; readonly fileLength: number; readonly check: number }[];
  readonly isShared: boolean;
  /** Two numbers for each shard log that exists: its id and its start. */
  readonly logs: Float64Array;
}

export type CompactionJob = FlushWalFileJob | CompactSegmentsJob;

export interface CompactionResult {
  readonly built: readonly BuiltSegment[];
  /** Pairs of log id and new start: the entries before it had expired and were left out. */
  readonly starts: Float64Array;
}

/** Runs jobs, one at a time. */
export interface CompactionRunner {
  /** Rejects with `EngineError("corrupt")` if bytes that it reads are damaged, or with the error of the disk. */
  run(job: CompactionJob): Promise<CompactionResult>;
  /** Ends the running job, if any. */
  close(): Promise<void>;
}

export function runCompactionJob(disk: Disk, memory: JobMemory, job: CompactionJob): Promise<CompactionResult> {
  const context = { disk, memory, identity: identityOf(Buffer.from(job.directoryId), Buffer.from(job.salt)) };
  return job.kind === "flush" ? flushWalFile(context, job) : compactSegments(context, job);
}

/** Runs jobs in the calling thread, with asynchronous reads and writes. */
export class InlineCompactionRunner implements CompactionRunner {
  readonly #disk: Disk;
  readonly #memory: JobMemory;
  #running: Promise<unknown> = Promise.resolve();

  constructor(disk: Disk) {
    this.#disk = disk;
    this.#memory = new JobMemory(disk);
  }

  run(job: CompactionJob): Promise<CompactionResult> {
    const running = runCompactionJob(this.#disk, this.#memory, job);
    this.#running = running.catch(() => undefined);
    return running;
  }

  async close(): Promise<void> {
    await this.#running;
  }
}
