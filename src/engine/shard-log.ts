/**
 * The place of one record in its shard. The first record of a shard has position 1; positions grow along the shard and
 * stay below 2^63. They are the counter field of a Kinesis sequence number, so numeric order of sequence numbers is log
 * order whatever the clocks do.
 */
export type Position = bigint;

/** Names one shard's log. `placement` is the engine's own; it is kept in the stream's document and handed back unread. */
export interface ShardRef {
  readonly streamId: string;
  readonly shardIndex: number;
  readonly placement: Readonly<Record<string, string | number>>;
}

export interface PlacementHint {
  /** Open shards that the stream will have when this one is in use. */
  readonly openShardCount: number;
}

/** The encoded records of one request for one shard. The engine never looks inside `body`. */
export interface Entry {
  /** Records in the body, 1 to 4096. */
  readonly count: number;
  /** The gateway's clock when the request was admitted, ms since the epoch. */
  readonly timeMs: number;
  readonly body: Uint8Array;
}

export interface StoredEntry extends Entry {
  /** Position of the entry's first record; the others follow one by one. */
  readonly position: Position;
  /** The engine's clock, ms since the epoch; never falls within a shard, across restarts too. */
  readonly storedMs: number;
}

export interface Append {
  readonly shard: ShardRef;
  readonly entry: Entry;
}

/**
 * - `stored`: durable, and every later read returns it
 * - `sealed`: surely not stored and never will be; the records belong to the shard's children
 */
export type AppendOutcome = { readonly kind: "stored"; readonly position: Position } | { readonly kind: "sealed" };

/**
 * The entries of one request as columns, a row each: with an entry for every record, objects would cost more than the
 * records. Columns may be longer than `count`. All of it may be used again once `appendBatch` has returned its promise.
 */
export interface AppendBatch {
  readonly count: number;
  /** What `shardOf` points into. Such an array never changes: engines may remember what they found behind its shards. */
  readonly shards: readonly ShardRef[];
  readonly shardOf: Uint16Array;
  readonly recordCounts: Uint16Array;
  readonly timesMs: Float64Array;
  /** Holds all bodies. */
  readonly bytes: Uint8Array;
  readonly bodyStarts: Uint32Array;
  readonly bodyBytes: Uint32Array;
}

export interface ReadLimit {
  readonly entriesMax: number;
  /** Soft: one entry is returned whatever its size. */
  readonly bytesMax: number;
  /** Soft: the last entry returned is the one that reaches so many records, counted from where the read begins. */
  readonly recordsMax?: number;
}

export interface ReadResult {
  /** In order; the first one contains `from` (or, behind a trimmed start, is the oldest one left). */
  readonly entries: readonly StoredEntry[];
  /** Where to read on, also when `entries` is empty. */
  readonly next: Position;
  /** One past the last record of the shard that was durable when the read was answered. */
  readonly tip: Position;
  /**
   * Gives memory behind the bodies to a later read, once nobody looks at them any more. Whoever never calls it leaves the
   * memory to the collector.
   */
  readonly release?: () => void;
}

/**
 * - `oldest`: the first position that the engine still holds
 * - `newest`: one past every append acknowledged before the call
 * - `time`:   the first entry with `storedMs` at or after `timeMs`; the tip when there is none
 */
export type SeekTarget =
  | { readonly at: "oldest" }
  | { readonly at: "newest" }
  | { readonly at: "time"; readonly timeMs: number };

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Bytes that may wait for a slow reader before the log stops pushing and reads again from storage. */
  readonly bufferedBytesMax: number;
}

/**
 * The ordered, durable entries of every shard.
 *
 * Calls reject with `EngineError`. `unavailable`, `throttled`, `too_large` and `closed` changed nothing; after
 * `indeterminate` an append may still appear.
 */
export interface ShardLog {
  /** Makes an empty log. Harmless to repeat. No entry may be readable before it returns. */
  createShard(streamId: string, shardIndex: number, hint: PlacementHint): Promise<ShardRef>;

  /**
   * Stores all entries of one request; resolves when each is durable or surely refused, outcomes in the order given.
   * Copies every `body` before it returns its promise. Appends to one shard are stored in the order of the calls.
   */
  append(entries: readonly Append[]): Promise<readonly AppendOutcome[]>;

  /** The same of columns. By entry: the position of its first record, or 0 where its shard is sealed. */
  appendBatch(batch: AppendBatch): Promise<BigUint64Array>;

  /** Entries from the one that contains `from`. Never skips: a hole rejects with `corrupt`. */
  read(shard: ShardRef, from: Position, limit: ReadLimit): Promise<ReadResult>;

  seek(shard: ShardRef, target: SeekTarget): Promise<Position>;

  /** Batches from `from`, then live ones as they commit, pulled by the reader. Ends on abort or at a sealed shard's end. */
  follow(shard: ShardRef, from: Position, options: FollowOptions): AsyncIterable<readonly StoredEntry[]>;

  /**
   * Ends a shard: once it resolves no append can be stored, from any writer however stale. Harmless to repeat.
   * `end` is one past the last record.
   */
  seal(shard: ShardRef, operationId: string): Promise<{ readonly end: Position }>;

  /** Tells the engine how long bytes must be kept. Hiding what has expired is a rule above the engine. */
  setRetention(streamId: string, shards: readonly ShardRef[], retentionMs: number): Promise<void>;

  /** Frees a shard that has left its stream's document. Harmless to repeat. */
  dropShard(shard: ShardRef): Promise<void>;

  /** Frees all shards of a stream whose document is gone. Harmless to repeat. */
  dropStream(streamId: string, shards: readonly ShardRef[]): Promise<void>;
}
