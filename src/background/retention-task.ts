import { EngineError } from "../engine/engine-error.ts";
import type { ShardLog } from "../engine/shard-log.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { StreamCiphers } from "../shards/stream-ciphers.ts";
import { pruneDataKeys } from "../streams/data-keys.ts";
import { expiredShards } from "../streams/positions/shard-filter.ts";
import { horizonMs } from "../streams/retention-window.ts";
import { backgroundTaskFailed } from "../telemetry/diagnostic-events.ts";
import type { Clock } from "../time/clock.ts";

/** Retention is counted in hours: space may come back a minute late. */
const sweepMs = 60_000;

export interface RetentionServices {
  readonly log: ShardLog;
  readonly registry: StreamRegistry;
  readonly clock: Clock;
  readonly keys: Pick<StreamCiphers, "sweep">;
}

/**
 * Takes closed shards out of the engine and out of their streams' documents once their last record has expired. Records
 * of open shards are hidden by the same horizon; their bytes are the engine's own to free. Data keys go the same way.
 */
export class RetentionTask {
  readonly #room: RetentionServices;
  readonly #closing = new AbortController();
  #sweeping: Promise<void> | undefined;

  constructor(context: RetentionServices) {
    this.#room = context;
  }

  /** Sweeps now and then until closed. */
  start(): void {
    this.#sweeping = this.#sweepOn();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#sweeping;
  }

  /** Frees what has expired by now. What fails is told and tried again by the next sweep. */
  async sweep(): Promise<void> {
    this.#room.keys.sweep();
    for (const revision of [...this.#room.registry.all()]) {
      if (this.#closing.signal.aborted) return;
      try {
        await this.#free(revision);
        await this.#prune(revision);
      } catch (error) {
        // A lost race: another server was quicker, or the stream is gone.
        if (error instanceof EngineError && (error.kind === "conflict" || error.kind === "closed")) continue;
        backgroundTaskFailed.publish({ streamName: revision.stream.name, intent: "retention", error });
      }
    }
  }

  async #sweepOn(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.sweep();
      await this.#room.clock.delay(sweepMs, signal).catch(() => undefined);
    }
  }

  /** Data keys whose last record has expired are of no use any more. */
  async #prune(revision: StreamRevision): Promise<void> {
    const { registry, clock } = this.#room;
    const nowMs = clock.nowMs();
    if (revision.stream.status === "DELETING" || pruneDataKeys(revision.stream, nowMs) === revision.stream) return;
    await registry.inTurn(revision, async () => {
      const newest = registry.current(revision);
      if (newest !== undefined) await registry.replace(newest, pruneDataKeys(newest.stream, nowMs));
    });
  }

  /** The logs first: a crash in between leaves a document that names empty places, and the next sweep goes on. */
  async #free(revision: StreamRevision): Promise<void> {
    const { log, registry, clock } = this.#room;
    if (revision.stream.status === "DELETING") return;
    const expired = expiredShards(revision.stream, horizonMs(clock.nowMs(), revision.stream));
    if (expired.length === 0) return;
    for (const shard of expired) await log.dropShard(revision.ref(shard));
    const gone = new Set(expired.map(({ index }) => index));
    await registry.inTurn(revision, async () => {
      const newest = registry.current(revision);
      if (newest === undefined) return;
      const shards = newest.stream.shards.filter(({ index }) => !gone.has(index));
      await registry.replace(newest, { ...newest.stream, shards });
    });
  }
}
