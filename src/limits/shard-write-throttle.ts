import { type IncomingRecords, NO_PARTITION_KEY } from "../records/incoming-records.ts";
import type { ShardMap } from "../streams/hash-keys/shard-map.ts";
import type { LimitsTable } from "./limits-table.ts";

/** What one shard may take at once after a silence. */
export interface WriteBurst {
  readonly bytes: number;
  readonly records: number;
}

/** The write rates of one shard. */
export type WriteRates = Pick<LimitsTable, "shardWriteBytesPerSecond" | "shardWriteRecordsPerSecond">;

/** The records of one request with their slots in a shard map. */
export interface RoutedRecords {
  readonly records: IncomingRecords;
  /** The result of `map.routeAll` for them. */
  readonly slots: Uint16Array;
  readonly map: ShardMap;
}

/** A request with records over the rates of their shards. */
export interface PartlyAdmitted {
  /** 1 for each record that may be stored, 0 for a throttled one. */
  readonly admitted: Uint8Array;
  readonly throttledCount: number;
}

// A row for each shard: byte tokens, record tokens, and the time as of which both count. These are two buckets as in
// token-bucket.ts, flat in one array, because a stream may have thousands of shards.
const ROW_FLOATS = 3;
const BYTES = 0;
const RECORDS = 1;
const AS_OF_MS = 2;

/** Rounding error of many small refills. */
const roundingTokens = 1e-6;

/** Closed shards keep their rows. With more rows than this for each open shard, full ones are removed. */
const rowsPerOpenShardMax = 4;

/** The write budgets of the shards of one stream. */
export class ShardWriteThrottle {
  readonly #rates: WriteRates;
  #burst: WriteBurst = { bytes: 0, records: 0 };
  #rows = new Float64Array(0);
  #rowOfShard = new Map<number, number>();
  /** Start of the row of each slot, by shard map. */
  #rowsBySlot = new WeakMap<ShardMap, Int32Array>();
  #usedMs = 0;

  constructor(rates: WriteRates) {
    this.#rates = rates;
  }

  /**
   * Decides on each record in the order of the request and charges the admitted ones. Undefined when all are admitted.
   * `burst`: the capacity of each shard.
   */
  admit({ records, slots, map }: RoutedRecords, burst: WriteBurst, nowMs: number): PartlyAdmitted | undefined {
    this.#usedMs = nowMs;
    const rowOfSlot = this.#rowsBySlot.get(map) ?? this.#addRows(map, burst, nowMs);
    const rows = this.#rows;
    const { count, dataBytes, keyBytes } = records;
    let partly: Throttled | undefined;
    for (let i = 0; i < count; i += 1) {
      const row = rowOfSlot[slots[i] as number] as number;
      if (rows[row + AS_OF_MS] !== nowMs) this.#refill(row, nowMs);
      const keyLength = keyBytes[i] as number;
      const bytesLeft =
        (rows[row + BYTES] as number) - (dataBytes[i] as number) - (keyLength === NO_PARTITION_KEY ? 0 : keyLength);
      const recordsLeft = (rows[row + RECORDS] as number) - 1;
      if (bytesLeft >= -roundingTokens && recordsLeft >= -roundingTokens) {
        rows[row + BYTES] = bytesLeft;
        rows[row + RECORDS] = recordsLeft;
      } else {
        partly ??= new Throttled(count);
        partly.throttle(i);
      }
    }
    return partly;
  }

  /** Whether the budgets of all shards are full, so that new ones would be the same. */
  isFull(nowMs: number): boolean {
    const { shardWriteBytesPerSecond, shardWriteRecordsPerSecond } = this.#rates;
    const secondsUntilFull = Math.max(
      this.#burst.records / shardWriteRecordsPerSecond,
      this.#burst.bytes / shardWriteBytesPerSecond,
    );
    const msUntilFull = 1000 * Math.max(1, secondsUntilFull);
    return nowMs - this.#usedMs >= msUntilFull;
  }

  /** A clock that steps back changes no tokens. */
  #refill(row: number, nowMs: number): void {
    const { shardWriteBytesPerSecond, shardWriteRecordsPerSecond } = this.#rates;
    const rows = this.#rows;
    const seconds = Math.max(0, nowMs - (rows[row + AS_OF_MS] as number)) / 1000;
    const bytes = (rows[row + BYTES] as number) + seconds * shardWriteBytesPerSecond;
    const records = (rows[row + RECORDS] as number) + seconds * shardWriteRecordsPerSecond;
    rows[row + BYTES] = Math.min(this.#burst.bytes, bytes);
    rows[row + RECORDS] = Math.min(this.#burst.records, records);
    rows[row + AS_OF_MS] = nowMs;
  }

  /** For a new shard map: rows for its new shards. A larger burst adds no tokens at once; the refill reaches it. */
  #addRows(map: ShardMap, burst: WriteBurst, nowMs: number): Int32Array {
    this.#burst = burst;
    if (this.#rowOfShard.size > rowsPerOpenShardMax * map.shardCount) this.#removeFullRows(nowMs);
    const added = map.shards.filter(({ index }) => !this.#rowOfShard.has(index));
    const rows = new Float64Array(this.#rows.length + added.length * ROW_FLOATS);
    rows.set(this.#rows);
    for (const [i, { index }] of added.entries()) {
      const row = this.#rows.length + i * ROW_FLOATS;
      this.#rowOfShard.set(index, row);
      rows[row + BYTES] = burst.bytes;
      rows[row + RECORDS] = burst.records;
      rows[row + AS_OF_MS] = nowMs;
    }
    this.#rows = rows;
    const rowOfSlot = Int32Array.from(map.shards, ({ index }) => this.#rowOfShard.get(index) ?? 0);
    this.#rowsBySlot.set(map, rowOfSlot);
    return rowOfSlot;
  }

  #removeFullRows(nowMs: number): void {
    const kept: [shardIndex: number, row: number][] = [];
    for (const [index, row] of this.#rowOfShard) {
      this.#refill(row, nowMs);
      const bytes = this.#rows[row + BYTES] as number;
      const records = this.#rows[row + RECORDS] as number;
      const isRowFull = bytes >= this.#burst.bytes && records >= this.#burst.records;
      if (!isRowFull) kept.push([index, row]);
    }
    const rows = new Float64Array(kept.length * ROW_FLOATS);
    for (const [i, [, row]] of kept.entries()) rows.set(this.#rows.subarray(row, row + ROW_FLOATS), i * ROW_FLOATS);
    this.#rows = rows;
    this.#rowOfShard = new Map(kept.map(([index], i) => [index, i * ROW_FLOATS]));
    this.#rowsBySlot = new WeakMap();
  }
}

class Throttled implements PartlyAdmitted {
  readonly admitted: Uint8Array;
  throttledCount = 0;

  constructor(count: number) {
    this.admitted = new Uint8Array(count).fill(1);
  }

  throttle(index: number): void {
    this.admitted[index] = 0;
    this.throttledCount += 1;
  }
}
