import type { Stream } from "../streams/stream.ts";
import { ForgetfulMap } from "./forgetful-map.ts";
import { type PartlyAdmitted, type RoutedRecords, ShardBudgets, type WriteRates } from "./shard-budgets.ts";

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

  /** As `ShardBudgets.admit`. */
  admit(routed: RoutedRecords, stream: Pick<Stream, "id" | "recordKiBMax">, nowMs: number): PartlyAdmitted | undefined {
    let budgets = this.#streams.get(stream.id);
    if (budgets === undefined) {
      budgets = new ShardBudgets(this.#rates);
      this.#streams.add(stream.id, budgets, nowMs);
    }
    const burstBytes = Math.max(this.#rates.shardWriteBytesPerSecond, stream.recordKiBMax * 1024);
    return budgets.admit(routed, burstBytes, nowMs);
  }

  get streamCount(): number {
    return this.#streams.size;
  }
}
