import { type IncomingRecords, NO_PARTITION_KEY } from "../records/incoming-records.ts";
import type { PutResults } from "../records/put-results.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { formatShardId, parseShardId } from "../streams/positions/shard-id.ts";
import type { ShardLevelMetric, Stream } from "../streams/stream.ts";
import type { MetricFamily, Sample } from "../telemetry/prometheus-text.ts";
import { throttledCode } from "./put-result-columns.ts";

/** Shards counted at once, over all streams; each has up to seven series. Further shards are not counted. */
const countedShardsMax = 20_000;

/** The traffic of one shard since its stream's metrics were switched on, or the server started. */
interface ShardTally {
  incomingBytes: number;
  incomingRecords: number;
  outgoingBytes: number;
  outgoingRecords: number;
  iteratorAgeMs: number;
  throttledReads: number;
  throttledWrites: number;
}

/** The shard-level metrics as Prometheus has them: counters from zero, but the age, which is that of the last GetRecords. */
const families: readonly {
  readonly metric: ShardLevelMetric;
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly value: (tally: ShardTally) => number;
}[] = [
  {
    metric: "IncomingBytes",
    name: "millrace_shard_incoming_bytes_total",
    type: "counter",
    help: "Data and partition keys stored in the shard.",
    value: (tally) => tally.incomingBytes,
  },
  {
    metric: "IncomingRecords",
    name: "millrace_shard_incoming_records_total",
    type: "counter",
    help: "Records stored in the shard.",
    value: (tally) => tally.incomingRecords,
  },
  {
    metric: "OutgoingBytes",
    name: "millrace_shard_outgoing_bytes_total",
    type: "counter",
    help: "Data returned by GetRecords and SubscribeToShard.",
    value: (tally) => tally.outgoingBytes,
  },
  {
    metric: "OutgoingRecords",
    name: "millrace_shard_outgoing_records_total",
    type: "counter",
    help: "Records returned by GetRecords and SubscribeToShard.",
    value: (tally) => tally.outgoingRecords,
  },
  {
    metric: "IteratorAgeMilliseconds",
    name: "millrace_shard_iterator_age_milliseconds",
    type: "gauge",
    help: "Age of the last record of the last GetRecords; 0 when it read all there was.",
    value: (tally) => tally.iteratorAgeMs,
  },
  {
    metric: "ReadProvisionedThroughputExceeded",
    name: "millrace_shard_read_throughput_exceeded_total",
    type: "counter",
    help: "Calls of GetRecords that were throttled.",
    value: (tally) => tally.throttledReads,
  },
  {
    metric: "WriteProvisionedThroughputExceeded",
    name: "millrace_shard_write_throughput_exceeded_total",
    type: "counter",
    help: "Records that were throttled.",
    value: (tally) => tally.throttledWrites,
  },
];

/**
 * Counts the traffic of shards whose streams have enhanced monitoring; callers check `hasShardMetrics()` first. API
 * reference, EnableEnhancedMonitoring.
 */
export class ShardMetrics {
  /** By stream id, then by shard id. */
  readonly #tallies = new Map<string, Map<string, ShardTally>>();
  #shardCount = 0;

  /** The records of one put, with their results. `revision` is the one that they were first routed by. */
  countPut(revision: StreamRevision, records: IncomingRecords, results: PutResults): void {
    for (let i = 0; i < records.count; i++) {
      const shardId = results.shardIds[i];
      if (shardId !== undefined) this.#countStored(this.#tallyOf(revision.stream, shardId), records, i);
      else if (results.failures?.get(i)?.code === throttledCode) {
        const { index } = revision.shardMap.shardAt(revision.shardMap.route(records.hashKeys, i));
        this.#countThrottled("throttledWrites", revision.stream, formatShardId(index));
      }
    }
  }

  /** One page of GetRecords. */
  countRead(stream: Stream, shardIndex: number, page: OutgoingCount & { readonly millisBehindLatest: number }): void {
    const tally = this.#tallyOf(stream, formatShardId(shardIndex));
    if (tally === undefined) return;
    tally.outgoingRecords += page.records.count;
    tally.outgoingBytes += page.records.dataBytes;
    tally.iteratorAgeMs = page.millisBehindLatest;
  }

  /** One event of SubscribeToShard, for each subscriber that gets it. */
  countPush(stream: Stream, shardIndex: number, { records }: OutgoingCount): void {
    const tally = this.#tallyOf(stream, formatShardId(shardIndex));
    if (tally === undefined) return;
    tally.outgoingRecords += records.count;
    tally.outgoingBytes += records.dataBytes;
  }

  countThrottledRead(stream: Stream, shardIndex: number): void {
    this.#countThrottled("throttledReads", stream, formatShardId(shardIndex));
  }

  /** The series of the metrics that are on; forgets the counts of streams and shards that are off or deleted. */
  families(streams: Iterable<StreamRevision>): readonly MetricFamily[] {
    const watched = new Map<string, StreamRevision>();
    for (const revision of streams) if (hasShardMetrics(revision.stream)) watched.set(revision.stream.id, revision);
    this.#forgetAllBut(watched);
    return families.map(({ metric, name, type, help, value }) => {
      const samples: Sample[] = [];
      for (const [id, shards] of this.#tallies) {
        const stream = watched.get(id)?.stream;
        if (stream?.shardLevelMetrics?.includes(metric) !== true) continue;
        for (const [shard, tally] of shards) samples.push({ labels: labelsOf(stream, shard), value: value(tally) });
      }
      return { name, type, help, samples };
    });
  }

  #countStored(tally: ShardTally | undefined, { dataBytes, keyBytes }: IncomingRecords, i: number): void {
    if (tally === undefined) return;
    const ownKeyBytes = keyBytes[i] ?? NO_PARTITION_KEY;
    tally.incomingRecords++;
    tally.incomingBytes += (dataBytes[i] ?? 0) + (ownKeyBytes === NO_PARTITION_KEY ? 0 : ownKeyBytes);
  }

  #countThrottled(counter: "throttledReads" | "throttledWrites", stream: Stream, shardId: string): void {
    const tally = this.#tallyOf(stream, shardId);
    if (tally !== undefined) tally[counter]++;
  }

  #tallyOf({ id }: Stream, shardId: string): ShardTally | undefined {
    let shards = this.#tallies.get(id);
    let tally = shards?.get(shardId);
    if (tally !== undefined) return tally;
    // Deleted shards are forgotten at each scrape: without scrapes they count as well.
    if (this.#shardCount >= countedShardsMax) return undefined;
    if (shards === undefined) {
      shards = new Map();
      this.#tallies.set(id, shards);
    }
    tally = {
      incomingBytes: 0,
      incomingRecords: 0,
      outgoingBytes: 0,
      outgoingRecords: 0,
      iteratorAgeMs: 0,
      throttledReads: 0,
      throttledWrites: 0,
    };
    shards.set(shardId, tally);
    this.#shardCount++;
    return tally;
  }

  #forgetAllBut(watched: ReadonlyMap<string, StreamRevision>): void {
    this.#shardCount = 0;
    for (const [id, shards] of this.#tallies) {
      const revision = watched.get(id);
      for (const shardId of shards.keys()) {
        if (revision?.shard(parseShardId(shardId) ?? -1) === undefined) shards.delete(shardId);
      }
      if (shards.size === 0) this.#tallies.delete(id);
      this.#shardCount += shards.size;
    }
  }
}

interface OutgoingCount {
  readonly records: { readonly count: number; readonly dataBytes: number };
}

/** Whether any shard-level metric of the stream is on. */
export function hasShardMetrics(stream: Stream): boolean {
  return stream.shardLevelMetrics !== undefined;
}

function labelsOf({ account, region, name }: Stream, shard: string): Readonly<Record<string, string>> {
  return { account, region, stream: name, shard };
}
