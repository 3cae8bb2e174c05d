import type { Stream } from "../streams/stream.ts";
import {
  type PartlyAdmitted,
  type RoutedRecords,
  ShardWriteThrottle,
  type WriteRates,
} from "./shard-write-throttle.ts";
import { SweptMap } from "./swept-map.ts";

/**
 * The rates of bytes and records of each shard, in both capacity modes. The burst is that of one second, or one record of
 * the stream's largest size. Full budgets are forgotten.
 */
export class WriteLimits {
  readonly #rates: WriteRates;
  readonly #streams = new SweptMap<ShardWriteThrottle>((budgets, nowMs) => budgets.isFull(nowMs));

  constructor(rates: WriteRates) {
    this.#rates = rates;
  }

  /** As `ShardWriteThrottle.admit`. */
  admit(routed: RoutedRecords, stream: Pick<Stream, "id" | "recordKiBMax">, nowMs: number): PartlyAdmitted | undefined {
    let budgets = this.#streams.get(stream.id);
    if (budgets === undefined) {
      budgets = new ShardWriteThrottle(this.#rates);
      this.#streams.add(stream.id, budgets, nowMs);
    }
    const burstBytes = Math.max(this.#rates.shardWriteBytesPerSecond, stream.recordKiBMax * 1024);
    return budgets.admit(routed, burstBytes, nowMs);
  }
}
