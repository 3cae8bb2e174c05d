import type { StreamRevision } from "../registry/stream-revision.ts";
import type { ShardServices } from "../shards/shard-services.ts";
import { trimHorizonMs } from "../streams/retention-window.ts";
import type { StreamQueue } from "../streams/stream.ts";
import {
  acknowledgeDeliveries,
  changeVisibilities,
  type KnownDeliveries,
  restoreDeliveries,
} from "./answer-deliveries.ts";
import { expireRecords } from "./expire-records.ts";
import type { StateLog } from "./log/state-log.ts";
import type {
  EntryOutcomes,
  QueueFigures,
  ReceivedRecords,
  ReceiveRequest,
  RecordKind,
  VisibilityEntry,
} from "./queue-calls.ts";
import type { QueueTimer, Timed } from "./queue-timer.ts";
import { readRecords } from "./read-records.ts";
import type { ReceiptHandleCipher } from "./receipt-handle.ts";
import { type MissingRead, planReceive, type ReceivePlan } from "./receive-plan.ts";
import { noReceivedRecords, ReceivedBuilder } from "./received-builder.ts";
import { RecordCache, type RecordCacheBudget } from "./record-cache.ts";
import type { QueueState } from "./state/queue-state.ts";
import type { ShardCursor } from "./state/shard-cursor.ts";
import { StateWriter } from "./state-writer.ts";
import type { StreamGrowth } from "./stream-growth.ts";
import { takePlanned } from "./take-planned.ts";
import { type WaitingReceive, WaitingReceives } from "./waiting-receives.ts";

/** Deliveries that end in one turn of the event loop, at most. */
const endedPerTurnMax = 20_000;
/** How long ended deliveries wait to be written together. */
const gatherMs = 200;
/** How often records that have expired are looked for. */
const expiryMs = 60_000;
/** Reads for one receive; then it takes what there is. */
const readsMax = 16;
/** How long a shard that could not be read is left alone. */
const blockedMs = 1_000;

/** Records in the delivery tables of all queues of a server. */
export interface SlotBudget {
  usedCount: number;
  readonly countMax: number;
}

export interface QueueOptions {
  readonly services: ShardServices;
  readonly revision: StreamRevision;
  readonly row: StreamQueue;
  readonly state: QueueState;
  readonly stateLog: StateLog;
  readonly growth: StreamGrowth;
  readonly handles: ReceiptHandleCipher;
  readonly timer: QueueTimer;
  readonly cacheBudget: RecordCacheBudget;
  readonly slots: SlotBudget;
  readonly inFlightMax: number;
}

/** One queue whose state is in memory: serves receives, and what is said about received records. */
export class Queue implements Timed {
  readonly #options: QueueOptions;
  readonly #state: QueueState;
  readonly #writer: StateWriter;
  readonly #cache: RecordCache;
  readonly #waiting = { live: new WaitingReceives(), dead: new WaitingReceives() };
  readonly #blocked = new Map<ShardCursor, { readonly untilMs: number; readonly error: unknown }>();
  #revision: StreamRevision;
  #row: StreamQueue;
  #growthSeen = 0;
  #isServing = false;
  /** Whether something may have become visible since the receives that wait were looked at. */
  #isWoken = false;
  #isEnded = false;
  #takesReceives = true;
  #gatherTick: number | undefined;
  #expiryTick: number;
  #slotCount = 0;
  #receivedCount = 0;
  #emptyReceiveCount = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#revision = options.revision;
    this.#row = options.row;
    this.#state = options.state;
    this.#state.receiveCountMax = options.row.receiveCountMax ?? Number.POSITIVE_INFINITY;
    this.#cache = new RecordCache(options.cacheBudget);
    this.#writer = new StateWriter({
      state: options.state,
      stateLog: options.stateLog,
      changed: (isReverted) => {
        const tick = isReverted ? this.#state.nextTick() : undefined;
        if (tick !== undefined) options.timer.schedule(this, tick);
        this.#wake();
      },
    });
    this.#expiryTick = options.timer.tickAfter(expiryMs);
    this.#countSlots();
    options.timer.schedule(this, this.#expiryTick);
  }

  get id(): string {
    return this.#row.id;
  }

  get stateLog(): StateLog {
    return this.#options.stateLog;
  }

  get figures(): QueueFigures {
    this.#noteGrowth();
    const state = this.#state;
    return {
      receivedCount: this.#receivedCount,
      acknowledgedCount: this.#writer.acknowledgedCount,
      emptyReceiveCount: this.#emptyReceiveCount,
      visibleCount: state.unseenCount + state.waitingCount,
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
    this.#countSlots();
    this.#wake();
  }

  /** Ends the receives that wait, and later ones at once. */
  endReceives(): void {
    this.#takesReceives = false;
    this.#waiting.live.endAll();
    this.#waiting.dead.endAll();
  }

  /** The queue is being deleted, or the server stops. */
  end(): void {
    this.#isEnded = true;
    this.endReceives();
    this.#options.growth.cancel(this.#wakeByGrowth);
    this.#options.timer.cancel(this);
    this.#cache.clear();
  }

  /** Ends it, and resolves when nothing is being written any more. */
  async close(): Promise<void> {
    this.end();
    this.#writer.flush();
    await this.#options.stateLog.close();
    this.#options.slots.usedCount -= this.#slotCount;
    this.#slotCount = 0;
  }

  /** Errors: KeyError, EngineError. */
  receive(request: ReceiveRequest): Promise<ReceivedRecords> {
    if (!this.#takesReceives || request.signal.aborted) return Promise.resolve(noReceivedRecords);
    const waiting = this.#waiting[request.kind];
    if (waiting.count === 0) {
      this.#noteGrowth();
      const plan = this.#plan(request);
      if (plan.missing.length === 0) {
        const received = this.#take(request, plan);
        if (received !== undefined) return Promise.resolve(received);
      }
    }
    const dueTick = this.#options.timer.tickAfter(request.waitSeconds * 1000);
    const promise = waiting.add(request, dueTick);
    this.#options.timer.schedule(this, dueTick);
    this.#wake();
    return promise;
  }

  async acknowledge(kind: RecordKind, handles: readonly string[]): Promise<EntryOutcomes> {
    return await acknowledgeDeliveries(this.#deliveries(), kind, handles);
  }

  async restore(handles: readonly string[]): Promise<EntryOutcomes> {
    return await restoreDeliveries(this.#deliveries(), handles);
  }

  changeVisibility(kind: RecordKind, entries: readonly VisibilityEntry[]): EntryOutcomes {
    const { timer } = this.#options;
    const tickAfter = (seconds: number): number => {
      const tick = timer.tickAfter(seconds * 1000);
      timer.schedule(this, tick);
      return tick;
    };
    const outcomes = changeVisibilities(this.#deliveries(), kind, entries, tickAfter);
    this.#wake();
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
    this.#emptyReceiveCount += this.#waiting.live.endDue(nowTick) + this.#waiting.dead.endDue(nowTick);
    const hasMore = this.#state.expire(nowTick, endedPerTurnMax);
    if (this.#gatherTick !== undefined && this.#gatherTick <= nowTick) {
      this.#gatherTick = undefined;
      if (this.#writer.hasGathered) this.#writer.flush();
    }
    if (this.#expiryTick <= nowTick) {
      this.#expiryTick = this.#options.timer.tickAfter(expiryMs);
      this.#options.stateLog.switchIfDue();
      void this.#expire();
    }
    this.#wake();
    return hasMore ? nowTick : this.#nextTick();
  }

  #nextTick(): number {
    return Math.min(
      this.#expiryTick,
      this.#gatherTick ?? Number.POSITIVE_INFINITY,
      this.#state.nextTick() ?? Number.POSITIVE_INFINITY,
      this.#waiting.live.nextTick ?? Number.POSITIVE_INFINITY,
      this.#waiting.dead.nextTick ?? Number.POSITIVE_INFINITY,
    );
  }

  // Serving.

  readonly #wakeByGrowth = (): void => this.#wake();

  /** Serves the receives that wait at the end of this turn: what it brings is shared out in one pass. */
  #wake(): void {
    if (this.#isEnded || this.#waiting.live.count + this.#waiting.dead.count === 0) return;
    this.#isWoken = true;
    if (this.#isServing) return;
    this.#isServing = true;
    setImmediate(() => void this.#serve());
  }

  async #serve(): Promise<void> {
    const { growth } = this.#options;
    while (this.#isWoken && !this.#isEnded) {
      this.#isWoken = false;
      await this.#serveWaiting(this.#waiting.dead);
      await this.#serveWaiting(this.#waiting.live);
      if (this.#waiting.live.count === 0) continue;
      growth.wakeAtNext(this.#wakeByGrowth);
      // It may have grown since it was looked at.
      if (growth.count !== this.#growthSeen) this.#isWoken = true;
    }
    this.#isServing = false;
  }

  /** Serves receives in their order, until nothing is visible. A fault is that of the receive that met it. */
  async #serveWaiting(waiting: WaitingReceives): Promise<void> {
    for (let receive = waiting.first; receive !== undefined && !this.#isEnded; receive = waiting.first) {
      try {
        if (!(await this.#serveOne(receive))) return;
      } catch (error) {
        receive.reject(error);
      }
    }
  }

  /** Answers a receive, or reads something for it. Returns false if nothing is visible. */
  async #serveOne(receive: WaitingReceive): Promise<boolean> {
    this.#noteGrowth();
    const plan = this.#plan(receive.request);
    const { missing } = plan;
    if (missing.length > 0 && receive.readCount < readsMax) {
      receive.readCount += 1;
      await Promise.all(missing.map((read) => this.#read(read)));
      return true;
    }
    const received = this.#take(receive.request, plan);
    if (received !== undefined) receive.resolve(received);
    else if (missing.length > 0) receive.readCount = 0;
    else return this.#rejectIfBlocked(receive);
    return true;
  }

  #plan({ kind, recordsMax }: ReceiveRequest): ReceivePlan {
    const { inFlightMax, slots } = this.#options;
    const room = inFlightMax - this.#state.inFlightCount;
    return planReceive({
      state: this.#state,
      cache: this.#cache,
      isDead: kind === "dead",
      recordsMax: Math.min(recordsMax, room),
      allowsUnseen: slots.usedCount < slots.countMax && room > 0,
      isBlocked: (cursor) => this.#blocked.size > 0 && this.#isBlocked(cursor),
    });
  }

  /** Takes what is planned and in memory; undefined if that is nothing. */
  #take({ kind, recordsMax, visibilitySeconds }: ReceiveRequest, plan: ReceivePlan): ReceivedRecords | undefined {
    if (plan.again.length + plan.unseen.length === 0) return undefined;
    const { timer, services, handles } = this.#options;
    const room = this.#options.inFlightMax - this.#state.inFlightCount;
    const builder = new ReceivedBuilder(Math.min(recordsMax, room));
    const deadlineTick = timer.tickAfter((visibilitySeconds ?? this.#row.visibilitySeconds) * 1000);
    const oldestMs = this.#oldestMs();
    const second = Math.floor(services.clock.nowMs() / 1000);
    takePlanned(plan, { state: this.#state, cache: this.#cache, builder, deadlineTick, oldestMs, second });
    if (builder.count === 0) return undefined;
    this.#receivedCount += builder.count;
    this.#countSlots();
    timer.schedule(this, deadlineTick);
    return builder.build(handles, kind === "dead");
  }

  async #read({ cursor, position, recordsMax }: MissingRead): Promise<void> {
    const oldestMs = this.#oldestMs();
    try {
      const wanted = { state: this.#state, cursor, position, recordsMax, oldestMs };
      const read = await readRecords(this.#options.services, this.#revision, wanted);
      if (read === undefined) this.#countSlots();
      else if (this.#isEnded) read.release();
      else this.#cache.add(read);
    } catch (error) {
      this.#blocked.set(cursor, { untilMs: this.#options.services.clock.monotonicMs() + blockedMs, error });
    }
  }

  #isBlocked(cursor: ShardCursor): boolean {
    const blocked = this.#blocked.get(cursor);
    if (blocked === undefined) return false;
    if (this.#options.services.clock.monotonicMs() < blocked.untilMs) return true;
    this.#blocked.delete(cursor);
    return false;
  }

  /** Nothing is visible but records that cannot be read: the caller is told why. */
  #rejectIfBlocked(receive: WaitingReceive): boolean {
    for (const [cursor, { error }] of this.#blocked) {
      if (!this.#isBlocked(cursor)) continue;
      receive.reject(error);
      return true;
    }
    return false;
  }

  #noteGrowth(): void {
    const { growth } = this.#options;
    if (growth.count === this.#growthSeen) return;
    for (const shardIndex of growth.since(this.#growthSeen)) {
      this.#state.grow(shardIndex, growth.tipOf(shardIndex));
    }
    this.#growthSeen = growth.count;
  }

  /** Records that were stored before this time have expired, or came before the queue's start. */
  #oldestMs(): number {
    const horizon = trimHorizonMs(this.#options.services.clock.nowMs(), this.#revision.stream);
    return Math.max(horizon, this.#row.startMs ?? 0);
  }

  async #expire(): Promise<void> {
    await expireRecords(this.#options.services.log, this.#revision, this.#state, this.#oldestMs());
    this.#countSlots();
  }

  #deliveries(): KnownDeliveries {
    return { state: this.#state, writer: this.#writer, handles: this.#options.handles };
  }

  #countSlots(): void {
    const { count } = this.#state.table;
    this.#options.slots.usedCount += count - this.#slotCount;
    this.#slotCount = count;
  }
}
