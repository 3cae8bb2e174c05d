import { isConflict } from "../engine/engine-error.ts";
import { type LimitsTable, shardWriteRateOf } from "../limits/limits-table.ts";
import { onDemandShardCountMaxIn, shardCountMaxIn } from "../limits/quotas.ts";
import { heldShardCount, provisionedShardCount } from "../registry/count-shards.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { TrafficCounts } from "../shards/traffic-counts.ts";
import { type StreamWrites, WriteRateHistory } from "../shards/write-rate-history.ts";
import { formatShardId } from "../streams/positions/shard-id.ts";
import { openShardCount } from "../streams/resharding/open-shard-count.ts";
import type { ReshardPlan } from "../streams/resharding/reshard-plan.ts";
import { hotShardsOf, planHotSplits } from "../streams/scaling/plan-scaling.ts";
import { scaleStream } from "../streams/scaling/scale-stream.ts";
import { dayRatesOf, type StreamWatch, watchStream } from "../streams/scaling/stream-watch.ts";
import { noWrites, type WriteRate } from "../streams/scaling/write-rate.ts";
import type { Stream } from "../streams/stream.ts";
import { backgroundTaskFailed, hotShardFound, streamScaled } from "../telemetry/diagnostic-events.ts";
import type { Clock } from "../time/clock.ts";
import type { UpkeepTurns } from "./upkeep-turns.ts";

/** While there are writes, and while there are none. */
const sweepMs = 15_000;
const idleSweepMs = 60_000;

/** Between two reports of hot shards of one stream. */
const reportMs = 3_600_000;

/** The part of the shards that the server can hold which scaling leaves to requests: one tenth. */
const usableShards = 0.9;

const noRates: StreamWrites = { total: noWrites, shards: new Map() };

/** What other gateways store. */
export interface SharedRates {
  /** Tells the other gateways what this one stores. */
  publish(rates: ReadonlyMap<string, StreamWrites>): Promise<void>;
  /** The sum of what this gateway and all others store, by stream id. */
  withOthers(rates: ReadonlyMap<string, StreamWrites>): ReadonlyMap<string, StreamWrites>;
}

export interface ScalingSweepServices {
  readonly registry: StreamRegistry;
  readonly clock: Clock;
  readonly counts: TrafficCounts;
  /** Absent where limits are off: the rates of a shard are Amazon's then, and there are no quotas. */
  readonly table: LimitsTable | undefined;
  readonly serverShardCountMax: number;
  readonly transitionDelayMs: number;
  readonly newId: () => string;
  /** Whether hot shards of provisioned streams are split. */
  readonly splitsHotShards: boolean;
  /** Absent where one server alone uses the engine. */
  readonly turns?: UpkeepTurns | undefined;
  readonly shared?: SharedRates | undefined;
}

/**
 * Scales on-demand streams by their traffic, whether or not limits are on, and reports hot shards of all streams. It writes
 * intents, which the reconciler carries out.
 */
export class ScalingSweep {
  readonly #services: ScalingSweepServices;
  readonly #history: WriteRateHistory;
  readonly #shardRate: WriteRate;
  readonly #closing = new AbortController();
  /** By stream id, on-demand streams only. */
  readonly #watches = new Map<string, StreamWatch>();
  /** By stream id: the hot shards of the last sweep. */
  readonly #hot = new Map<string, readonly number[]>();
  readonly #reportedMs = new Map<string, number>();
  #rates: ReadonlyMap<string, StreamWrites> = new Map();
  /** Shards of the server, counted at the begin of a sweep and after each change. */
  #heldShards = 0;
  #running: Promise<void> | undefined;

  constructor(services: ScalingSweepServices) {
    this.#services = services;
    this.#history = new WriteRateHistory(services.counts);
    this.#shardRate = shardWriteRateOf(services.table);
  }

  /** Write rates of the last minute by stream id, of this server. */
  get rates(): ReadonlyMap<string, StreamWrites> {
    return this.#history.rates;
  }

  /** Indexes of the hot shards by stream id, the hottest first; none on a gateway that has not the turn. */
  get hotShards(): ReadonlyMap<string, readonly number[]> {
    return this.#hot;
  }

  /** Sweeps until closed. */
  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  /** Decides on each stream as of now. A failure is published and tried again by the next sweep. */
  async sweep(): Promise<void> {
    const { registry, counts, clock, turns, shared } = this.#services;
    counts.forgetDeleted((revision) => registry.current(revision));
    this.#history.sample(clock.monotonicMs());
    await shared?.publish(this.#history.rates).catch(() => undefined);
    // One gateway keeps this turn until it is gone.
    if (turns !== undefined && !(await turns.take("scaling").catch(() => false))) {
      for (const known of [this.#watches, this.#hot]) known.clear();
      this.#rates = new Map();
      return;
    }
    this.#rates = shared === undefined ? this.#history.rates : shared.withOthers(this.#history.rates);
    this.#forgetDeleted();
    this.#heldShards = heldShardCount(registry);
    for (const revision of [...registry.all()]) {
      if (this.#closing.signal.aborted) return;
      try {
        await this.#decide(revision);
      } catch (error) {
        // A lost race: the document was changed meanwhile.
        if (isConflict(error)) continue;
        backgroundTaskFailed.publish({ streamName: revision.stream.name, intent: "scaling", error });
      }
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.sweep();
      const isIdle = this.#history.rates.size === 0 && this.#rates.size === 0;
      const ms = isIdle ? idleSweepMs : sweepMs;
      await this.#services.clock.delay(ms, signal).catch(() => undefined);
    }
  }

  async #decide(revision: StreamRevision): Promise<void> {
    const { registry } = this.#services;
    const { stream } = revision;
    if (stream.shards.length === 0 || stream.status === "DELETING") return;
    this.#findHot(stream);
    if (this.#next(stream) === stream) return;
    await registry.inTurn(revision, async () => {
      const newest = registry.current(revision);
      if (newest === undefined) return;
      const next = this.#next(newest.stream);
      if (next === newest.stream) return;
      await registry.replace(newest, next);
      if (next.intent?.kind !== "reshard") return;
      const { closing, opening } = next.intent;
      this.#heldShards += opening.length;
      const openCount = openShardCount(newest.stream);
      const { name } = newest.stream;
      streamScaled.publish({ streamName: name, from: openCount, to: openCount + opening.length - closing.length });
    });
  }

  /** The stream with the next change; the same object when there is nothing to write. */
  #next(stream: Stream): Stream {
    return stream.mode === "ON_DEMAND" ? this.#nextOnDemand(stream) : this.#nextProvisioned(stream);
  }

  #nextOnDemand(stream: Stream): Stream {
    const nowMs = this.#services.clock.nowMs();
    const minute = this.#rates.get(stream.id) ?? noRates;
    const watch = watchStream(this.#watches.get(stream.id), stream, minute, nowMs);
    this.#watches.set(stream.id, watch);
    if (stream.status !== "ACTIVE") return stream;
    const step = scaleStream({
      stream,
      peaks: watch.peaks,
      rates: minute.shards,
      dayRates: dayRatesOf(watch, nowMs),
      shardRate: this.#shardRate,
      shardCountMax: this.#onDemandShardCountMax(stream),
      nowMs,
    });
    if (step === undefined) return stream;
    const scaled = { ...stream, scaling: step.scaling };
    return step.plan === undefined ? scaled : this.#withPlan(scaled, step.plan);
  }

  #nextProvisioned(stream: Stream): Stream {
    this.#watches.delete(stream.id);
    const { registry, table, splitsHotShards } = this.#services;
    const minute = this.#rates.get(stream.id);
    if (!splitsHotShards || minute === undefined || !this.#hot.has(stream.id) || stream.status !== "ACTIVE")
      return stream;
    const { account, region } = stream;
    const quotaLeft =
      table === undefined
        ? Number.POSITIVE_INFINITY
        : shardCountMaxIn(table, region) - provisionedShardCount(registry, account, region);
    const countMax = Math.max(0, Math.min(quotaLeft, this.#splitsLeft()));
    const plan = planHotSplits(stream, minute.shards, this.#shardRate, countMax);
    return plan === undefined ? stream : this.#withPlan(stream, plan);
  }

  #withPlan(stream: Stream, { closing, opening }: ReshardPlan): Stream {
    const { clock, transitionDelayMs, newId } = this.#services;
    const dueMs = transitionDelayMs === 0 ? 0 : clock.nowMs() + transitionDelayMs;
    return {
      ...stream,
      status: "UPDATING",
      intent: { kind: "reshard", operationId: newId(), dueMs, closing, opening },
    };
  }

  #onDemandShardCountMax(stream: Stream): number {
    const { table } = this.#services;
    const byServer = openShardCount(stream) + this.#splitsLeft();
    return table === undefined ? byServer : Math.min(byServer, onDemandShardCountMaxIn(table, stream.region));
  }

  /** Splits for which the server has room: each opens two shards, and the one that it closes stays until it expires. */
  #splitsLeft(): number {
    return Math.max(0, Math.floor((this.#services.serverShardCountMax * usableShards - this.#heldShards) / 2));
  }

  /** Reports the hot shards of a stream when there are some, and each hour while there are. */
  #findHot(stream: Stream): void {
    const { clock } = this.#services;
    const minute = this.#rates.get(stream.id);
    const hot = minute === undefined ? [] : hotShardsOf(stream, minute.shards, this.#shardRate);
    const [hottest] = hot;
    if (minute === undefined || hottest === undefined) {
      this.#hot.delete(stream.id);
      return;
    }
    this.#hot.set(stream.id, hot);
    const nowMs = clock.monotonicMs();
    const reportedMs = this.#reportedMs.get(stream.id);
    if (reportedMs !== undefined && nowMs - reportedMs < reportMs) return;
    this.#reportedMs.set(stream.id, nowMs);
    const { bytesPerSecond, recordsPerSecond } = minute.shards.get(hottest) ?? noWrites;
    hotShardFound.publish({
      streamName: stream.name,
      shardId: formatShardId(hottest),
      bytesPerSecond: Math.round(bytesPerSecond),
      recordsPerSecond: Math.round(recordsPerSecond),
      hotCount: hot.length,
    });
  }

  #forgetDeleted(): void {
    const { registry } = this.#services;
    const ids = new Set([...registry.all()].map(({ stream }) => stream.id));
    for (const known of [this.#watches, this.#hot, this.#reportedMs]) {
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    }
  }
}
