import type { DocumentStore } from "./document-store.ts";
import type { ShardLog } from "./shard-log.ts";

export interface EngineLimits {
  readonly entryBytesMax: number;
  readonly shardCountMax: number;
}

export interface EngineHealth {
  readonly ready: boolean;
  /** True only if an acknowledgement means that the bytes survive a crash of the process and of the machine. */
  readonly durable: boolean;
  /** Sentences; empty when all is well. */
  readonly degraded: readonly string[];
  /** Figures for /metrics by name, e.g. `wal_bytes`. */
  readonly figures: Readonly<Record<string, number>>;
}

/** One backend: an ordered log per shard and a small catalog. */
export interface Engine {
  readonly name: string;
  /** Whether several servers may serve the same data at once. */
  readonly multiGateway: boolean;
  readonly limits: EngineLimits;
  readonly log: ShardLog;
  readonly documents: DocumentStore;
  open(): Promise<void>;
  health(): Promise<EngineHealth>;
  close(): Promise<void>;
}
