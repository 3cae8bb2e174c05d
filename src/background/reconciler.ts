import { isConflict } from "../engine/engine-error.ts";
import type { PendingDrop } from "../registry/deleted-streams.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import {
  completeDueConsumerTransitions,
  nextDueTransition,
  type StreamTransition,
} from "../streams/due-transitions.ts";
import { backgroundTaskFailed } from "../telemetry/diagnostic-events.ts";
import { carryOutChannel } from "./carry-out-channel.ts";
import { carryOutQueue } from "./carry-out-queue.ts";
import { commitStep } from "./commit-step.ts";
import { runCreate, runDelete, runReshard, runResize, runSettingsChange } from "./intent-steps.ts";
import type { ReconcilerContext } from "./reconciler-context.ts";

/** Pause after a step that failed. */
const retryMs = 200;
/** Between two reports of a step that goes on to fail in the same way. */
const reportMs = 60_000;

/** What a transition of rows is called in reports. */
const rowKinds: ReadonlyMap<StreamTransition["kind"] | undefined, string> = new Map([
  ["queues", "queue"],
  ["channels", "channel"],
]);

/** The last second of a deleted stream is kept for 30 days: further back no clock is set by accident. */
const lastSecondKeptS = 30 * 24 * 3600;

/**
 * Carries out the intents in stream documents: create, split, merge, resize, settings, delete, and the transitions of
 * consumers, queues and channels. A request only writes the intent. The work may be interrupted between any two steps and continues after a restart.
 */
export class Reconciler {
  readonly #context: ReconcilerContext;
  readonly #closing = new AbortController();
  /** Running jobs by stream id; at most one for each stream. */
  readonly #jobs = new Map<string, Promise<void>>();
  /** The last failure that was reported of each stream whose job runs. */
  readonly #reported = new Map<string, { readonly sentence: string; readonly atMs: number }>();

  constructor(context: ReconcilerContext) {
    this.#context = context;
  }

  /** Continues what an earlier process left unfinished. */
  async start(): Promise<void> {
    const { deletedStreams, registry, clock } = this.#context;
    await this.#finishDrops();
    await deletedStreams.forgetNamesBefore(Math.floor(clock.nowMs() / 1000) - lastSecondKeptS);
    for (const revision of registry.all()) this.wake(revision);
  }

  /** Goes on with the deletions of a gateway that is gone: no document of a stream is left that would start them again. */
  async carryOn(): Promise<void> {
    try {
      await this.#finishDrops();
    } catch (error) {
      if (!this.#closing.signal.aborted) backgroundTaskFailed.publish({ streamName: "-", intent: "delete", error });
    }
  }

  /** Starts a job if the revision has a transition and its stream has no job yet. Call it with every new revision. */
  wake(revision: StreamRevision): void {
    const { id } = revision.stream;
    if (nextDueTransition(revision.stream) === undefined || this.#jobs.has(id) || this.#closing.signal.aborted) return;
    const job = this.#run(revision).finally(() => {
      this.#jobs.delete(id);
      this.#reported.delete(id);
      // The job may have looked at the document for the last time before this revision was written.
      const newest = this.#context.registry.current(revision);
      if (newest !== undefined) this.wake(newest);
    });
    this.#jobs.set(id, job);
  }

  /** Resolves when no job is running. Unfinished intents stay in their documents. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#jobs.values());
  }

  async #run(first: StreamRevision): Promise<void> {
    try {
      await this.#carryOutAll(first);
    } finally {
      await this.#context.turns?.end(first.stream.id);
    }
  }

  async #carryOutAll(first: StreamRevision): Promise<void> {
    const { signal } = this.#closing;
    let next: StreamRevision | undefined = first;
    while (next !== undefined && !signal.aborted) {
      const revision: StreamRevision = next;
      const transition = nextDueTransition(revision.stream);
      if (transition === undefined) return;
      try {
        next = (await this.#waitUntilTurn(revision, transition.dueMs))
          ? await this.#carryOut(revision, transition)
          : this.#context.registry.current(revision);
      } catch (error) {
        if (signal.aborted) return;
        // A lost race is no failure: the newer document says what to do.
        if (!isConflict(error)) await this.#reportAndPause(revision, error);
        next = this.#context.registry.current(revision);
      }
    }
  }

  /** Drops the logs of a stream whose document is gone, until it succeeds: no later revision would start this again. */
  async #dropWithRetries(revision: StreamRevision, drop: PendingDrop): Promise<void> {
    const signal = this.#closing.signal;
    while (!signal.aborted) {
      try {
        return await this.#drop(drop);
      } catch (error) {
        if (!signal.aborted) await this.#reportAndPause(revision, error);
      }
    }
  }

  async #finishDrops(): Promise<void> {
    const { deletedStreams, turns } = this.#context;
    for (const drop of await deletedStreams.pendingDrops()) {
      if (turns !== undefined && !(await turns.take(drop.streamId))) continue;
      await this.#drop(drop);
      await turns?.end(drop.streamId);
    }
  }

  async #drop({ streamId, shards }: PendingDrop): Promise<void> {
    const { log, deletedStreams } = this.#context;
    await log.dropStream(streamId, shards);
    await deletedStreams.endDrop(streamId);
  }

  /** Reports a failure at once and each minute while it goes on: a full disk fails each step for as long as it is full. */
  async #reportAndPause({ stream }: StreamRevision, error: unknown): Promise<void> {
    const { clock } = this.#context;
    const { id, name, intent } = stream;
    const sentence = error instanceof Error ? error.message : String(error);
    const nowMs = clock.monotonicMs();
    const last = this.#reported.get(id);
    if (last?.sentence !== sentence || nowMs - last.atMs >= reportMs) {
      this.#reported.set(id, { sentence, atMs: nowMs });
      const rowKind = rowKinds.get(nextDueTransition(stream)?.kind);
      backgroundTaskFailed.publish({ streamName: name, intent: rowKind ?? intent?.kind ?? "-", error });
    }
    await clock.delay(retryMs, this.#closing.signal).catch(() => undefined);
  }

  /** False when the document changes before the time has come. */
  async #waitUntilDue(revision: StreamRevision, dueMs: number): Promise<boolean> {
    const { clock, registry } = this.#context;
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

  /** False when the document changes before the time has come and it is this gateway's turn. */
  async #waitUntilTurn(revision: StreamRevision, dueMs: number): Promise<boolean> {
    if (!(await this.#waitUntilDue(revision, dueMs))) return false;
    const { turns } = this.#context;
    return turns === undefined || (await turns.waitFor(revision, this.#closing.signal));
  }

  /** Returns the next revision to look at; undefined when the stream is gone. */
  async #carryOut(revision: StreamRevision, transition: StreamTransition): Promise<StreamRevision | undefined> {
    const { registry, clock } = this.#context;
    if (transition.kind === "consumers") {
      // The clock may have been set back during the wait.
      const nowMs = Math.max(clock.nowMs(), transition.dueMs);
      return await commitStep(registry, revision, (stream) => completeDueConsumerTransitions(stream, nowMs));
    }
    if (transition.kind === "queues") {
      return await carryOutQueue(this.#context, revision, Math.max(clock.nowMs(), transition.dueMs));
    }
    if (transition.kind === "channels") {
      return await carryOutChannel(this.#context, revision, Math.max(clock.nowMs(), transition.dueMs));
    }
    const { intent } = revision.stream;
    switch (intent?.kind) {
      case "create":
        return await runCreate(this.#context, revision, intent);
      case "reshard":
        return await runReshard(this.#context, revision, intent);
      case "resize":
        return await runResize(this.#context, revision, intent);
      case "settle":
        return await runSettingsChange(this.#context, revision, intent);
      case "delete":
        await this.#dropWithRetries(revision, await runDelete(this.#context, revision));
        return undefined;
      case undefined:
        return revision;
    }
  }
}
