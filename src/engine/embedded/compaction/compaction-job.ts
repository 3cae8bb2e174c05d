// What is done beside the log: plain values in and out, so that it may be done in another thread.

import { identityOf } from "../format/format-file.ts";
import type { Disk } from "../io/disk.ts";
import type { BuiltSegment } from "../segments/segment-builder.ts";
import { compactSegments } from "./compact-segments.ts";
import { flushWalFile } from "./flush-wal-file.ts";
import { JobMemory } from "./job-memory.ts";

/** What every job must know of its directory. Buffers would not survive the way into a worker. */
export interface JobDirectory {
  readonly walDirectory: string;
  readonly segmentDirectory: string;
  readonly isDirect: boolean;
  readonly directoryId: Uint8Array;
  readonly salt: Uint8Array;
  readonly madeMs: number;
  /** The first number free for a new segment. */
  readonly nextSegmentId: number;
}

/** Turns one WAL file into segments. */
export interface FlushWalFileJob extends JobDirectory {
  readonly kind: "flush";
  readonly generation: number;
  readonly firstLsn: number;
  readonly lastLsn: number;
  /** Where the log ends in the file. */
  readonly end: number;
  /** For each living log: its id, a number for its stream, and the time before which its entries need not be kept. */
  readonly logs: Float64Array;
  /** A stream with so many bytes in the file gets a segment of its own. */
  readonly ownSegmentBytes: number;
}

/** Turns some segments into one, without what is dead. */
export interface CompactSegmentsJob extends JobDirectory {
  readonly kind: "compact";
  readonly sources: readonly { readonly id: number; readonly fileLength: number; readonly check: number }[];
  readonly isShared: boolean;
  /** For each living log: its id and the first position that counts. */
  readonly logs: Float64Array;
}

export type CompactionJob = FlushWalFileJob | CompactSegmentsJob;

export interface CompactionResult {
  readonly built: readonly BuiltSegment[];
  /** Pairs of log id and position: entries before it had outlived their retention and were left behind. */
  readonly starts: Float64Array;
}

/** Where jobs are done. One at a time. */
export interface CompactionRunner {
  /** Rejects with `EngineError("corrupt")` if what it reads is damaged, or with the disk's own error. */
  run(job: CompactionJob): Promise<CompactionResult>;
  /** What runs is cut off. */
  close(): Promise<void>;
}

export function runCompactionJob(disk: Disk, memory: JobMemory, job: CompactionJob): Promise<CompactionResult> {
  const workshop = { disk, memory, identity: identityOf(Buffer.from(job.directoryId), Buffer.from(job.salt)) };
  return job.kind === "flush" ? flushWalFile(workshop, job) : compactSegments(workshop, job);
}

/** In this thread, a write at a time. */
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
