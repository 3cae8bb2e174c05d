import { type IncomingRecords, NO_PARTITION_KEY } from "../records/incoming-records.ts";
import type { ShardMap } from "../streams/hash-keys/shard-map.ts";
import type { LimitsTable } from "./limits-table.ts";

/** What one shard takes in a second. */
export type WriteRates = Pick<LimitsTable, "shardWriteBytesPerSecond" | "shardWriteRecordsPerSecond">;

/** The records of one request, and the slots that the stream's present map gives them. */
export interface RoutedRecords {
  readonly records: IncomingRecords;
  /** What `map.routeAll` gave for them. */
  readonly slots: Uint16Array;
  readonly map: ShardMap;
}

/** A request of which some records are over their shard's rate. */
export interface PartlyAdmitted {
  /** By record: 1 for those that may be stored. */
  readonly admitted: Uint8Array;
  readonly throttledCount: number;
}

// A row per shard: tokens for bytes, tokens for records, and the time that both are true for. It is the token bucket of
// token-bucket.ts twice, laid out flat: two objects per shard cost three times as much where there are many shards.
const ROW_FLOATS = 3;
const BYTES = 0;
const RECORDS = 1;
const AS_OF_MS = 2;

/** Many small refills add up to a little less than one large one; nobody is to be refused for that. */
const roundingTokens = 1e-6;

/** Shards keep their rows when they close. Past this many rows for each open shard those that are whole go. */
const rowsPerOpenShardMax = 4;

/** What the shards of one stream may take now. */
export class ShardWriteThrottle {
  readonly #rates: WriteRates;
  #burstBytes = 0;
  #rows = new Float64Array(0);
  #rowOfShard = new Map<number, number>();
  /** By revision of the stream: where the row of each slot begins. */
  #rowsBySlot = new WeakMap<ShardMap, Int32Array>();
  #usedMs = 0;

  constructor(rates: WriteRates) {
    this.#rates = rates;
  }

  /**
   * Decides record by record in the order of the request, each shard by itself. What is admitted has been paid for.
   * Returns undefined when that is all of them. `burstBytes` is the most that a shard takes at once.
   */
  admit({ records, slots, map }: RoutedRecords, burstBytes: number, nowMs: number): PartlyAdmitted | undefined {
    this.#usedMs = nowMs;
    const rowOfSlot = this.#rowsBySlot.get(map) ?? this.#revise(map, burstBytes, nowMs);
    const rows = this.#rows;
    const { count, dataBytes, keyBytes } = records;
    let refused: Refused | undefined;
    for (let i = 0; i < count; i += 1) {
      const row = rowOfSlot[slots[i] as number] as number;
      if (rows[row + AS_OF_MS] !== nowMs) this.#refill(row, nowMs);
      const ofKey = keyBytes[i] as number;
      const bytesLeft =
        (rows[row + BYTES] as number) - (dataBytes[i] as number) - (ofKey === NO_PARTITION_KEY ? 0 : ofKey);
      const recordsLeft = (rows[row + RECORDS] as number) - 1;
      if (bytesLeft >= -roundingTokens && recordsLeft >= -roundingTokens) {
        rows[row + BYTES] = bytesLeft;
        rows[row + RECORDS] = recordsLeft;
      } else {
        refused ??= new Refused(count);
        refused.refuse(i);
      }
    }
    return refused;
  }

  /** Whether every shard may take a burst again, so that new budgets would be the same. */
  isAtRest(nowMs: number): boolean {
    const { shardWriteBytesPerSecond } = this.#rates;
    const msUntilWhole = Math.max(1000, (1000 * this.#burstBytes) / shardWriteBytesPerSecond);
    return nowMs - this.#usedMs >= msUntilWhole;
  }

  /** A clock that steps back gives nothing and takes nothing. */
  #refill(row: number, nowMs: number): void {
    const { shardWriteBytesPerSecond, shardWriteRecordsPerSecond } = this.#rates;
    const rows = this.#rows;
    const seconds = Math.max(0, nowMs - (rows[row + AS_OF_MS] as number)) / 1000;
    const bytes = (rows[row + BYTES] as number) + seconds * shardWriteBytesPerSecond;
    const records = (rows[row + RECORDS] as number) + seconds * shardWriteRecordsPerSecond;
    rows[row + BYTES] = Math.min(this.#burstBytes, bytes);
    rows[row + RECORDS] = Math.min(shardWriteRecordsPerSecond, records);
    rows[row + AS_OF_MS] = nowMs;
  }

  /** Once per revision of the stream. A larger burst gives a shard nothing at once; its row fills up to it. */
  #revise(map: ShardMap, burstBytes: number, nowMs: number): Int32Array {
    this.#burstBytes = burstBytes;
    if (this.#rowOfShard.size > rowsPerOpenShardMax * map.shardCount) this.#forgetWholeRows(nowMs);
    const added = map.shards.filter(({ index }) => !this.#rowOfShard.has(index));
    const rows = new Float64Array(this.#rows.length + added.length * ROW_FLOATS);
    rows.set(this.#rows);
    for (const [i, { index }] of added.entries()) {
      const row = this.#rows.length + i * ROW_FLOATS;
      this.#rowOfShard.set(index, row);
      rows[row + BYTES] = burstBytes;
      rows[row + RECORDS] = this.#rates.shardWriteRecordsPerSecond;
      rows[row + AS_OF_MS] = nowMs;
    }
    this.#rows = rows;
    const rowOfSlot = Int32Array.from(map.shards, ({ index }) => this.#rowOfShard.get(index) ?? 0);
    this.#rowsBySlot.set(map, rowOfSlot);
    return rowOfSlot;
  }

  #forgetWholeRows(nowMs: number): void {
    const kept: [shardIndex: number, row: number][] = [];
    for (const [index, row] of this.#rowOfShard) {
      this.#refill(row, nowMs);
      const bytes = this.#rows[row + BYTES] as number;
      const records = this.#rows[row + RECORDS] as number;
      const isWhole = bytes >= this.#burstBytes && records >= this.#rates.shardWriteRecordsPerSecond;
      if (!isWhole) kept.push([index, row]);
    }
    const rows = new Float64Array(kept.length * ROW_FLOATS);
    for (const [i, [, row]] of kept.entries()) rows.set(this.#rows.subarray(row, row + ROW_FLOATS), i * ROW_FLOATS);
    this.#rows = rows;
    this.#rowOfShard = new Map(kept.map(([index], i) => [index, i * ROW_FLOATS]));
    this.#rowsBySlot = new WeakMap();
  }
}

class Refused implements PartlyAdmitted {
  readonly admitted: Uint8Array;
  throttledCount = 0;

  constructor(count: number) {
    this.admitted = new Uint8Array(count).fill(1);
  }

  refuse(index: number): void {
    this.admitted[index] = 0;
    this.throttledCount += 1;
  }
}
