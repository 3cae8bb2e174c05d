/**
 * The number of a record in its shard log: 1, 2, 3 …, below 2^63. It is a field of the Kinesis sequence number above the
 * time, so sequence numbers are in log order even if the clock goes back.
 */
export type Position = bigint;

/** Identifies one shard log. */
export interface ShardRef {
  readonly streamId: string;
  readonly shardIndex: number;
  /** The engine's own note on where the log is. Stored in the stream document; only the engine interprets it. */
  readonly placement: Readonly<Record<string, string | number>>;
}

/** What an engine may use to decide where to place a new shard log, e.g. to spread a stream over partitions. */
export interface PlacementHint {
  /** The number of open shards of the stream once the new one is open. */
  readonly openShardCount: number;
  /** For a log that is copied from another engine: its positions there, and those of all its stream's logs, are below. */
  readonly copiedBelow?: Position;
}

/** The encoded records of one request for one shard. The engine does not interpret `body`. */
export interface Entry {
  /** Records in the body, 1 to 4096. */
  readonly count: number;
  /** When the server admitted the request, ms since the epoch. */
  readonly timeMs: number;
  readonly body: Uint8Array;
}

export interface StoredEntry extends Entry {
  /** Position of the first record; the other records have the positions after it. */
  readonly position: Position;
  /** When the engine stored it, ms since the epoch. Never decreases within a shard, also across restarts. */
  readonly storedMs: number;
}

export interface Append {
  readonly shard: ShardRef;
  readonly entry: Entry;
}

/**
 * - `stored`: durable, and every later read returns it
 * - `fenced`: not stored, because the writer has an older stream document than others: the shard has ended, and the records
 *             belong to its children; or the settings epoch is a later one, and the records are encoded otherwise
 */
export type AppendOutcome = { readonly kind: "stored"; readonly position: Position } | { readonly kind: "fenced" };

/**
 * The entries of one request as columns, one row for each entry: no object is made for an entry. Columns may be longer than
 * `count`. The caller may reuse all of it as soon as `appendBatch()` has returned its promise.
 */
export interface AppendBatch {
  readonly count: number;
  /** The shards that `shardOf` indexes. The array never changes: engines cache by its identity what they find for it. */
  readonly shards: readonly ShardRef[];
  readonly shardOf: Uint16Array;
  readonly recordCounts: Uint16Array;
  readonly timesMs: Float64Array;
  /** Holds all bodies. */
  readonly bytes: Uint8Array;
  readonly bodyStarts: Uint32Array;
  readonly bodyBytes: Uint32Array;
  /** That of the stream document by which the bodies are encoded; 0 for logs that are never fenced by it. */
  readonly settingsEpoch: number;
}

export interface ReadLimit {
  readonly entriesMax: number;
  /** Bytes of bodies. The first entry is returned even if it is larger. */
  readonly bytesMax: number;
  /** Counted from where the read begins. The last entry is returned whole, so there may be more records. */
  readonly recordsMax?: number;
}

export interface ReadResult {
  /** In order. The first one contains `from`, or is the oldest one left if `from` has been freed. */
  readonly entries: readonly StoredEntry[];
  /** Where to continue, also when `entries` is empty. */
  readonly next: Position;
  /**
   * One past the last durable record of the shard at the time of the read. While there are more entries behind `next`, an
   * engine that does not know it returns some position behind `next`.
   */
  readonly tip: Position;
  /**
   * The memory behind the bodies. The reader disposes of it, once, after the last use of the entries; otherwise it is left to
   * the garbage collector. Absent when it is shared.
   */
  readonly lease?: Disposable;
}

/**
 * - `oldest`: the first position that the engine still has
 * - `newest`: one past every append acknowledged before the call
 * - `known`:  one past the last record that is known here without a request to another machine. It is at least the end of each
 *             entry that was read, and behind that while more is known to follow
 * - `last`:   a position in the last entry that the engine still has; the tip when there is none
 * - `time`:   the first entry with `storedMs` at or after `timeMs`; the tip when there is none
 */
export type SeekTarget =
  | { readonly at: "oldest" }
  | { readonly at: "newest" }
  | { readonly at: "known" }
  | { readonly at: "last" }
  | { readonly at: "time"; readonly timeMs: number };

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Bytes of entries that may be in memory for a slow reader; the rest is read from storage when it asks for more. */
  readonly bufferedBytesMax: number;
  /** Asked before each batch is read, once there may be one; default: all batches may be read. */
  readonly admission?: BatchAdmission;
}

/** Memory for the batches that a follower reads. */
export interface BatchAdmission {
  /**
   * Resolves with the bytes of entries that the batch may have, at most `bufferedBytesMax`; with 0 when the signal aborts.
   * `isNew`: its entries have just been stored, and are likely to be in memory.
   */
  take(isNew: boolean): number | Promise<number>;
  /** There was nothing to read. */
  giveBack(): void;
}

/**
 * The shard logs of an engine.
 *
 * Calls reject with `EngineError`. `unavailable`, `throttled`, `too_large` and `closed` changed nothing; after
 * `indeterminate` an append may still appear.
 */
export interface ShardLog {
  /** Creates an empty log, or returns the one that exists. */
  createShard(streamId: string, shardIndex: number, hint: PlacementHint): Promise<ShardRef>;

  /**
   * Stores the entries of one request. Resolves when each is durable or fenced, with one outcome for each in
   * the order given. Copies every `body` before it returns its promise. Appends to one shard are stored in call order.
   * Rejects with `PartialAppendError` when entries of some shards failed and others did not. `settingsEpoch`: default 0.
   */
  append(entries: readonly Append[], settingsEpoch?: number): Promise<readonly AppendOutcome[]>;

  /** The same for columns. Resolves with the position of each entry's first record, or 0 if it is fenced. */
  appendBatch(batch: AppendBatch): Promise<BigUint64Array>;

  /** Reads entries from the one that contains `from`. Rejects with `corrupt` if one is missing: a read never skips. */
  read(shard: ShardRef, from: Position, limit: ReadLimit): Promise<ReadResult>;

  /** The position that a target stands for. */
  seek(shard: ShardRef, target: SeekTarget): Promise<Position>;

  /** Batches of entries from `from`, and later ones when they are durable. Ends at an abort or at the end of a sealed shard. */
  follow(shard: ShardRef, from: Position, options: FollowOptions): AsyncIterable<readonly StoredEntry[]>;

  /**
   * Ends a shard log: once this resolves, no append of any writer can be stored. May be repeated. `end` is one past the last
   * record.
   */
  seal(shard: ShardRef, operationId: string): Promise<{ readonly end: Position }>;

  /**
   * Fences a shard log: once this resolves, no append of any writer with a lower settings epoch can be stored. May be
   * repeated; an epoch, at least 1, that is not above that of the log changes nothing. Resolves with the epoch of the log from now on. An engine of
   * one process may forget it at the end of the process, and no append outlives that either.
   */
  fenceBefore(shard: ShardRef, settingsEpoch: number): Promise<number>;

  /** Sets how long the engine must keep entries, in ms. It may keep them longer: the layers above hide expired records. */
  setRetention(streamId: string, shards: readonly ShardRef[], retentionMs: number): Promise<void>;

  /**
   * Frees entries that were stored before a time. No reader is shown them any more, however long the retention becomes, so a
   * call that comes late frees nothing that counts. Absent where `setRetention()` frees what it does not keep.
   */
  freeBefore?(streamId: string, shards: readonly ShardRef[], timeMs: number): Promise<void>;

  /** Frees the log of a shard that its stream document does not name any more. May be repeated. */
  dropShard(shard: ShardRef): Promise<void>;

  /** Frees all logs of a stream whose document is deleted. May be repeated. */
  dropStream(streamId: string, shards: readonly ShardRef[]): Promise<void>;
}
