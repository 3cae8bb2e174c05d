import type { StreamRevision } from "../../registry/stream-revision.ts";
import type { StreamTraffic } from "../../shards/traffic-counts.ts";
import type { StreamRates, TrafficStep } from "../../shards/traffic-history.ts";
import type { Stream } from "../../streams/stream.ts";

/** A row of the list of streams. ListStreams has less of it, and 5,000 streams would be fifty calls. */
export interface StreamReport {
  readonly name: string;
  readonly status: Stream["status"];
  readonly isOnDemand: boolean;
  readonly openShards: number;
  readonly closedShards: number;
  readonly retentionHours: number;
  readonly isEncrypted: boolean;
  readonly consumers: number;
}

export function streamReport({ stream }: StreamRevision): StreamReport {
  const closedShards = stream.shards.reduce((count, { closed }) => count + (closed === undefined ? 0 : 1), 0);
  return {
    name: stream.name,
    status: stream.status,
    isOnDemand: stream.mode === "ON_DEMAND",
    openShards: stream.shards.length - closedShards,
    closedShards,
    retentionHours: stream.retentionHours,
    isEncrypted: stream.encryption !== undefined,
    consumers: stream.consumers?.length ?? 0,
  };
}

/** When the shards of a stream were made and closed: index, creation in seconds, closing in milliseconds or null. */
export type ShardTimes = readonly (readonly [index: number, createSecond: number, closedMs: number | null])[];

export function shardTimes({ stream }: StreamRevision): ShardTimes {
  return stream.shards.map(({ index, createSecond, closed }) => [index, createSecond, closed?.closedMs ?? null]);
}

/** The traffic of one stream now. */
export interface TrafficReport {
  readonly stream: TrafficStep | null;
  /** By shard index; only shards with traffic. */
  readonly shards: Readonly<Record<string, TrafficStep>>;
  /** Age of the last record of each consumer's last event, the largest of all shards. */
  readonly consumers: Readonly<Record<string, { readonly millisBehindLatest: number; readonly shards: number }>>;
  /** Arrival of the newest record since the server started; null: none arrived. */
  readonly newestMs: number | null;
}

export function trafficReport(traffic: StreamTraffic | undefined, rates: StreamRates | undefined): TrafficReport {
  const consumers = [...(traffic?.consumers ?? [])].map(([name, { millisBehindLatest }]) => {
    return [name, { millisBehindLatest: Math.max(0, ...millisBehindLatest.values()), shards: millisBehindLatest.size }];
  });
  return {
    stream: rates?.stream ?? null,
    shards: Object.fromEntries(rates?.shards ?? []),
    consumers: Object.fromEntries(consumers),
    newestMs: newestMsOf(traffic),
  };
}

export function newestMsOf(traffic: StreamTraffic | undefined): number | null {
  return traffic === undefined || traffic.storedAtMs === 0 ? null : traffic.storedAtMs;
}
