import type { StreamRevision } from "../registry/stream-revision.ts";
import { formatShardId } from "../streams/positions/shard-id.ts";
import type { Stream } from "../streams/stream.ts";
import type { MetricFamily, Sample } from "../telemetry/prometheus-text.ts";
import type { StatisticHistory } from "../telemetry/statistic-history.ts";
import { StatisticSets, selected } from "../telemetry/statistic-sets.ts";
import {
  consumerMetrics,
  type KinesisMetric,
  ofConsumer,
  ofShard,
  ofStream,
  shardMetrics,
  streamMetrics,
} from "./kinesis-metrics.ts";
import { consumerSource, shardSource, streamSource } from "./metric-source.ts";
import type { PutTraffic } from "./put-traffic.ts";

/** Shards counted at once, over all streams; each has up to seven series. Further shards are not counted. */
const countedShardsMax = 20_000;
/** Consumers counted for each stream; the API allows 50. */
const countedConsumersMax = 50;
const sourcesInOneGo = 500;
/** Streams, and consumers of all streams, that `/metrics` shows; the first ones that had traffic. CloudWatch has all. */
const shownStreamsMax = 1_000;
const shownConsumersMax = 1_000;

export type PutOperation = "PutRecord" | "PutRecords";

interface Returned {
  readonly records: { readonly count: number; readonly dataBytes: number };
  readonly millisBehindLatest: number;
}

class StreamTally {
  readonly sets: StatisticSets;
  /** By shard index; empty without enhanced monitoring. */
  readonly shards = new Map<number, StatisticSets>();
  /** By name. */
  readonly consumers = new Map<string, StatisticSets>();

  constructor(stream: Stream) {
    this.sets = new StatisticSets(streamSource(stream), streamMetrics.length);
  }
}

/**
 * Counts what CloudWatch shows of Kinesis: of each stream and consumer always, of shards whose stream has enhanced monitoring.
 * A sample is one call, as the Developer Guide says of minimum, maximum and average.
 */
export class StreamMetrics {
  /** By stream id. */
  readonly #tallies = new Map<string, StreamTally>();
  #shardCount = 0;

  /** One finished put. */
  countPut({ stream }: StreamRevision, operation: PutOperation, put: PutTraffic): void {
    const tally = this.#tallyOf(stream);
    countStored(tally.sets, operation, put);
    if (hasShardMetrics(stream)) this.#countShards(tally, stream, put);
  }

  /** One put that threw: no record of it has a result. */
  countFailedPut({ stream }: StreamRevision, operation: PutOperation, recordCount: number): void {
    const { sets } = this.#tallyOf(stream);
    if (operation === "PutRecord") {
      sets.add(ofStream["PutRecord.Success"], 0);
      return;
    }
    sets.add(ofStream["PutRecords.Success"], 0);
    sets.add(ofStream["PutRecords.TotalRecords"], recordCount);
    sets.add(ofStream["PutRecords.FailedRecords"], recordCount);
  }

  /** One page of GetRecords. */
  countRead({ stream }: StreamRevision, shardIndex: number, page: Returned, durationMs: number): void {
    const tally = this.#tallyOf(stream);
    const { sets } = tally;
    sets.add(ofStream["GetRecords.Bytes"], page.records.dataBytes);
    sets.add(ofStream["GetRecords.Records"], page.records.count);
    sets.add(ofStream["GetRecords.Latency"], durationMs);
    sets.add(ofStream["GetRecords.Success"], 1);
    sets.add(ofStream["GetRecords.IteratorAgeMilliseconds"], page.millisBehindLatest);
    sets.add(ofStream.ReadProvisionedThroughputExceeded, 0);
    const shard = this.#shardOf(tally, stream, shardIndex);
    if (shard === undefined) return;
    countOutgoing(shard, page);
    shard.add(ofShard.IteratorAgeMilliseconds, page.millisBehindLatest);
    shard.add(ofShard.ReadProvisionedThroughputExceeded, 0);
  }

  /** A GetRecords that its shard's rate refused, or that failed. */
  countFailedRead({ stream }: StreamRevision, shardIndex: number, why: "throttled" | "failed"): void {
    const tally = this.#tallyOf(stream);
    tally.sets.add(ofStream["GetRecords.Success"], 0);
    if (why === "failed") return;
    tally.sets.add(ofStream.ReadProvisionedThroughputExceeded, 1);
    this.#shardOf(tally, stream, shardIndex)?.add(ofShard.ReadProvisionedThroughputExceeded, 1);
  }

  /** A call of SubscribeToShard for a consumer that exists. */
  countSubscription(
    { stream }: StreamRevision,
    consumerName: string,
    outcome: "opened" | "throttled" | "failed",
  ): void {
    const consumer = consumerOf(this.#tallyOf(stream), stream, consumerName);
    consumer?.add(ofConsumer["SubscribeToShard.Success"], outcome === "opened" ? 1 : 0);
    consumer?.add(ofConsumer["SubscribeToShard.RateExceeded"], outcome === "throttled" ? 1 : 0);
  }

  /** One event of SubscribeToShard, for each subscriber that gets it. */
  countPush({ stream }: StreamRevision, shardIndex: number, push: Returned, consumerName: string): void {
    const tally = this.#tallyOf(stream);
    const consumer = consumerOf(tally, stream, consumerName);
    consumer?.add(ofConsumer["SubscribeToShardEvent.Bytes"], push.records.dataBytes);
    consumer?.add(ofConsumer["SubscribeToShardEvent.Records"], push.records.count);
    consumer?.add(ofConsumer["SubscribeToShardEvent.MillisBehindLatest"], push.millisBehindLatest);
    consumer?.add(ofConsumer["SubscribeToShardEvent.Success"], 1);
    const shard = this.#shardOf(tally, stream, shardIndex);
    if (shard !== undefined) countOutgoing(shard, push);
  }

  /**
   * Ends a step of the histories that began at `sinceMs`, and forgets streams, shards and consumers that are gone. Yields
   * where other work may go on: all 20,000 shards take a tenth of a second.
   */
  *sample(
    streams: Iterable<StreamRevision>,
    histories: readonly StatisticHistory[],
    sinceMs: number,
  ): Generator<void, void> {
    let sourceCount = 0;
    for (const [{ stream }, { sets, consumers, shards }] of this.#current(streams)) {
      keep(sets, histories, sinceMs);
      for (const consumer of consumers.values()) keep(consumer, histories, sinceMs);
      const shown = shardMetrics.map((_, metric) => isShown(stream, metric));
      for (const shard of shards.values()) {
        keep(shard, histories, sinceMs, shown);
        if (++sourceCount % sourcesInOneGo === 0) yield;
      }
      if (++sourceCount % sourcesInOneGo === 0) yield;
    }
  }

  /** The series for Prometheus, after those of what is gone are forgotten. */
  families(streams: Iterable<StreamRevision>): readonly MetricFamily[] {
    const families = emptyFamilies([...streamMetrics, ...consumerMetrics, ...shardMetrics]);
    let [streamCount, consumerCount] = [0, 0];
    for (const [{ stream }, { sets, consumers, shards }] of this.#current(streams)) {
      const labels = { account: stream.account, region: stream.region, stream: stream.name };
      if (streamCount++ < shownStreamsMax) addSamples(families, streamMetrics, { sets, labels });
      for (const [consumer, ofOne] of consumers) {
        if (consumerCount++ >= shownConsumersMax) break;
        addSamples(families, consumerMetrics, { sets: ofOne, labels: { ...labels, consumer } });
      }
      for (const [index, ofOne] of shards) {
        const shard = { sets: ofOne, labels: { ...labels, shard: formatShardId(index) } };
        addSamples(families, shardMetrics, { ...shard, isShown: (metric) => isShown(stream, metric) });
      }
    }
    return [...families.values()];
  }

  #countShards(tally: StreamTally, stream: Stream, { stored, throttled }: PutTraffic): void {
    for (const { shardIndex, recordCount, byteCount } of stored) {
      const shard = this.#shardOf(tally, stream, shardIndex);
      if (shard === undefined) continue;
      shard.add(ofShard.IncomingBytes, byteCount);
      shard.add(ofShard.IncomingRecords, recordCount);
      if (!throttled.has(shardIndex)) shard.add(ofShard.WriteProvisionedThroughputExceeded, 0);
    }
    for (const [index, count] of throttled) {
      this.#shardOf(tally, stream, index)?.add(ofShard.WriteProvisionedThroughputExceeded, count);
    }
  }

  #tallyOf(stream: Stream): StreamTally {
    let tally = this.#tallies.get(stream.id);
    if (tally === undefined) {
      tally = new StreamTally(stream);
      this.#tallies.set(stream.id, tally);
    }
    return tally;
  }

  /** Undefined without enhanced monitoring, and where too many are counted. */
  #shardOf({ shards }: StreamTally, stream: Stream, index: number): StatisticSets | undefined {
    if (!hasShardMetrics(stream)) return undefined;
    let shard = shards.get(index);
    if (shard !== undefined) return shard;
    if (this.#shardCount >= countedShardsMax) return undefined;
    shard = new StatisticSets(shardSource(stream, formatShardId(index)), shardMetrics.length);
    shards.set(index, shard);
    this.#shardCount++;
    return shard;
  }

  /** The tallies of the streams that exist, each with the newest revision of its stream. */
  #current(streams: Iterable<StreamRevision>): readonly (readonly [StreamRevision, StreamTally])[] {
    const revisions = new Map<string, StreamRevision>();
    for (const revision of streams) revisions.set(revision.stream.id, revision);
    const current: (readonly [StreamRevision, StreamTally])[] = [];
    this.#shardCount = 0;
    for (const [id, tally] of this.#tallies) {
      const revision = revisions.get(id);
      if (revision === undefined) {
        this.#tallies.delete(id);
        continue;
      }
      forgetOthers(tally, revision);
      this.#shardCount += tally.shards.size;
      current.push([revision, tally]);
    }
    return current;
  }
}

/** `shown`: by metric, whether it is kept; default: all. */
function keep(
  sets: StatisticSets,
  histories: readonly StatisticHistory[],
  sinceMs: number,
  shown?: readonly boolean[],
): void {
  const taken = sets.take();
  const row = taken === undefined || shown === undefined ? taken : selected(taken, (metric) => shown[metric] === true);
  if (row !== undefined) for (const history of histories) history.add(sinceMs, sets.source, row);
}

/** Whether any shard-level metric of the stream is on. */
function hasShardMetrics(stream: Stream): boolean {
  return stream.shardLevelMetrics !== undefined;
}

/** Whether a shard-level metric of the stream is on. */
function isShown(stream: Stream, metric: number): boolean {
  const name = shardMetrics[metric]?.name;
  return name !== undefined && stream.shardLevelMetrics?.includes(name) === true;
}

function forgetOthers({ shards, consumers }: StreamTally, revision: StreamRevision): void {
  const { stream } = revision;
  if (!hasShardMetrics(stream)) shards.clear();
  for (const index of shards.keys()) if (revision.shard(index) === undefined) shards.delete(index);
  if (consumers.size === 0) return;
  const names = new Set(stream.consumers?.map(({ name }) => name));
  for (const name of consumers.keys()) if (!names.has(name)) consumers.delete(name);
}

function consumerOf({ consumers }: StreamTally, stream: Stream, name: string): StatisticSets | undefined {
  let consumer = consumers.get(name);
  if (consumer === undefined && consumers.size < countedConsumersMax) {
    consumer = new StatisticSets(consumerSource(stream, name), consumerMetrics.length);
    consumers.set(name, consumer);
  }
  return consumer;
}

function countStored(sets: StatisticSets, operation: PutOperation, put: PutTraffic): void {
  const { durationMs, stored, throttled } = put;
  let [recordCount, byteCount] = [0, 0];
  for (const batch of stored) {
    recordCount += batch.recordCount;
    byteCount += batch.byteCount;
  }
  const throttledCount = throttled.values().reduce((sum, count) => sum + count, 0);
  sets.add(ofStream.IncomingBytes, byteCount);
  sets.add(ofStream.IncomingRecords, recordCount);
  sets.add(ofStream.WriteProvisionedThroughputExceeded, throttledCount);
  const success = recordCount > 0 ? 1 : 0;
  if (operation === "PutRecord") {
    sets.add(ofStream["PutRecord.Bytes"], byteCount);
    sets.add(ofStream["PutRecord.Latency"], durationMs);
    sets.add(ofStream["PutRecord.Success"], success);
    return;
  }
  sets.add(ofStream["PutRecords.Bytes"], byteCount);
  sets.add(ofStream["PutRecords.Latency"], durationMs);
  sets.add(ofStream["PutRecords.Success"], success);
  sets.add(ofStream["PutRecords.Records"], recordCount);
  sets.add(ofStream["PutRecords.TotalRecords"], put.recordCount);
  sets.add(ofStream["PutRecords.SuccessfulRecords"], recordCount);
  sets.add(ofStream["PutRecords.FailedRecords"], put.recordCount - recordCount - throttledCount);
  sets.add(ofStream["PutRecords.ThrottledRecords"], throttledCount);
}

function countOutgoing(shard: StatisticSets, { records }: Returned): void {
  shard.add(ofShard.OutgoingBytes, records.dataBytes);
  shard.add(ofShard.OutgoingRecords, records.count);
}

type Families = ReadonlyMap<string, MetricFamily & { readonly samples: Sample[] }>;

/** Two metrics with the same meaning are one family. */
function emptyFamilies(metrics: readonly KinesisMetric[]): Families {
  return new Map(metrics.map(({ family: name, type, help }) => [name, { name, type, help, samples: [] }]));
}

interface ShownSource {
  readonly sets: StatisticSets;
  readonly labels: Readonly<Record<string, string>>;
  /** Default: all metrics. */
  readonly isShown?: (metric: number) => boolean;
}

function addSamples(families: Families, metrics: readonly KinesisMetric[], source: ShownSource): void {
  const { sets, labels, isShown: isWanted = () => true } = source;
  for (const [metric, { family, type }] of metrics.entries()) {
    const isFirstOfFamily = metrics.findIndex((one) => one.family === family) === metric;
    if (isFirstOfFamily && isWanted(metric))
      families.get(family)?.samples.push(...samplesOf(sets, metric, type, labels));
  }
}

const msPerSecond = 1_000;

function samplesOf(
  sets: StatisticSets,
  metric: number,
  type: KinesisMetric["type"],
  labels: Readonly<Record<string, string>>,
): readonly Sample[] {
  switch (type) {
    case "counter":
      return [{ labels, value: sets.sum(metric) }];
    // Gauges and summaries are times.
    case "gauge": {
      const value = sets.recentMaximum(metric);
      return value === undefined ? [] : [{ labels, value: value / msPerSecond }];
    }
    case "summary":
      return [
        { suffix: "_sum", labels, value: sets.sum(metric) / msPerSecond },
        { suffix: "_count", labels, value: sets.count(metric) },
      ];
  }
}
