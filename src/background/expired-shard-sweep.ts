import { EngineError } from "../engine/engine-error.ts";
import type { ShardLog } from "../engine/shard-log.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { StreamCiphers } from "../shards/stream-ciphers.ts";
import { pruneDataKeys } from "../streams/data-keys.ts";
import { expiredShards } from "../streams/positions/shard-filter.ts";
import { trimHorizonMs } from "../streams/retention-window.ts";
import { backgroundTaskFailed } from "../telemetry/diagnostic-events.ts";
import type { Clock } from "../time/clock.ts";
import type { UpkeepTurns } from "./upkeep-turns.ts";

/** Retention is counted in hours, so space may be freed a minute late. */
const sweepMs = 60_000;

export interface ExpiredShardSweepServices {
  readonly log: ShardLog;
  readonly registry: StreamRegistry;
  readonly clock: Clock;
  readonly keys: Pick<StreamCiphers, "sweep">;
  /** Absent where one server alone uses the engine. */
  readonly turns?: UpkeepTurns | undefined;
}

/**
 * Drops closed shards from the engine and from their streams' documents once their last record has expired, and data keys
 * that no unexpired record needs. Expired records of open shards are hidden by the same horizon; the engine frees their
 * bytes.
 */
export class ExpiredShardSweep {
  readonly #services: ExpiredShardSweepServices;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;

  constructor(services: ExpiredShardSweepServices) {
    this.#services = services;
  }

  /** Sweeps every minute until closed. */
  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  /** Frees what has expired by now. A failure is published and retried by the next sweep. */
  async sweep(): Promise<void> {
    const { keys, turns } = this.#services;
    keys.sweep();
    // One gateway keeps this turn until it is gone.
    if (turns !== undefined && !(await turns.take("expiry").catch(() => false))) return;
    for (const revision of [...this.#services.registry.all()]) {
      if (this.#closing.signal.aborted) return;
      try {
        await this.#freeExpiredRecords(revision);
        await this.#dropExpiredShards(revision);
        await this.#pruneDataKeys(revision);
      } catch (error) {
        // A lost race: the document was changed meanwhile, or the stream is gone.
        if (error instanceof EngineError && (error.kind === "conflict" || error.kind === "closed")) continue;
        backgroundTaskFailed.publish({ streamName: revision.stream.name, intent: "retention", error });
      }
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.sweep();
      await this.#services.clock.delay(sweepMs, signal).catch(() => undefined);
    }
  }

  /** For an engine that frees records only when it is told to. */
  async #freeExpiredRecords(revision: StreamRevision): Promise<void> {
    const { log, clock } = this.#services;
    const { stream } = revision;
    if (log.freeBefore === undefined || stream.status === "DELETING" || stream.shards.length === 0) return;
    const refs = stream.shards.map((shard) => revision.ref(shard));
    await log.freeBefore(stream.id, refs, trimHorizonMs(clock.nowMs(), stream));
  }

  async #pruneDataKeys(revision: StreamRevision): Promise<void> {
    const { registry, clock } = this.#services;
    const nowMs = clock.nowMs();
    if (revision.stream.status === "DELETING" || pruneDataKeys(revision.stream, nowMs) === revision.stream) return;
    await registry.inTurn(revision, async () => {
      const newest = registry.current(revision);
      if (newest !== undefined) await registry.replace(newest, pruneDataKeys(newest.stream, nowMs));
    });
  }

  /** Drops the logs before the document changes: after a crash between the two, the next sweep repeats it. */
  async #dropExpiredShards(revision: StreamRevision): Promise<void> {
    const { log, registry, clock } = this.#services;
    if (revision.stream.status === "DELETING") return;
    const expired = expiredShards(revision.stream, trimHorizonMs(clock.nowMs(), revision.stream));
    if (expired.length === 0) return;
    for (const shard of expired) await log.dropShard(revision.ref(shard));
    const dropped = new Set(expired.map(({ index }) => index));
    await registry.inTurn(revision, async () => {
      const newest = registry.current(revision);
      if (newest === undefined) return;
      const shards = newest.stream.shards.filter(({ index }) => !dropped.has(index));
      await registry.replace(newest, { ...newest.stream, shards });
    });
  }
}
