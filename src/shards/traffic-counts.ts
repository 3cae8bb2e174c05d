import type { StreamRevision } from "../registry/stream-revision.ts";
import type { PutTraffic } from "./put-traffic.ts";

/** Shards counted at once, over all streams. Further shards are not counted until others are forgotten. */
const countedShardsMax = 20_000;

/** Consumers counted for each stream; the API allows 50. */
const countedConsumersMax = 50;

/** Calls of one kind, and the time that they took in total. */
export interface CallDurations {
  count: number;
  totalMs: number;
}

/** Traffic of one shard since the server started or the shard was first used. */
export class ShardTraffic {
  incomingRecords = 0;
  /** Data and partition keys. */
  incomingBytes = 0;
  outgoingRecords = 0;
  /** Data alone. */
  outgoingBytes = 0;
  throttledWrites = 0;
  throttledReads = 0;
  /** That of the last GetRecords; 0 at the tip. */
  millisBehindLatest = 0;
  /** Puts that stored some of their records in it. */
  readonly puts: CallDurations = { count: 0, totalMs: 0 };
  readonly reads: CallDurations = { count: 0, totalMs: 0 };
}

/** How far a registered consumer is behind in the shard of its last push. */
export interface ConsumerLag {
  /** By shard index; 0 at the tip. */
  readonly millisBehindLatest: Map<number, number>;
}

/** Called with the index of each shard that has stored records. */
type StoredListener = (shardIndex: number) => void;

/** Traffic of one stream. */
export class StreamTraffic {
  /** Any revision of the stream; the registry has the newest. */
  readonly revision: StreamRevision;
  readonly shards = new Map<number, ShardTraffic>();
  readonly puts: CallDurations = { count: 0, totalMs: 0 };
  readonly reads: CallDurations = { count: 0, totalMs: 0 };
  /** By consumer name. */
  readonly consumers = new Map<string, ConsumerLag>();
  readonly listeners = new Set<StoredListener>();
  /** Wall clock of the last put that stored a record; 0: none yet. */
  storedAtMs = 0;

  constructor(revision: StreamRevision) {
    this.revision = revision;
  }
}

interface Returned {
  readonly records: { readonly count: number; readonly dataBytes: number };
  readonly millisBehindLatest: number;
}

/**
 * Counts the traffic of all streams and shards for the console and for the scaling of streams. Unlike `StreamMetrics` it
 * needs no enhanced monitoring.
 */
export class TrafficCounts {
  /** By stream id. */
  readonly streams = new Map<string, StreamTraffic>();
  #shardCount = 0;

  /** One finished put. `storedAtMs`: wall clock. */
  countPut(revision: StreamRevision, { durationMs, stored, throttled }: PutTraffic, storedAtMs: number): void {
    const stream = this.#streamOf(revision);
    addCall(stream.puts, durationMs);
    if (stored.length > 0) stream.storedAtMs = storedAtMs;
    for (const { shardIndex, recordCount, byteCount } of stored) {
      const shard = this.#shardOf(stream, shardIndex);
      if (shard === undefined) continue;
      addCall(shard.puts, durationMs);
      shard.incomingRecords += recordCount;
      shard.incomingBytes += byteCount;
    }
    for (const [index, count] of throttled) {
      const shard = this.#shardOf(stream, index);
      if (shard !== undefined) shard.throttledWrites += count;
    }
    if (stream.listeners.size > 0) tell(stream, stored);
  }

  /** One page of GetRecords. */
  countRead(revision: StreamRevision, shardIndex: number, page: Returned, durationMs: number): void {
    const stream = this.#streamOf(revision);
    addCall(stream.reads, durationMs);
    const shard = this.#shardOf(stream, shardIndex);
    if (shard === undefined) return;
    addCall(shard.reads, durationMs);
    shard.outgoingRecords += page.records.count;
    shard.outgoingBytes += page.records.dataBytes;
    shard.millisBehindLatest = page.millisBehindLatest;
  }

  countThrottledRead(revision: StreamRevision, shardIndex: number): void {
    const shard = this.#shardOf(this.#streamOf(revision), shardIndex);
    if (shard !== undefined) shard.throttledReads++;
  }

  /** One event of SubscribeToShard. */
  countPush(revision: StreamRevision, shardIndex: number, push: Returned, consumerName: string): void {
    const stream = this.#streamOf(revision);
    let consumer = stream.consumers.get(consumerName);
    if (consumer === undefined && stream.consumers.size < countedConsumersMax) {
      consumer = { millisBehindLatest: new Map() };
      stream.consumers.set(consumerName, consumer);
    }
    consumer?.millisBehindLatest.set(shardIndex, push.millisBehindLatest);
    const shard = this.#shardOf(stream, shardIndex);
    if (shard === undefined) return;
    shard.outgoingRecords += push.records.count;
    shard.outgoingBytes += push.records.dataBytes;
  }

  /** Calls `listener` for each put, once for each shard that stored some of it. Returns a function that ends it. */
  listen(revision: StreamRevision, listener: StoredListener): () => void {
    const { listeners } = this.#streamOf(revision);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Forgets streams and shards that are gone. `current` finds the newest revision of a stream. */
  forgetDeleted(current: (revision: StreamRevision) => StreamRevision | undefined): void {
    this.#shardCount = 0;
    for (const [id, traffic] of this.streams) {
      const revision = current(traffic.revision);
      if (revision === undefined) {
        this.streams.delete(id);
        continue;
      }
      forgetOthers(traffic, revision);
      this.#shardCount += traffic.shards.size;
    }
  }

  #streamOf(revision: StreamRevision): StreamTraffic {
    const { id } = revision.stream;
    let traffic = this.streams.get(id);
    if (traffic === undefined) {
      traffic = new StreamTraffic(revision);
      this.streams.set(id, traffic);
    }
    return traffic;
  }

  #shardOf({ shards }: StreamTraffic, index: number): ShardTraffic | undefined {
    let shard = shards.get(index);
    if (shard !== undefined) return shard;
    if (this.#shardCount >= countedShardsMax) return undefined;
    shard = new ShardTraffic();
    shards.set(index, shard);
    this.#shardCount++;
    return shard;
  }
}

function addCall(calls: CallDurations, durationMs: number): void {
  calls.count++;
  calls.totalMs += durationMs;
}

/** Forgets the shards and consumers that the newest revision of the stream does not have. */
function forgetOthers({ shards, consumers }: StreamTraffic, revision: StreamRevision): void {
  forgetShards(shards, revision);
  const names = new Set(revision.stream.consumers?.map(({ name }) => name));
  for (const [name, { millisBehindLatest }] of consumers) {
    if (names.has(name)) forgetShards(millisBehindLatest, revision);
    else consumers.delete(name);
  }
}

function forgetShards(shards: Map<number, unknown>, revision: StreamRevision): void {
  for (const index of shards.keys()) if (revision.shard(index) === undefined) shards.delete(index);
}

function tell({ listeners }: StreamTraffic, stored: PutTraffic["stored"]): void {
  for (const { shardIndex } of stored) for (const listener of listeners) listener(shardIndex);
}
