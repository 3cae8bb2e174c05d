import { EngineError } from "../engine/engine-error.ts";
import type { ShardLog } from "../engine/shard-log.ts";
import type { DeletedStreams, PendingDrop } from "../registry/deleted-streams.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { completeConsumerTransitions, nextTransition, type StreamTransition } from "../streams/stream-transitions.ts";
import { backgroundTaskFailed } from "../telemetry/diagnostic-events.ts";
import type { Clock } from "../time/clock.ts";
import { carryOutCreate } from "./carry-out-create.ts";
import { carryOutDelete } from "./carry-out-delete.ts";
import { carryOutReshard } from "./carry-out-reshard.ts";
import { carryOutResize } from "./carry-out-resize.ts";
import { carryOutSettle } from "./carry-out-settle.ts";
import { commitTransition } from "./commit-transition.ts";

/** How long a step that met a busy or failing engine waits before it is tried again. */
const retryMs = 200;

/** Names are forgotten once their last second is this far past: no clock is set back further by accident. */
const retiredSecondsKept = 30 * 24 * 3600;

export interface ReconcilerContext {
  readonly log: ShardLog;
  readonly registry: StreamRegistry;
  readonly deletedStreams: DeletedStreams;
  readonly clock: Clock;
}

/**
 * Carries out the intents that stand in stream documents: create, split, merge, resize, settings, delete. A request only writes the intent
 * and answers; what is written here may be interrupted between any two steps and is taken up again after a restart.
 */
export class Reconciler {
  readonly #room: ReconcilerContext;
  readonly #closing = new AbortController();
  /** Streams at work, by stream id: one job each, however often it is woken. */
  readonly #jobs = new Map<string, Promise<void>>();

  constructor(context: ReconcilerContext) {
    this.#room = context;
  }

  /** Takes up what an earlier run left unfinished. */
  async start(): Promise<void> {
    const { deletedStreams, registry, clock } = this.#room;
    for (const drop of await deletedStreams.pendingDrops()) await this.#drop(drop);
    await deletedStreams.forgetNamesBefore(Math.floor(clock.nowMs() / 1000) - retiredSecondsKept);
    for (const revision of registry.all()) this.wake(revision);
  }

  /** Called with every new revision of every stream; starts a job where there is something to do. */
  wake(revision: StreamRevision): void {
    const { id } = revision.stream;
    if (nextTransition(revision.stream) === undefined || this.#jobs.has(id) || this.#closing.signal.aborted) return;
    const job = this.#work(revision).finally(() => {
      this.#jobs.delete(id);
      // An intent written between the job's last look and here found the job still listed and woke nobody.
      const newest = this.#room.registry.current(revision);
      if (newest !== undefined) this.wake(newest);
    });
    this.#jobs.set(id, job);
  }

  /** Resolves when no job is at work. Unfinished intents stay in their documents. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#jobs.values());
  }

  async #work(first: StreamRevision): Promise<void> {
    const signal = this.#closing.signal;
    let next: StreamRevision | undefined = first;
    while (next !== undefined && !signal.aborted) {
      const revision: StreamRevision = next;
      const work = nextTransition(revision.stream);
      if (work === undefined) return;
      try {
        const isDue = await this.#due(revision, work.dueMs);
        next = isDue ? await this.#carryOut(revision, work) : this.#room.registry.current(revision);
      } catch (error) {
        if (signal.aborted) return;
        // A lost race is no failure: the newer document says what is to be done.
        if (!(error instanceof EngineError && error.kind === "conflict")) await this.#failed(revision, error);
        next = this.#room.registry.current(revision);
      }
    }
  }

  /** The document is gone: until a restart nobody but this job knows of the logs. */
  async #free(revision: StreamRevision, drop: PendingDrop): Promise<void> {
    const signal = this.#closing.signal;
    while (!signal.aborted) {
      try {
        return await this.#drop(drop);
      } catch (error) {
        if (!signal.aborted) await this.#failed(revision, error);
      }
    }
  }

  async #drop({ streamId, shards }: PendingDrop): Promise<void> {
    const { log, deletedStreams } = this.#room;
    await log.dropStream(streamId, shards);
    await deletedStreams.endDrop(streamId);
  }

  async #failed({ stream: { name, intent } }: StreamRevision, error: unknown): Promise<void> {
    backgroundTaskFailed.publish({ streamName: name, intent: intent?.kind ?? "-", error });
    await this.#room.clock.delay(retryMs, this.#closing.signal).catch(() => undefined);
  }

  /** Waits for the intent's time; false when the document changed meanwhile. */
  async #due(revision: StreamRevision, dueMs: number): Promise<boolean> {
    const { clock, registry } = this.#room;
    const waitMs = dueMs - clock.nowMs();
    if (waitMs <= 0) return true;
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#closing.signal]);
    try {
      return await Promise.race([
        clock.delay(waitMs, signal).then(() => true),
        registry.superseded(revision, signal).then(() => false),
      ]);
    } finally {
      stop.abort();
    }
  }

  async #carryOut(revision: StreamRevision, work: StreamTransition): Promise<StreamRevision | undefined> {
    const { registry, clock } = this.#room;
    if (work.kind === "consumers") {
      // The clock may have been set back while their time was waited for.
      const nowMs = Math.max(clock.nowMs(), work.dueMs);
      return await commitTransition(registry, revision, (stream) => completeConsumerTransitions(stream, nowMs));
    }
    const { intent } = revision.stream;
    switch (intent?.kind) {
      case "create":
        return await carryOutCreate(this.#room, revision, intent);
      case "reshard":
        return await carryOutReshard(this.#room, revision, intent);
      case "resize":
        return await carryOutResize(this.#room, revision, intent);
      case "settle":
        return await carryOutSettle(this.#room, revision);
      case "delete":
        await this.#free(revision, await carryOutDelete(this.#room, revision));
        return undefined;
      case undefined:
        return revision;
    }
  }
}
