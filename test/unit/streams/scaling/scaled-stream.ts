import { HASH_KEY_MAX } from "../../../../src/streams/hash-keys/hash-key.ts";
import { applyReshard } from "../../../../src/streams/resharding/apply-reshard.ts";
import { openShardCount } from "../../../../src/streams/resharding/open-shard-count.ts";
import { type ScalingStep, scaleStream } from "../../../../src/streams/scaling/scale-stream.ts";
import { dayRatesOf, type StreamWatch, watchStream } from "../../../../src/streams/scaling/stream-watch.ts";
import { addedRates, noWrites, type WriteRate } from "../../../../src/streams/scaling/write-rate.ts";
import type { Stream } from "../../../../src/streams/stream.ts";
import { streamOf } from "../stream-of.ts";

export const shardRate: WriteRate = { bytesPerSecond: 1024 ** 2, recordsPerSecond: 1000 };
export const dayMs = 24 * 3600 * 1000;
const startMs = 1_800_000_000_000;

/** Writes of `bytesPerSecond`, of which the part `share` falls into the lowest `width` of the hash keys, evenly. */
export interface Traffic {
  readonly bytesPerSecond: number;
  readonly share?: number;
  readonly width?: number;
  readonly recordBytes?: number;
}

/** One on-demand stream under made-up traffic, with the policy alone: each change is carried out at once. */
export class ScaledStream {
  stream: Stream;
  nowMs = startMs;
  readonly counts: number[] = [];
  readonly shardCountMax: number;
  #watch: StreamWatch | undefined;

  constructor(changes: Partial<Stream> = {}, { shardCount = 4, shardCountMax = Number.POSITIVE_INFINITY } = {}) {
    this.stream = streamOf(shardCount, { mode: "ON_DEMAND", ...changes });
    this.shardCountMax = shardCountMax;
  }

  get openCount(): number {
    return openShardCount(this.stream);
  }

  /** The bytes a second that each open shard gets, by index. */
  ratesOf({ bytesPerSecond, share = 0, width = 1, recordBytes = 4096 }: Traffic): ReadonlyMap<number, WriteRate> {
    const rates = new Map<number, WriteRate>();
    const edge = width * Number(HASH_KEY_MAX);
    for (const { index, startingHashKey, endingHashKey, closed } of this.stream.shards) {
      if (closed !== undefined) continue;
      const [start, end] = [Number(startingHashKey), Number(endingHashKey)];
      const even = (end - start) / Number(HASH_KEY_MAX);
      const narrow = Math.max(0, Math.min(end, edge) - start) / edge;
      const part = even * (1 - share) + narrow * share;
      const bytes = bytesPerSecond * part;
      rates.set(index, { bytesPerSecond: bytes, recordsPerSecond: bytes / recordBytes });
    }
    return rates;
  }

  /** Lets the traffic flow for `ms`, and decides behind it. */
  pass(traffic: Traffic, ms = 60_000): void {
    this.nowMs += ms;
    const rates = traffic.bytesPerSecond === 0 ? new Map<number, WriteRate>() : this.ratesOf(traffic);
    const total = rates.values().reduce(addedRates, noWrites);
    const { nowMs, shardCountMax } = this;
    this.#watch = watchStream(this.#watch, this.stream, { total, shards: rates }, nowMs);
    const { peaks } = this.#watch;
    const dayRates = dayRatesOf(this.#watch, nowMs);
    const step = scaleStream({ stream: this.stream, peaks, rates, dayRates, shardRate, shardCountMax, nowMs });
    if (step !== undefined) this.#carryOut(step);
    this.counts.push(this.openCount);
  }

  passTimes(times: number, traffic: Traffic, ms = 60_000): void {
    for (let i = 0; i < times; i++) this.pass(traffic, ms);
  }

  /** As UpdateStreamWarmThroughput with no more than the stream has. */
  release(): void {
    this.stream = { ...this.stream, scaling: { peaks: [], releasedMs: this.nowMs } };
  }

  /** As a restart of the server: what was not in the document is gone. */
  restart(): void {
    this.#watch = undefined;
  }

  #carryOut({ scaling, plan }: ScalingStep): void {
    this.stream = { ...this.stream, scaling };
    if (plan === undefined) return;
    const { nowMs } = this;
    const outcome = {
      closedMs: nowMs,
      second: Math.floor(nowMs / 1000),
      ends: plan.closing.map(() => 1n),
      placements: plan.opening.map(() => ({})),
    };
    const next = applyReshard(this.stream, [plan], outcome);
    // Closed shards expire at once.
    this.stream = { ...next, shards: next.shards.filter(({ closed }) => closed === undefined) };
  }
}
