import { addedRates, noWrites, type WriteRate } from "../streams/scaling/write-rate.ts";
import type { ShardTraffic, StreamTraffic, TrafficCounts } from "./traffic-counts.ts";

/** Rates are means over this time, as those of CloudWatch. */
const windowMs = 60_000;
/** A sample may be taken that much early. */
const earlyMs = 1_000;

/** The writes of one stream in the last minute. */
export interface StreamWrites {
  readonly total: WriteRate;
  /** By shard index; shards that were closed in this minute are among them. */
  readonly shards: ReadonlyMap<number, WriteRate>;
}

/** What the shards of a stream had taken in all at one time. */
interface Sample {
  readonly atMs: number;
  readonly shards: ReadonlyMap<number, Taken>;
}

interface Taken {
  readonly bytes: number;
  readonly records: number;
}

interface SampledStream {
  /** The oldest first: the newest one that is as old as the window, or the last before the first writes; then younger ones. */
  samples: Sample[];
  storedAtMs: number;
  /** When a sample last found new records. */
  grownMs: number;
}

/**
 * The write rates of the last minute by stream and shard, from the traffic counts. A stream without writes for a minute costs
 * nothing but its last sample.
 */
export class WriteRateHistory {
  readonly #counts: TrafficCounts;
  readonly #streams = new Map<string, SampledStream>();
  readonly #rates = new Map<string, StreamWrites>();
  #sampledMs = Number.NEGATIVE_INFINITY;

  constructor(counts: TrafficCounts) {
    this.#counts = counts;
  }

  /** By stream id; streams without writes in the minute before the last sample are absent. */
  get rates(): ReadonlyMap<string, StreamWrites> {
    return this.#rates;
  }

  /** Takes the counts as they are now. `nowMs`: monotonic. */
  sample(nowMs: number): void {
    for (const id of this.#streams.keys()) {
      if (this.#counts.streams.has(id)) continue;
      this.#streams.delete(id);
      this.#rates.delete(id);
    }
    for (const [id, traffic] of this.#counts.streams) this.#sampleStream(id, traffic, nowMs);
    this.#sampledMs = nowMs;
  }

  #sampleStream(id: string, traffic: StreamTraffic, nowMs: number): void {
    let stream = this.#streams.get(id);
    if (stream === undefined) {
      if (traffic.storedAtMs === 0) return;
      stream = { samples: [{ atMs: this.#sampledMs, shards: new Map() }], storedAtMs: 0, grownMs: nowMs };
      this.#streams.set(id, stream);
    }
    if (traffic.storedAtMs !== stream.storedAtMs) {
      stream.storedAtMs = traffic.storedAtMs;
      stream.grownMs = nowMs;
    } else if (nowMs - stream.grownMs >= windowMs) {
      stream.samples = stream.samples.slice(-1).map(({ shards }) => ({ atMs: nowMs, shards }));
      this.#rates.delete(id);
      return;
    }
    const sample = { atMs: nowMs, shards: takenBy(traffic.shards) };
    const { samples } = stream;
    while (samples[1] !== undefined && nowMs - samples[1].atMs >= windowMs - earlyMs) samples.shift();
    const [base] = samples;
    samples.push(sample);
    if (base !== undefined) this.#rates.set(id, writesBetween(base, sample));
  }
}

function takenBy(shards: ReadonlyMap<number, ShardTraffic>): ReadonlyMap<number, Taken> {
  const taken = new Map<number, Taken>();
  for (const [index, { incomingBytes: bytes, incomingRecords: records }] of shards)
    taken.set(index, { bytes, records });
  return taken;
}

/** Before the base of a stream that was silent nothing was written, so the time is the whole window at least. */
function writesBetween(base: Sample, last: Sample): StreamWrites {
  const age = last.atMs - base.atMs;
  const seconds = (age >= windowMs - earlyMs && Number.isFinite(age) ? age : windowMs) / 1000;
  const shards = new Map<number, WriteRate>();
  let total = noWrites;
  for (const [index, { bytes, records }] of last.shards) {
    const before = base.shards.get(index);
    const recordCount = records - (before?.records ?? 0);
    if (recordCount === 0) continue;
    const rate = {
      bytesPerSecond: (bytes - (before?.bytes ?? 0)) / seconds,
      recordsPerSecond: recordCount / seconds,
    };
    shards.set(index, rate);
    total = addedRates(total, rate);
  }
  return { total, shards };
}
