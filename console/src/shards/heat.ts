import type { Rates, TrafficReport } from "../api/console-data.ts";

/** Shares of the hottest shard's traffic; a stream with less than this many bytes a second has no hot shard. */
const hotBytesMin = 10_000;
/** A shard is hot when it takes so many times its part of the traffic. */
const hotTimes = 2;
/** The service's limit of one shard (quotas page): from this part of it on a shard is hot, however even the traffic is. */
const shardBytesMax = 1024 * 1024;
const shardRecordsMax = 1_000;
const nearLimit = 0.8;

export type Heat = "idle" | "used" | "hot";

/** Whether a shard takes more than its part of what is put. */
export function heatOf(rates: Rates | undefined, all: Rates | null | undefined, openShards: number): Heat {
  if (rates === undefined || (rates.incomingRecords === 0 && rates.throttledWrites === 0)) return "idle";
  if (rates.throttledWrites > 0) return "hot";
  if (rates.incomingBytes > nearLimit * shardBytesMax || rates.incomingRecords > nearLimit * shardRecordsMax)
    return "hot";
  if (all == null || openShards < 2 || all.incomingBytes < hotBytesMin) return "used";
  return rates.incomingBytes > (hotTimes * all.incomingBytes) / openShards ? "hot" : "used";
}

/** Bytes a second of the shard that takes the most. */
export function hottestBytes(traffic: TrafficReport | undefined): number {
  const shards = Object.values(traffic?.shards ?? {});
  return shards.reduce((most, { incomingBytes }) => Math.max(most, incomingBytes), 0);
}

/** From 0 to 1, for a color: equal steps are equal factors of traffic. */
export function warmthOf(rates: Rates | undefined, hottest: number): number {
  if (rates === undefined || rates.incomingBytes <= 0 || hottest <= 0) return 0;
  return Math.max(0.12, Math.log1p(rates.incomingBytes) / Math.log1p(hottest));
}
