import type { Stream } from "../streams/stream.ts";
import {
  type PartlyAdmitted,
  type RoutedRecords,
  ShardWriteThrottle,
  type WriteRates,
} from "./shard-write-throttle.ts";
import { SweptMap } from "./swept-map.ts";

/**
 * An on-demand stream is promised a rate as a whole. Chance puts more records on one shard than on another, so its shards
 * may run ahead by so many seconds; over a longer time the rate of a shard holds in both capacity modes (Developer Guide).
 */
const onDemandBurstSeconds = 10;

/**
 * The rates of bytes and records of each shard, in both capacity modes. The burst is that of one second, of several in an
 * on-demand stream, or one record of the stream's largest size. Full budgets are forgotten.
 */
export class WriteLimits {
  readonly #rates: WriteRates;
  readonly #streams = new SweptMap<ShardWriteThrottle>((budgets, nowMs) => budgets.isFull(nowMs));

  constructor(rates: WriteRates) {
    this.#rates = rates;
  }

  /** As `ShardWriteThrottle.admit`. */
  admit(
    routed: RoutedRecords,
    stream: Pick<Stream, "id" | "recordKiBMax" | "mode">,
    nowMs: number,
  ): PartlyAdmitted | undefined {
    let budgets = this.#streams.get(stream.id);
    if (budgets === undefined) {
      budgets = new ShardWriteThrottle(this.#rates);
      this.#streams.add(stream.id, budgets, nowMs);
    }
    const seconds = stream.mode === "ON_DEMAND" ? onDemandBurstSeconds : 1;
    const { shardWriteBytesPerSecond, shardWriteRecordsPerSecond } = this.#rates;
    const bytes = Math.max(seconds * shardWriteBytesPerSecond, stream.recordKiBMax * 1024);
    // A part of a rate may be less than one record a second.
    const records = Math.max(1, seconds * shardWriteRecordsPerSecond);
    return budgets.admit(routed, { bytes, records }, nowMs);
  }
}
