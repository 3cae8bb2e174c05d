// Hot path.
import { type IncomingRecords, NO_PARTITION_KEY } from "../records/incoming-records.ts";
import type { ShardMap } from "../streams/shard-map.ts";
import type { Stream } from "../streams/stream.ts";
import { ForgetfulMap } from "./forgetful-map.ts";
import type { LimitsTable } from "./limits-table.ts";
import { TokenBucket } from "./token-bucket.ts";

/** A request of which some records are over their shard's rate. */
export interface PartlyAdmitted {
  /** By record: 1 for those that may be stored. */
  readonly admitted: Uint8Array;
  /** By record: where `admitted` is 0, the slot of the shard that is over its rate. */
  readonly slots: Int32Array;
  readonly throttledCount: number;
}

interface ShardBudget {
  readonly bytes: TokenBucket;
  readonly records: TokenBucket;
}

interface StreamBudgets {
  readonly byShard: Map<number, ShardBudget>;
  /** By revision of the stream, in the order of its slots. */
  readonly bySlot: WeakMap<ShardMap, readonly ShardBudget[]>;
  lastUsedMs: number;
  /** After this long without a record every budget is whole again. */
  restMs: number;
}

/**
 * Bytes and records per second that a shard takes, in every capacity mode. The burst is a second's worth of each, or one
 * record of the stream's largest size. Budgets live as long as they are not whole, so nothing needs to be told when shards
 * close or streams go.
 */
export class WriteLimits {
  readonly #bytesPerSecond: number;
  readonly #recordsPerSecond: number;
  readonly #streams = new ForgetfulMap<StreamBudgets>(({ lastUsedMs, restMs }, nowMs) => nowMs - lastUsedMs >= restMs);

  constructor(table: Pick<LimitsTable, "shardWriteBytesPerSecond" | "shardWriteRecordsPerSecond">) {
    this.#bytesPerSecond = table.shardWriteBytesPerSecond;
    this.#recordsPerSecond = table.shardWriteRecordsPerSecond;
  }

  /**
   * Decides record by record in the order of the request, each shard by itself. What is admitted has been paid for.
   * Returns undefined when that is all of them.
   */
  admit(
    records: IncomingRecords,
    stream: Pick<Stream, "id" | "recordKiBMax">,
    map: ShardMap,
    nowMs: number,
  ): PartlyAdmitted | undefined {
    const budgets = this.#budgetsOf(stream, map, nowMs);
    const { count, hashKeys, dataBytes, keyBytes } = records;
    let admitted: Uint8Array | undefined;
    let slots: Int32Array | undefined;
    let throttledCount = 0;
    for (let i = 0; i < count; i += 1) {
      const slot = map.route(hashKeys, i);
      const budget = budgets[slot] as ShardBudget;
      budget.bytes.refill(nowMs);
      budget.records.refill(nowMs);
      const ofKey = keyBytes[i] as number;
      const bytes = (dataBytes[i] as number) + (ofKey === NO_PARTITION_KEY ? 0 : ofKey);
      if (budget.bytes.has(bytes) && budget.records.has(1)) {
        budget.bytes.spend(bytes);
        budget.records.spend(1);
        continue;
      }
      admitted ??= new Uint8Array(count).fill(1);
      slots ??= new Int32Array(count);
      admitted[i] = 0;
      slots[i] = slot;
      throttledCount += 1;
    }
    return admitted === undefined || slots === undefined ? undefined : { admitted, slots, throttledCount };
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  #budgetsOf(stream: Pick<Stream, "id" | "recordKiBMax">, map: ShardMap, nowMs: number): readonly ShardBudget[] {
    let budgets = this.#streams.get(stream.id);
    if (budgets === undefined) {
      budgets = { byShard: new Map(), bySlot: new WeakMap(), lastUsedMs: nowMs, restMs: 0 };
      this.#streams.add(stream.id, budgets, nowMs);
    }
    budgets.lastUsedMs = nowMs;
    const known = budgets.bySlot.get(map);
    if (known !== undefined) return known;
    const bySlot = this.#revise(budgets, stream, map, nowMs);
    budgets.bySlot.set(map, bySlot);
    return bySlot;
  }

  /** Once per revision of a stream: shards keep their budgets, closed ones lose theirs when they are whole. */
  #revise(
    budgets: StreamBudgets,
    { recordKiBMax }: Pick<Stream, "recordKiBMax">,
    map: ShardMap,
    nowMs: number,
  ): readonly ShardBudget[] {
    const { byShard } = budgets;
    const burstBytes = Math.max(this.#bytesPerSecond, recordKiBMax * 1024);
    budgets.restMs = Math.max(1000, (burstBytes / this.#bytesPerSecond) * 1000);
    for (const [index, budget] of byShard) {
      budget.bytes.resize(burstBytes);
      if (isWhole(budget, nowMs)) byShard.delete(index);
    }
    return map.shards.map(({ index }) => {
      let budget = byShard.get(index);
      if (budget === undefined) {
        budget = {
          bytes: new TokenBucket({ capacity: burstBytes, perSecond: this.#bytesPerSecond }, nowMs),
          records: new TokenBucket({ capacity: this.#recordsPerSecond, perSecond: this.#recordsPerSecond }, nowMs),
        };
        byShard.set(index, budget);
      }
      return budget;
    });
  }
}

function isWhole({ bytes, records }: ShardBudget, nowMs: number): boolean {
  bytes.refill(nowMs);
  records.refill(nowMs);
  return bytes.isFull && records.isFull;
}
