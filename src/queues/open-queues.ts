import { randomInt } from "node:crypto";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { ShardServices } from "../shards/shard-services.ts";
import { findQueue } from "../streams/queue-ref.ts";
import type { StreamQueue } from "../streams/stream.ts";
import { backgroundTaskFailed } from "../telemetry/diagnostic-events.ts";
import { commitGeneration } from "./commit-generation.ts";
import { loadQueueState, stateLogRef } from "./load-queue.ts";
import { StateLog } from "./log/state-log.ts";
import { Queue, type SlotBudget } from "./queue.ts";
import type {
  EntryOutcomes,
  QueueFigures,
  QueueRef,
  ReceivedRecords,
  ReceiveRequest,
  RecordKind,
  VisibilityEntry,
} from "./queue-calls.ts";
import { QueueTimer } from "./queue-timer.ts";
import { ReceiptHandleCipher } from "./receipt-handle.ts";
import { RecordCacheBudget } from "./record-cache.ts";
import { QueueState } from "./state/queue-state.ts";
import { StreamGrowth } from "./stream-growth.ts";

const firstGeneration = 1;

/** Records in flight in one queue; the limit of the service is 120,000. */
const inFlightMaxDefault = 1_000_000;
/** Records in the delivery tables of all queues: in flight, to be received again, or dead letters. 40 to 50 bytes each. */
const slotsMax = 4_000_000;

const changeBytesMaxDefault = 256 * 1024;
const epochCeiling = 2 ** 32;

export interface OpenQueuesOptions {
  readonly shards: ShardServices;
  /** 32 bytes that outlive a restart. Receipt handles are encrypted under keys derived from them. */
  readonly handleKey: Uint8Array;
  /** Records in flight in one queue, at most. */
  readonly inFlightMax?: number | undefined;
  /** Bytes of changes behind a snapshot of a state, however small that is, before it is written again. */
  readonly changeBytesMax?: number;
  /** A number from 0 to 2^32 - 1 that marks the receipt handles of one load of a queue. */
  readonly newEpoch?: () => number;
}

/** The queues of one stream that are in memory, and how far its shards have grown. */
interface StreamQueues {
  readonly growth: StreamGrowth;
  readonly ids: Set<string>;
}

interface OpenQueue {
  readonly loading: Promise<Queue>;
  readonly streamId: string;
  loaded?: Queue;
}

/**
 * The queues of a server: each is loaded at its first use. What became of their records is in their state logs; this has it in
 * memory. Errors of its calls: KeyError, EngineError.
 */
export class OpenQueues {
  readonly #services: ShardServices;
  readonly #handleKey: Uint8Array;
  readonly #inFlightMax: number;
  readonly #changeBytesMax: number;
  readonly #newEpoch: () => number;
  readonly #timer: QueueTimer;
  readonly #cacheBudget = new RecordCacheBudget();
  readonly #slots: SlotBudget = { usedCount: 0, countMax: slotsMax };
  readonly #queues = new Map<string, OpenQueue>();
  readonly #streams = new Map<string, StreamQueues>();
  #isDraining = false;

  constructor(options: OpenQueuesOptions) {
    this.#services = options.shards;
    this.#handleKey = options.handleKey;
    this.#inFlightMax = options.inFlightMax ?? inFlightMaxDefault;
    this.#changeBytesMax = options.changeBytesMax ?? changeBytesMaxDefault;
    this.#newEpoch = options.newEpoch ?? (() => randomInt(epochCeiling));
    this.#timer = new QueueTimer(options.shards.clock);
  }

  /** Makes the first state log of a queue, to be named by its row before the queue is ACTIVE. May be repeated. */
  async openStateLog(queueId: string): Promise<NonNullable<StreamQueue["stateLog"]>> {
    const { placement } = await this.#services.log.createShard(queueId, firstGeneration, { openShardCount: 1 });
    return { generation: firstGeneration, placement };
  }

  /** Ends the receives of a queue and frees its state. Call it while its row says DELETING. May be repeated. */
  async drop(_revision: StreamRevision, row: StreamQueue): Promise<void> {
    const { id } = row;
    const refs = row.stateLog === undefined ? [] : [stateLogRef(row)];
    const open = this.#queues.get(id);
    const queue = await open?.loading.catch(() => undefined);
    await queue?.close();
    this.#forget(id);
    await this.#services.log.dropStream(id, [...refs, ...(queue?.stateLog.refs ?? [])]);
  }

  /** Records that are in flight from now on; none when the time is over, the signal aborts, or the queue is being deleted. */
  async receive(ref: QueueRef, request: ReceiveRequest): Promise<ReceivedRecords> {
    return await (this.#loaded(ref) ?? (await this.#load(ref))).receive(request);
  }

  /** Resolves when the acknowledgements are durable. */
  async acknowledge(ref: QueueRef, kind: RecordKind, handles: readonly string[]): Promise<EntryOutcomes> {
    return await (this.#loaded(ref) ?? (await this.#load(ref))).acknowledge(kind, handles);
  }

  async changeVisibility(ref: QueueRef, kind: RecordKind, entries: readonly VisibilityEntry[]): Promise<EntryOutcomes> {
    return (this.#loaded(ref) ?? (await this.#load(ref))).changeVisibility(kind, entries);
  }

  /** Makes dead letters live records that were never received. Resolves when that is durable. */
  async restore(ref: QueueRef, handles: readonly string[]): Promise<EntryOutcomes> {
    return await (this.#loaded(ref) ?? (await this.#load(ref))).restore(handles);
  }

  /** Undefined for a queue that was not used since the server started. */
  figures(queueId: string): QueueFigures | undefined {
    return this.#queues.get(queueId)?.loaded?.figures;
  }

  /** To be called with each new revision of a stream. */
  update(revision: StreamRevision): void {
    for (const id of this.#streams.get(revision.stream.id)?.ids ?? []) {
      const row = findQueue(revision.stream, id);
      const queue = this.#queues.get(id)?.loaded;
      if (row === undefined) {
        queue?.end();
        this.#forget(id);
      } else queue?.update(revision, row);
    }
  }

  /** Ends all receives that wait, and lets later ones end at once. What is in flight is answered. */
  drain(): void {
    this.#isDraining = true;
    for (const { loaded } of this.#queues.values()) loaded?.endReceives();
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    this.drain();
    const queues = await Promise.allSettled([...this.#queues.values()].map(({ loading }) => loading));
    await Promise.all(queues.map((queue) => (queue.status === "fulfilled" ? queue.value.close() : undefined)));
    for (const id of [...this.#queues.keys()]) this.#forget(id);
    this.#timer.close();
  }

  #loaded({ queue }: QueueRef): Queue | undefined {
    return this.#queues.get(queue.id)?.loaded;
  }

  async #load({ revision, queue }: QueueRef): Promise<Queue> {
    const known = this.#queues.get(queue.id);
    if (known !== undefined) return await known.loading;
    const streamId = revision.stream.id;
    const growth = this.#growthOf(streamId, queue.id);
    const loading = this.#loadNew({ revision, queue }, growth);
    const open: OpenQueue = { loading, streamId };
    this.#queues.set(queue.id, open);
    try {
      open.loaded = await loading;
      // The document may have changed meanwhile.
      const newest = this.#services.registry.current(revision);
      const row = newest === undefined ? undefined : findQueue(newest.stream, queue.id);
      if (newest === undefined || row === undefined) open.loaded.end();
      else open.loaded.update(newest, row);
      if (this.#isDraining) open.loaded.endReceives();
      return open.loaded;
    } catch (error) {
      this.#forget(queue.id);
      throw error;
    }
  }

  async #loadNew({ revision, queue: row }: QueueRef, growth: StreamGrowth): Promise<Queue> {
    const { log, clock, registry } = this.#services;
    let queue: Queue | undefined;
    const state = new QueueState({ tick: this.#timer.nowTick, ended: (slot) => queue?.deliveryEnded(slot) });
    const loaded = await loadQueueState(this.#services, revision, row, state);
    const stateLog = new StateLog({
      log,
      clock,
      ref: stateLogRef(row),
      loaded,
      state,
      changeBytesMax: this.#changeBytesMax,
      commit: (next) => commitGeneration(registry, revision, row.id, next),
      failed: (error) => backgroundTaskFailed.publish({ streamName: revision.stream.name, intent: "queue", error }),
    });
    queue = new Queue({
      services: this.#services,
      revision,
      row,
      state,
      stateLog,
      growth,
      handles: new ReceiptHandleCipher(this.#handleKey, row.id, this.#newEpoch()),
      timer: this.#timer,
      cacheBudget: this.#cacheBudget,
      slots: this.#slots,
      inFlightMax: this.#inFlightMax,
    });
    return queue;
  }

  /** Notes the growth of a stream from its first queue on. */
  #growthOf(streamId: string, queueId: string): StreamGrowth {
    let stream = this.#streams.get(streamId);
    if (stream === undefined) {
      stream = { growth: new StreamGrowth(), ids: new Set() };
      this.#streams.set(streamId, stream);
      this.#services.growth.listen(streamId, stream.growth.note);
    }
    stream.ids.add(queueId);
    return stream.growth;
  }

  #forget(queueId: string): void {
    const streamId = this.#queues.get(queueId)?.streamId;
    this.#queues.delete(queueId);
    const stream = streamId === undefined ? undefined : this.#streams.get(streamId);
    if (streamId === undefined || stream === undefined) return;
    stream.ids.delete(queueId);
    if (stream.ids.size > 0) return;
    this.#streams.delete(streamId);
    this.#services.growth.forget(streamId);
  }
}
