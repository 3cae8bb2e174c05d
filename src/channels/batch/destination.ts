import type { RecordSlice } from "../../records/outgoing-records.ts";
import type { Cut } from "./cut.ts";

/*
 * What stands between the batches of a channel and what stores them: a bucket writes objects, a table commits snapshots.
 */

/** A batch takes no more records when it has so many bytes: as stored, of data, or of dead letters. */
export const batchBytesMax = {
  stored: 16 * 1024 * 1024,
  data: 128 * 1024 * 1024,
  deadLetters: 16 * 1024 * 1024,
} as const;

/** Records of one shard, in the order of their positions. */
export interface RecordPage {
  readonly shardIndex: number;
  readonly slices: readonly RecordSlice[];
}

/** Figures of a batch that is stored. */
export interface StoredBatch {
  /** Records that are stored, and records that the dead letters name. */
  readonly recordCount: number;
  readonly failedCount: number;
  /** Bytes of data of all its records. */
  readonly bytesIn: number;
  /** Bytes that are stored for them. */
  readonly bytesOut: number;
}

/** One destination of one channel. Its calls reject with `DestinationError`. */
export interface Destination {
  /** Tries whether batches can be stored, and makes what must be there before the first one. May be repeated. */
  prepare(signal: AbortSignal): Promise<void>;
  /** A batch without records yet. At most two are open: one may be stored while the next one is filled. */
  begin(): BatchBuilder;
  close(): Promise<void>;
}

/** Takes the records of a batch, and stores them once they are cut. To be discarded in any case. */
export interface BatchBuilder {
  /**
   * Adds records behind those that are there. Resolves with whether more should be added: a batch may be larger by one page,
   * and a batch that is stored again is added to until its cut is complete, whatever this says. The page may be reused then.
   */
  add(page: RecordPage): Promise<boolean>;
  /**
   * Stores what was added, exactly once: however often it is called with the same cut and the same records, also by another
   * process after a crash, each record is at the destination once. When it rejects, the batch may be stored or not.
   */
  store(cut: Cut, signal: AbortSignal): Promise<StoredBatch>;
  /** Frees its memory. May be called again. */
  discard(): void;
}

/** A batch, or an attempt to prepare for batches, that failed. The message is a sentence for operators. */
export class DestinationError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DestinationError";
  }
}
