import type { DocumentStore } from "./document-store.ts";
import type { ShardLog } from "./shard-log.ts";

/** What one engine can hold, whatever limits the API sets. */
export interface EngineLimits {
  /** Bytes of an entry's body. */
  readonly entryBytesMax: number;
  readonly shardCountMax: number;
}

/** How many bytes the records of a stream have on the disk. */
export interface StreamBytes {
  readonly streamId: string;
  readonly bytes: number;
}

export interface EngineHealth {
  /** Whether the engine is open and takes writes. */
  readonly ready: boolean;
  /** Whether acknowledged data survives a crash of the process and a power cut, and more can be made durable. */
  readonly durable: boolean;
  /** One sentence for each thing that is wrong, for operators; empty when nothing is. */
  readonly degraded: readonly string[];
  /** Numbers for /metrics by name, e.g. `wal_bytes`. */
  readonly figures: Readonly<Record<string, number>>;
  /** Present if the engine writes to a disk. */
  readonly space?: {
    /** Whether appends are refused because the disk or its budget is used up. */
    readonly isUsedUp: boolean;
    /** The streams with the most bytes, the largest first. */
    readonly largestStreams: readonly StreamBytes[];
  };
}

/** A storage backend: one shard log for each shard, and a store of small documents. */
export interface Engine {
  /** As in the configuration, e.g. `embedded`. */
  readonly name: string;
  /**
   * Whether several servers may serve the same data at once. If false, this server alone changes the documents, and what it
   * has read of them stays true until it changes them itself.
   */
  readonly multiGateway: boolean;
  /** Whether the positions of a shard log follow one another without gaps, as queues count them. */
  readonly densePositions: boolean;
  readonly limits: EngineLimits;
  readonly log: ShardLog;
  readonly documents: DocumentStore;
  /** To be called once. All other calls reject with `closed` before it resolves. */
  open(): Promise<void>;
  health(): Promise<EngineHealth>;
  /** Finishes pending writes and frees all resources. All other calls reject with `closed` after it. May be called again. */
  close(): Promise<void>;
}
