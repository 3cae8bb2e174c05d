import type { CallDurations, StreamTraffic, TrafficCounts } from "./traffic-counts.ts";
import { ShardTraffic } from "./traffic-counts.ts";

/** An hour in steps of 5 s. */
export const historyStepMs = 5_000;
const historySteps = 720;

/** Histories kept at once, of streams and of shards; each takes up to 26 KB. Later ones wait until another was silent. */
const streamHistoriesMax = 300;
const shardHistoriesMax = 600;

/** Per second, but ages and durations, which are the largest and the mean of the step in milliseconds. */
const metrics = [
  "incomingRecords",
  "incomingBytes",
  "outgoingRecords",
  "outgoingBytes",
  "throttledWrites",
  "throttledReads",
  "iteratorAgeMs",
  "putMs",
  "readMs",
] as const;
export type TrafficMetric = (typeof metrics)[number];

/** One step of a stream or shard. NaN: nothing was measured. */
export type TrafficStep = Readonly<Record<TrafficMetric, number>>;

/** Consecutive steps, the oldest first; the last one ended at `endMs`. */
export type TrafficSteps = Readonly<Record<TrafficMetric, readonly number[]>> & { readonly endMs: number };

/** The steps of one stream or shard in a ring. */
class StepRing {
  readonly #values: Readonly<Record<TrafficMetric, Float32Array>>;
  /** Number of the last step that is not silent. */
  lastUsedStep: number;

  constructor(step: number) {
    const ring = (): Float32Array => new Float32Array(historySteps).fill(Number.NaN);
    this.#values = Object.fromEntries(metrics.map((metric) => [metric, ring()])) as Record<TrafficMetric, Float32Array>;
    this.lastUsedStep = step;
  }

  write(step: number, values: TrafficStep): void {
    for (const metric of metrics) this.#values[metric][step % historySteps] = values[metric];
  }

  /** The steps before `step`, the oldest first. */
  read(metric: TrafficMetric, step: number): readonly number[] {
    const values = this.#values[metric];
    return Array.from({ length: historySteps }, (_, i) => values[(step + i) % historySteps] ?? Number.NaN);
  }
}

/** What the counters of one shard or stream were at the last step, to take the difference from. */
interface Totals {
  readonly incomingRecords: number;
  readonly incomingBytes: number;
  readonly outgoingRecords: number;
  readonly outgoingBytes: number;
  readonly throttledWrites: number;
  readonly throttledReads: number;
  readonly puts: Readonly<CallDurations>;
  readonly reads: Readonly<CallDurations>;
}

interface StreamTotals {
  readonly shards: Map<number, Totals>;
  puts: Readonly<CallDurations>;
  reads: Readonly<CallDurations>;
}

/** Rates of one stream and of its shards in the last step. */
export interface StreamRates {
  readonly stream: TrafficStep;
  /** Only shards with traffic or with a reader that is behind. */
  readonly shards: ReadonlyMap<number, TrafficStep>;
}

/**
 * The last hour of the traffic counts: `sample()` every `historyStepMs` turns what was counted into rates. Memory is taken
 * with the first traffic of a stream or shard, and given back after an hour without any, or when it is deleted.
 */
export class TrafficHistory {
  readonly #counts: TrafficCounts;
  readonly #totals = new Map<string, StreamTotals>();
  readonly #streams = new Map<string, StepRing>();
  /** By `{stream id}/{shard index}`. */
  readonly #shards = new Map<string, StepRing>();
  readonly #rates = new Map<string, StreamRates>();
  #step = 0;
  #sampledMs = 0;

  constructor(counts: TrafficCounts) {
    this.#counts = counts;
  }

  /** Rates of the last step by stream id; a stream that is absent had no traffic since the server started. */
  get rates(): ReadonlyMap<string, StreamRates> {
    return this.#rates;
  }

  /** Ends a step that took `elapsedMs`. */
  sample(nowMs: number, elapsedMs: number): void {
    const seconds = Math.max(elapsedMs, 1) / 1000;
    for (const id of this.#totals.keys()) if (!this.#counts.streams.has(id)) this.#forget(id);
    for (const [id, traffic] of this.#counts.streams) this.#sampleStream(id, traffic, seconds);
    this.#step++;
    this.#sampledMs = nowMs;
    this.#dropSilent();
  }

  /** Undefined when nothing is kept of it. */
  ofStream(streamId: string): TrafficSteps | undefined {
    return this.#stepsOf(this.#streams.get(streamId));
  }

  ofShard(streamId: string, shardIndex: number): TrafficSteps | undefined {
    return this.#stepsOf(this.#shards.get(`${streamId}/${shardIndex}`));
  }

  #stepsOf(ring: StepRing | undefined): TrafficSteps | undefined {
    if (ring === undefined) return undefined;
    const columns = metrics.map((metric) => [metric, ring.read(metric, this.#step)] as const);
    const values = Object.fromEntries(columns) as Record<TrafficMetric, readonly number[]>;
    return { ...values, endMs: this.#sampledMs };
  }

  #sampleStream(id: string, traffic: StreamTraffic, seconds: number): void {
    let totals = this.#totals.get(id);
    if (totals === undefined) {
      totals = { shards: new Map(), puts: noCalls, reads: noCalls };
      this.#totals.set(id, totals);
    }
    const shards = new Map<number, TrafficStep>();
    let sum = silentStep;
    for (const [index, shard] of traffic.shards) {
      const step = stepOf(shard, totals.shards.get(index) ?? noTraffic, seconds);
      totals.shards.set(index, totalsOf(shard));
      const isQuiet = isSilentShard(step);
      if (!isQuiet) shards.set(index, step);
      sum = added(sum, step);
      this.#keep({ rings: this.#shards, key: `${id}/${index}`, ringsMax: shardHistoriesMax }, step, isQuiet);
    }
    for (const index of totals.shards.keys()) if (!traffic.shards.has(index)) totals.shards.delete(index);
    let lag = 0;
    for (const { millisBehindLatest } of traffic.consumers.values())
      for (const behind of millisBehindLatest.values()) lag = Math.max(lag, behind);
    const stream: TrafficStep = {
      ...sum,
      iteratorAgeMs: Math.max(sum.iteratorAgeMs, lag),
      putMs: meanSince(totals.puts, traffic.puts),
      readMs: meanSince(totals.reads, traffic.reads),
    };
    totals.puts = { ...traffic.puts };
    totals.reads = { ...traffic.reads };
    this.#rates.set(id, { stream, shards });
    this.#keep({ rings: this.#streams, key: id, ringsMax: streamHistoriesMax }, stream, isSilent(stream));
  }

  #keep(
    {
      rings,
      key,
      ringsMax,
    }: { readonly rings: Map<string, StepRing>; readonly key: string; readonly ringsMax: number },
    step: TrafficStep,
    isQuiet: boolean,
  ): void {
    let ring = rings.get(key);
    if (ring === undefined) {
      if (isQuiet || rings.size >= ringsMax) return;
      ring = new StepRing(this.#step);
      rings.set(key, ring);
    }
    ring.write(this.#step, step);
    if (!isQuiet) ring.lastUsedStep = this.#step;
  }

  #dropSilent(): void {
    for (const rings of [this.#streams, this.#shards]) {
      for (const [key, ring] of rings) if (this.#step - ring.lastUsedStep > historySteps) rings.delete(key);
    }
  }

  #forget(id: string): void {
    this.#totals.delete(id);
    this.#rates.delete(id);
    this.#streams.delete(id);
    for (const key of this.#shards.keys()) if (key.startsWith(`${id}/`)) this.#shards.delete(key);
  }
}

const noCalls = { count: 0, totalMs: 0 };
const noTraffic: Totals = new ShardTraffic();
const silentStep: TrafficStep = {
  incomingRecords: 0,
  incomingBytes: 0,
  outgoingRecords: 0,
  outgoingBytes: 0,
  throttledWrites: 0,
  throttledReads: 0,
  iteratorAgeMs: 0,
  putMs: Number.NaN,
  readMs: Number.NaN,
};

function totalsOf({ incomingRecords, incomingBytes, outgoingRecords, outgoingBytes, ...rest }: ShardTraffic): Totals {
  const { throttledWrites, throttledReads, puts, reads } = rest;
  return {
    ...{ incomingRecords, incomingBytes, outgoingRecords, outgoingBytes, throttledWrites, throttledReads },
    puts: { ...puts },
    reads: { ...reads },
  };
}

function stepOf(now: ShardTraffic, before: Totals, seconds: number): TrafficStep {
  return {
    incomingRecords: (now.incomingRecords - before.incomingRecords) / seconds,
    incomingBytes: (now.incomingBytes - before.incomingBytes) / seconds,
    outgoingRecords: (now.outgoingRecords - before.outgoingRecords) / seconds,
    outgoingBytes: (now.outgoingBytes - before.outgoingBytes) / seconds,
    throttledWrites: (now.throttledWrites - before.throttledWrites) / seconds,
    throttledReads: (now.throttledReads - before.throttledReads) / seconds,
    iteratorAgeMs: now.millisBehindLatest,
    putMs: meanSince(before.puts, now.puts),
    readMs: meanSince(before.reads, now.reads),
  };
}

function added(one: TrafficStep, other: TrafficStep): TrafficStep {
  return {
    incomingRecords: one.incomingRecords + other.incomingRecords,
    incomingBytes: one.incomingBytes + other.incomingBytes,
    outgoingRecords: one.outgoingRecords + other.outgoingRecords,
    outgoingBytes: one.outgoingBytes + other.outgoingBytes,
    throttledWrites: one.throttledWrites + other.throttledWrites,
    throttledReads: one.throttledReads + other.throttledReads,
    iteratorAgeMs: Math.max(one.iteratorAgeMs, other.iteratorAgeMs),
    putMs: Number.NaN,
    readMs: Number.NaN,
  };
}

function isSilent(step: TrafficStep): boolean {
  return metrics.every((metric) => !(step[metric] > 0));
}

/** A shard that readers ask in vain needs no history: that of the stream has their calls. */
function isSilentShard(step: TrafficStep): boolean {
  return isSilent({ ...step, readMs: Number.NaN });
}

function meanSince(before: Readonly<CallDurations>, now: Readonly<CallDurations>): number {
  return now.count === before.count ? Number.NaN : (now.totalMs - before.totalMs) / (now.count - before.count);
}
