import type { IncomingRecords } from "../records/incoming-records.ts";
import type { ShardMap } from "../streams/shard-map.ts";
import type { Stream } from "../streams/stream.ts";
import { ForgetfulMap } from "./forgetful-map.ts";
import { type PartlyAdmitted, ShardBudgets, type WriteRates } from "./shard-budgets.ts";

/**
 * Bytes and records per second that each shard takes, in every capacity mode. The burst is a second's worth of each, or
 * one record of the stream's largest size. Budgets live as long as they are not whole, so nothing needs to be told when
 * shards close or streams go.
 */
export class WriteLimits {
  readonly #rates: WriteRates;
  readonly #streams = new ForgetfulMap<ShardBudgets>((budgets, nowMs) => budgets.isAtRest(nowMs));

  constructor(rates: WriteRates) {
    this.#rates = rates;
  }

  /** `map` is the stream's present one. As `ShardBudgets.admit`. */
  admit(
    records: IncomingRecords,
    stream: Pick<Stream, "id" | "recordKiBMax">,
    map: ShardMap,
    nowMs: number,
  ): PartlyAdmitted | undefined {
    let budgets = this.#streams.get(stream.id);
    if (budgets === undefined) {
      budgets = new ShardBudgets(this.#rates);
      this.#streams.add(stream.id, budgets, nowMs);
    }
    const burstBytes = Math.max(this.#rates.shardWriteBytesPerSecond, stream.recordKiBMax * 1024);
    return budgets.admit(records, map, burstBytes, nowMs);
  }

  get streamCount(): number {
    return this.#streams.size;
  }
}
