import type { ReceivedRecords } from "../records/received-records.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { StreamQueue } from "../streams/stream.ts";
import {
  type AcknowledgeCall,
  acknowledgeDeliveries,
  changeVisibilities,
  type KnownDeliveries,
  restoreDeliveries,
} from "./answer-deliveries.ts";
import { expireRecords } from "./expire-records.ts";
import type { StateLog } from "./log/state-log.ts";
import type { EntryOutcomes, QueueFigures, ReceiveRequest, RecordKind, VisibilityEntry } from "./queue-calls.ts";
import { QueueReceives, type QueueReceivesOptions } from "./queue-receives.ts";
import type { Timed } from "./queue-timer.ts";
import { noReceivedRecords } from "./received-builder.ts";
import type { QueueState } from "./state/queue-state.ts";
import { StateWriter } from "./state-writer.ts";

/** Deliveries that end in one turn of the event loop, at most. */
const endedPerTurnMax = 20_000;
/** How long ended deliveries wait to be written together. */
const gatherMs = 200;
/** How often records that have expired are looked for. */
const expiryMs = 60_000;

export interface QueueOptions extends Omit<QueueReceivesOptions, "newest" | "taken"> {
  readonly revision: StreamRevision;
  readonly row: StreamQueue;
  readonly stateLog: StateLog;
}

/** One queue whose state is in memory: serves receives, and what is said about received records. */
export class Queue implements Timed {
  readonly #options: QueueOptions;
  readonly #state: QueueState;
  readonly #writer: StateWriter;
  readonly #receives: QueueReceives;
  /** Calls of this turn of the event loop. */
  #acknowledgeCalls: AcknowledgeCall[] = [];
  #isTurnEnding = false;
  #revision: StreamRevision;
  #row: StreamQueue;
  #isEnded = false;
  #takesReceives = true;
  #gatherTick: number | undefined;
  #expiryTick: number;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#revision = options.revision;
    this.#row = options.row;
    this.#state = options.state;
    this.#state.receiveCountMax = options.row.receiveCountMax ?? Number.POSITIVE_INFINITY;
    this.#receives = new QueueReceives({
      ...options,
      newest: () => ({ revision: this.#revision, row: this.#row }),
      taken: (deadlineTick) => options.timer.schedule(this, deadlineTick),
    });
    this.#writer = new StateWriter({
      state: options.state,
      stateLog: options.stateLog,
      changed: (isReverted) => {
        const tick = isReverted ? this.#state.nextTick() : undefined;
        if (tick !== undefined) options.timer.schedule(this, tick);
        this.#receives.wake();
      },
    });
    this.#expiryTick = options.timer.tickAfter(expiryMs);
    options.timer.schedule(this, this.#expiryTick);
  }

  get stateLog(): StateLog {
    return this.#options.stateLog;
  }

  /** Whether this server surely serves the queue. */
  get mayGive(): boolean {
    return this.#options.mayGive();
  }

  get figures(): QueueFigures {
    this.#receives.noteGrowth();
    const state = this.#state;
    return {
      receivedCount: this.#receives.receivedCount,
      acknowledgedCount: this.#writer.acknowledgedCount,
      emptyReceiveCount: this.#receives.emptyCount,
      visibleCount: this.#options.densePositions ? state.unseenCount + state.waitingCount : undefined,
      inFlightCount: state.inFlightCount - state.inFlightDeadCount,
      visibleDeadLetterCount: state.visibleDeadCount,
      inFlightDeadLetterCount: state.inFlightDeadCount,
    };
  }

  /** Takes over a newer revision of the stream's document: settings, and shards that have come or gone. */
  update(revision: StreamRevision, row: StreamQueue): void {
    if (revision.revision <= this.#revision.revision) return;
    this.#revision = revision;
    this.#row = row;
    this.#state.receiveCountMax = row.receiveCountMax ?? Number.POSITIVE_INFINITY;
    if (row.status === "DELETING") {
      this.end();
      return;
    }
    for (const { shardIndex } of [...this.#state.cursors]) {
      if (revision.shard(shardIndex) === undefined) this.#state.removeShard(shardIndex);
    }
    for (const { index } of revision.stream.shards) {
      if (this.#state.cursorOf(index) !== undefined) continue;
      this.#state.addShard(index, { floor: 1, tip: this.#options.growth.tipOf(index) });
    }
    this.#receives.countSlots();
    this.#receives.wake();
  }

  /** Ends the receives that wait, and later ones at once. */
  endReceives(): void {
    this.#takesReceives = false;
    this.#receives.endAll();
  }

  /** The queue is being deleted, or the server stops. */
  end(): void {
    this.#isEnded = true;
    this.#takesReceives = false;
    this.#receives.end();
    this.#options.timer.cancel(this);
  }

  /** Ends it, and resolves when nothing is being written any more. */
  async close(): Promise<void> {
    this.end();
    this.#endTurn();
    this.#writer.flush();
    await this.#options.stateLog.close();
    this.#receives.close();
  }

  /** Errors: KeyError, EngineError. */
  receive(request: ReceiveRequest): Promise<ReceivedRecords> {
    if (!this.#takesReceives || request.signal.aborted) return Promise.resolve(noReceivedRecords);
    const dueTick = this.#options.timer.tickAfter(request.waitSeconds * 1000);
    this.#options.timer.schedule(this, dueTick);
    return this.#receives.add(request, dueTick);
  }

  /** Resolves when the acknowledgements are durable. */
  acknowledge(kind: RecordKind, handles: readonly string[]): Promise<EntryOutcomes> {
    return new Promise((resolve, reject) => {
      this.#acknowledgeCalls.push({ kind, handles, resolve, reject });
      this.#endTurnLater();
    });
  }

  /** Resolves when the dead letters are durably live records again. */
  restore(handles: readonly string[]): Promise<EntryOutcomes> {
    this.#endTurnLater();
    return restoreDeliveries(this.#deliveries(), handles);
  }

  changeVisibility(kind: RecordKind, entries: readonly VisibilityEntry[]): EntryOutcomes {
    const { timer } = this.#options;
    const tickAfter = (seconds: number): number => {
      const tick = timer.tickAfter(seconds * 1000);
      timer.schedule(this, tick);
      return tick;
    };
    const outcomes = changeVisibilities(this.#deliveries(), kind, entries, tickAfter);
    this.#receives.wake();
    return outcomes;
  }

  /** A delivery of a live record ended without acknowledgement. */
  deliveryEnded(slot: number): void {
    this.#writer.deliveryEnded(slot);
    if (this.#gatherTick !== undefined) return;
    this.#gatherTick = this.#options.timer.tickAfter(gatherMs);
    this.#options.timer.schedule(this, this.#gatherTick);
  }

  tick(nowTick: number): number | undefined {
    if (this.#isEnded) return undefined;
    this.#receives.endDue(nowTick);
    const hasMore = this.#state.expire(nowTick, endedPerTurnMax);
    if (this.#gatherTick !== undefined && this.#gatherTick <= nowTick) {
      this.#gatherTick = undefined;
      if (this.#writer.hasGathered) this.#writer.flush();
    }
    if (this.#expiryTick <= nowTick) {
      this.#expiryTick = this.#options.timer.tickAfter(expiryMs);
      this.#options.stateLog.switchIfDue();
      this.#state.trim();
      void this.#expire();
    }
    this.#receives.wake();
    return hasMore ? nowTick : this.#nextTick();
  }

  #nextTick(): number {
    return Math.min(
      this.#expiryTick,
      this.#gatherTick ?? Number.POSITIVE_INFINITY,
      this.#state.nextTick() ?? Number.POSITIVE_INFINITY,
      this.#receives.nextTick,
    );
  }

  /** The calls of one turn are carried out together, right after the poll of the sockets that brought them. */
  #endTurnLater(): void {
    if (this.#isTurnEnding) return;
    this.#isTurnEnding = true;
    setImmediate(() => this.#endTurn());
  }

  #endTurn(): void {
    this.#isTurnEnding = false;
    const calls = this.#acknowledgeCalls;
    this.#acknowledgeCalls = [];
    try {
      if (calls.length > 0) acknowledgeDeliveries(this.#deliveries(), calls);
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
    this.#writer.flushAwaited();
  }

  async #expire(): Promise<void> {
    await expireRecords(this.#options.services.log, this.#revision, this.#state, this.#receives.oldestMs());
    this.#receives.countSlots();
  }

  #deliveries(): KnownDeliveries {
    return { state: this.#state, writer: this.#writer, handles: this.#options.handles };
  }
}
