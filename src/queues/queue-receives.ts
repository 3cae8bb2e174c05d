import { EngineError } from "../engine/engine-error.ts";
import type { ReceivedRecords } from "../records/received-records.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { ShardServices } from "../shards/shard-services.ts";
import { trimHorizonMs } from "../streams/retention-window.ts";
import type { StreamQueue } from "../streams/stream.ts";
import type { ReceiveRequest } from "./queue-calls.ts";
import type { QueueTimer } from "./queue-timer.ts";
import { readRecords } from "./read-records.ts";
import type { ReceiptHandleCipher } from "./receipt-handle.ts";
import { type MissingRead, planReceive, type ReceivePlan } from "./receive-plan.ts";
import { noReceivedRecords, ReceivedBuilder } from "./received-builder.ts";
import { RecordCache, type RecordCacheBudget } from "./record-cache.ts";
import type { QueueState } from "./state/queue-state.ts";
import type { ShardCursor } from "./state/shard-cursor.ts";
import type { StreamGrowth } from "./stream-growth.ts";
import { takePlanned } from "./take-planned.ts";
import { type WaitingReceive, WaitingReceives } from "./waiting-receives.ts";

/** Reads for one receive; then it takes what there is. */
const readsMax = 16;
/** How long a shard that could not be read is left alone. */
const blockedMs = 1_000;
/** Handles that are made together, at most about. */
const handlesMax = 4_096;

/** Records in the delivery tables of all queues of a server. */
export interface SlotBudget {
  usedCount: number;
  readonly countMax: number;
}

export interface QueueReceivesOptions {
  readonly services: ShardServices;
  readonly state: QueueState;
  readonly growth: StreamGrowth;
  readonly handles: ReceiptHandleCipher;
  readonly timer: QueueTimer;
  readonly cacheBudget: RecordCacheBudget;
  readonly slots: SlotBudget;
  readonly inFlightMax: number;
  /** See `Engine.densePositions`. */
  readonly densePositions: boolean;
  /** Whether this server may give out records now: another one may have taken the queue over. */
  readonly mayGive: () => boolean;
  /** The newest revision of the stream's document, and the queue's row in it. */
  readonly newest: () => { readonly revision: StreamRevision; readonly row: StreamQueue };
  /** Called when records of a receive are in flight until a tick. */
  readonly taken: (deadlineTick: number) => void;
}

/** A receive that got its records, and has no handles for them yet. */
interface TakenReceive {
  readonly receive: WaitingReceive;
  readonly builder: ReceivedBuilder;
}

/**
 * Serves the receives of one queue: those of one turn of the event loop, and those that wait, in one pass at the end of the
 * turn.
 */
export class QueueReceives {
  readonly #options: QueueReceivesOptions;
  readonly #state: QueueState;
  readonly #cache: RecordCache;
  readonly #waiting = { live: new WaitingReceives(), dead: new WaitingReceives() };
  readonly #blocked = new Map<ShardCursor, { readonly untilMs: number; readonly error: unknown }>();
  readonly #taken: TakenReceive[] = [];
  #growthSeen = 0;
  #isServing = false;
  /** Whether something may have become visible since the receives that wait were looked at. */
  #isWoken = false;
  #isEnded = false;
  #slotCount = 0;
  #receivedCount = 0;
  #emptyCount = 0;

  constructor(options: QueueReceivesOptions) {
    this.#options = options;
    this.#state = options.state;
    this.#cache = new RecordCache(options.cacheBudget);
    this.countSlots();
  }

  /** Records that were given out since the start. */
  get receivedCount(): number {
    return this.#receivedCount;
  }

  /** Receives that ended without a record. */
  get emptyCount(): number {
    return this.#emptyCount;
  }

  /** The tick at which `endDue()` has something to do. */
  get nextTick(): number {
    const { live, dead } = this.#waiting;
    return Math.min(live.nextTick ?? Number.POSITIVE_INFINITY, dead.nextTick ?? Number.POSITIVE_INFINITY);
  }

  /** Errors: KeyError, EngineError. */
  add(request: ReceiveRequest, dueTick: number): Promise<ReceivedRecords> {
    const promise = this.#waiting[request.kind].add(request, dueTick);
    this.wake();
    return promise;
  }

  /** Serves the receives that wait at the end of this turn: what it brings is shared out in one pass. */
  wake(): void {
    if (this.#isEnded || this.#waiting.live.count + this.#waiting.dead.count === 0) return;
    this.#isWoken = true;
    if (this.#isServing) return;
    this.#isServing = true;
    setImmediate(() => void this.#serve());
  }

  endDue(nowTick: number): void {
    this.#emptyCount += this.#waiting.live.endDue(nowTick) + this.#waiting.dead.endDue(nowTick);
  }

  endAll(): void {
    this.#waiting.live.endAll();
    this.#waiting.dead.endAll();
  }

  /** Nothing is served any more. */
  end(): void {
    this.#isEnded = true;
    this.endAll();
    this.#options.growth.cancel(this.#wakeByGrowth);
    this.#cache.clear();
  }

  /** Gives back what the queue has of the budget of slots. */
  close(): void {
    this.#options.slots.usedCount -= this.#slotCount;
    this.#slotCount = 0;
  }

  /** Slots of the delivery table count for the budget of the server. */
  countSlots(): void {
    const { count } = this.#state.table;
    this.#options.slots.usedCount += count - this.#slotCount;
    this.#slotCount = count;
  }

  noteGrowth(): void {
    const { growth } = this.#options;
    if (growth.count === this.#growthSeen) return;
    for (const shardIndex of growth.since(this.#growthSeen)) {
      this.#state.grow(shardIndex, growth.tipOf(shardIndex));
    }
    this.#growthSeen = growth.count;
  }

  /** Records that were stored before this time have expired, or came before the queue's start. */
  oldestMs(): number {
    const { revision, row } = this.#options.newest();
    const horizon = trimHorizonMs(this.#options.services.clock.nowMs(), revision.stream);
    return Math.max(horizon, row.startMs ?? 0);
  }

  readonly #wakeByGrowth = (): void => this.wake();

  async #serve(): Promise<void> {
    const { growth } = this.#options;
    while (this.#isWoken && !this.#isEnded) {
      this.#isWoken = false;
      await this.#serveWaiting(this.#waiting.dead);
      await this.#serveWaiting(this.#waiting.live);
      this.#waiting.dead.wait();
      this.#waiting.live.wait();
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
        if (!this.#options.mayGive()) throw notServed();
        const reading = this.#serveOne(receive, waiting);
        if (reading === false) break;
        if (reading !== true) await reading;
      } catch (error) {
        waiting.remove(receive);
        receive.reject(error);
      }
    }
    this.#answerTaken();
  }

  /** Takes records for a receive, or reads something for it. Returns false if nothing is visible. */
  #serveOne(receive: WaitingReceive, waiting: WaitingReceives): boolean | Promise<unknown> {
    if (receive.request.signal.aborted) {
      waiting.remove(receive);
      receive.resolve(noReceivedRecords);
      return true;
    }
    this.noteGrowth();
    const plan = this.#plan(receive.request);
    const { missing } = plan;
    if (missing.length > 0 && receive.readCount < readsMax) {
      receive.readCount += 1;
      this.#answerTaken();
      return Promise.all(missing.map((read) => this.#read(read)));
    }
    const builder = this.#take(receive.request, plan);
    if (builder !== undefined) {
      waiting.remove(receive);
      this.#taken.push({ receive, builder });
      if (this.#options.handles.addedCount >= handlesMax) this.#answerTaken();
    } else if (missing.length > 0) receive.readCount = 0;
    else return this.#rejectIfBlocked(receive, waiting);
    return true;
  }

  /** Makes the handles of all receives that have got their records, and answers them. */
  #answerTaken(): void {
    if (this.#taken.length === 0) return;
    const handles = this.#options.handles.encryptAdded();
    for (const { receive, builder } of this.#taken) receive.resolve(builder.build(handles));
    this.#taken.length = 0;
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
  #take({ recordsMax, visibilitySeconds }: ReceiveRequest, plan: ReceivePlan): ReceivedBuilder | undefined {
    if (plan.again.length + plan.unseen.length === 0) return undefined;
    const { timer, services, handles, newest } = this.#options;
    const room = this.#options.inFlightMax - this.#state.inFlightCount;
    const builder = new ReceivedBuilder(Math.min(recordsMax, room), handles);
    const deadlineTick = timer.tickAfter((visibilitySeconds ?? newest().row.visibilitySeconds) * 1000);
    const oldestMs = this.oldestMs();
    const second = Math.floor(services.clock.nowMs() / 1000);
    takePlanned(plan, { state: this.#state, cache: this.#cache, builder, deadlineTick, oldestMs, second });
    if (builder.count === 0) return undefined;
    this.#receivedCount += builder.count;
    this.countSlots();
    this.#options.taken(deadlineTick);
    return builder;
  }

  async #read({ cursor, position, recordsMax }: MissingRead): Promise<void> {
    const oldestMs = this.oldestMs();
    try {
      const { densePositions } = this.#options;
      const wanted = { state: this.#state, cursor, position, recordsMax, oldestMs, densePositions };
      const read = await readRecords(this.#options.services, this.#options.newest().revision, wanted);
      if (read === undefined) this.countSlots();
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
  #rejectIfBlocked(receive: WaitingReceive, waiting: WaitingReceives): boolean {
    for (const [cursor, { error }] of this.#blocked) {
      if (!this.#isBlocked(cursor)) continue;
      waiting.remove(receive);
      receive.reject(error);
      return true;
    }
    return false;
  }
}

function notServed(): EngineError {
  return new EngineError(
    "unavailable",
    "This gateway does not know whether it still serves the queue. Nothing was received. It may be tried again.",
  );
}
