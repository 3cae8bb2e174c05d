import { type LimitsTable, shardWriteRateOf } from "../limits/limits-table.ts";
import { shardCountMaxIn } from "../limits/quotas.ts";
import { heldShardCount } from "../registry/count-shards.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { StreamWrites } from "../shards/write-rate-history.ts";
import { openShardCount } from "../streams/resharding/open-shard-count.ts";
import { greaterRates, loadOf, noWrites, type WriteRate } from "../streams/scaling/write-rate.ts";
import type { Stream } from "../streams/stream.ts";
import type { MetricFamily, Sample } from "../telemetry/prometheus-text.ts";

/** Accounts and regions, and streams, with series at once: those nearest to a limit. */
const placesMax = 50;
const streamsMax = 200;

export interface LimitSources {
  readonly registry: Pick<StreamRegistry, "all">;
  /** Absent where limits are off: nothing is allowed or refused then. */
  readonly table: LimitsTable | undefined;
  readonly serverShardCountMax: number;
  /** Among how many gateways the rates are divided. */
  readonly gatewayCount: number;
  /** By stream id: what this server stored in the last minute, and the hot shards. */
  readonly rates: ReadonlyMap<string, StreamWrites>;
  readonly hotShards: ReadonlyMap<string, readonly number[]>;
}

/** Quotas of accounts and write rates of shards as budgets: what is used of each, and where limits are on what is allowed. */
export function limitMetricFamilies(sources: LimitSources): readonly MetricFamily[] {
  const used: Sample[] = [];
  const allowed: Sample[] = [];
  addQuotas(sources, used, allowed);
  return [
    { name: "millrace_quota_used", type: "gauge", help: "What is used of a quota.", samples: used },
    { name: "millrace_quota_allowed", type: "gauge", help: "What a quota allows.", samples: allowed },
    ...shardRateFamilies(sources),
    hotShardFamily(sources),
  ];
}

/** What one account uses in one region. */
interface PlaceUse {
  readonly labels: { readonly account: string; readonly region: string };
  provisionedShards: number;
  onDemandStreams: number;
  creatingStreams: number;
  changingQueues: number;
  /** The most of one stream, its queues included. */
  streamConsumers: number;
}

function addQuotas({ registry, table, serverShardCountMax }: LimitSources, used: Sample[], allowed: Sample[]): void {
  used.push({ labels: { quota: "server_shards" }, value: heldShardCount(registry) });
  allowed.push({ labels: { quota: "server_shards" }, value: serverShardCountMax });
  const places = [...usesOf(registry)].sort((one, other) => weightOf(other) - weightOf(one)).slice(0, placesMax);
  for (const { labels, ...counts } of places) {
    const rows: readonly (readonly [quota: string, count: number, max: number | undefined])[] = [
      ["provisioned_shards", counts.provisionedShards, table && shardCountMaxIn(table, labels.region)],
      ["on_demand_streams", counts.onDemandStreams, table?.onDemandStreamCountMax],
      ["creating_streams", counts.creatingStreams, table?.creatingStreamCountMax],
      ["changing_queues", counts.changingQueues, table?.changingQueueCountMax],
      ["stream_consumers", counts.streamConsumers, table && consumersAllowed(table, counts.streamConsumers)],
    ];
    for (const [quota, count, max] of rows) {
      used.push({ labels: { ...labels, quota }, value: count });
      if (max !== undefined) allowed.push({ labels: { ...labels, quota }, value: max });
    }
  }
}

/** An account that has more than it may without the billing commitment has that commitment. */
function consumersAllowed({ consumerCountMax, consumerCountMaxCommitted }: LimitsTable, used: number): number {
  return used > consumerCountMax ? consumerCountMaxCommitted : consumerCountMax;
}

function weightOf({ provisionedShards, onDemandStreams }: PlaceUse): number {
  return provisionedShards + onDemandStreams;
}

function usesOf(registry: LimitSources["registry"]): Iterable<PlaceUse> {
  const uses = new Map<string, PlaceUse>();
  for (const { stream } of registry.all()) {
    const { account, region } = stream;
    const key = `${account}/${region}`;
    const use = uses.get(key) ?? {
      labels: { account, region },
      ...{ provisionedShards: 0, onDemandStreams: 0, creatingStreams: 0, changingQueues: 0, streamConsumers: 0 },
    };
    uses.set(key, use);
    if (stream.mode === "ON_DEMAND") use.onDemandStreams++;
    else use.provisionedShards += openShardCount(stream);
    if (stream.status === "CREATING") use.creatingStreams++;
    const queues = stream.queues ?? [];
    use.changingQueues += queues.filter(({ status }) => status === "CREATING" || status === "DELETING").length;
    use.streamConsumers = Math.max(use.streamConsumers, queues.length + (stream.consumers?.length ?? 0));
  }
  return uses.values();
}

/** The shard of each stream that is nearest to its rate, by bytes and by records. */
function shardRateFamilies({ registry, table, gatewayCount, rates }: LimitSources): readonly MetricFamily[] {
  const streams = [...registry.all()].flatMap((revision) => {
    const writes = rates.get(revision.stream.id);
    return writes === undefined ? [] : [{ stream: revision.stream, busiest: busiestOf(writes, revision) }];
  });
  const shardRate = shardWriteRateOf(table);
  streams.sort((one, other) => loadOf(other.busiest, shardRate) - loadOf(one.busiest, shardRate));
  const used = streams.slice(0, streamsMax).flatMap(({ stream, busiest: { bytesPerSecond, recordsPerSecond } }) => [
    { labels: { ...labelsOf(stream), rate: "bytes" }, value: bytesPerSecond },
    { labels: { ...labelsOf(stream), rate: "records" }, value: recordsPerSecond },
  ]);
  const allowed =
    table === undefined
      ? []
      : [
          { labels: { rate: "bytes" }, value: table.shardWriteBytesPerSecond / gatewayCount },
          { labels: { rate: "records" }, value: table.shardWriteRecordsPerSecond / gatewayCount },
        ];
  return [
    {
      name: "millrace_shard_write_rate_used",
      type: "gauge",
      help: "Stored each second of the last minute by the busiest open shard of a stream.",
      samples: used,
    },
    {
      name: "millrace_shard_write_rate_allowed",
      type: "gauge",
      help: "What one shard may store each second through this server.",
      samples: allowed,
    },
  ];
}

function busiestOf({ shards }: StreamWrites, revision: StreamRevision): WriteRate {
  let busiest = noWrites;
  for (const [index, rate] of shards) {
    if (revision.shard(index)?.closed === undefined) busiest = greaterRates(busiest, rate);
  }
  return busiest;
}

function hotShardFamily({ registry, hotShards }: LimitSources): MetricFamily {
  const samples: Sample[] = [];
  for (const { stream } of registry.all()) {
    const hot = hotShards.get(stream.id);
    if (hot !== undefined && samples.length < streamsMax) samples.push({ labels: labelsOf(stream), value: hot.length });
  }
  return {
    name: "millrace_stream_hot_shards",
    type: "gauge",
    help: "Shards that take more than half of what a shard may, and more than their part of the stream.",
    samples,
  };
}

function labelsOf({ account, region, name }: Stream): Readonly<Record<string, string>> {
  return { account, region, stream: name };
}
