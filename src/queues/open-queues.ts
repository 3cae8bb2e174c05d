import { EngineError } from "../engine/engine-error.ts";
import type { ReceivedRecords } from "../records/received-records.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { ShardServices } from "../shards/shard-services.ts";
import { findQueue } from "../streams/queue-ref.ts";
import type { StreamQueue } from "../streams/stream.ts";
import type { CallResult, QueueCall } from "./passed-call.ts";
import type { Queue } from "./queue.ts";
import type {
  EntryOutcomes,
  QueueFigures,
  QueueRef,
  ReceiveRequest,
  RecordKind,
  VisibilityEntry,
} from "./queue-calls.ts";
import type { QueueLoader } from "./queue-loader.ts";
import { callName, ownedElsewhere, ownerNameOf, type QueueGateways, queueOfOwnerName } from "./queue-ownership.ts";
import { firstGeneration, stateLogRef } from "./state-log-ref.ts";
import { StreamGrowth } from "./stream-growth.ts";

const growthListenerName = "queues";

/** While a queue has no owner that answers: longer than a gateway needs to be taken for gone. */
const attemptsMax = 24;
const attemptPauseMs = 250;
const neverAborted = new AbortController().signal;

export interface OpenQueuesOptions {
  readonly shards: ShardServices;
  /** 32 bytes that outlive a restart. Receipt handles are encrypted under keys derived from them. */
  readonly handleKey: Uint8Array;
  /** Records in flight in one queue, at most. */
  readonly inFlightMax?: number | undefined;
  /** Bytes of changes behind a snapshot of a state, however small that is, before it is written again. */
  readonly changeBytesMax?: number;
  /** See `Engine.densePositions`; default: true. */
  readonly densePositions?: boolean;
  /** Present where other servers may serve the same queues: each queue has one owner among them. */
  readonly gateways?: QueueGateways | undefined;
  /** A number from 0 to 2^32 - 1 that marks the receipt handles of one load of a queue. */
  readonly newEpoch?: () => number;
}

function isPassing(error: unknown): boolean {
  return error instanceof EngineError && (error.kind === "unavailable" || error.kind === "indeterminate");
}

/** The queues of one stream that are in memory, and how far its shards have grown. */
interface StreamQueues {
  readonly growth: StreamGrowth;
  readonly ids: Set<string>;
  /** Ends the following of its shards. */
  readonly ended: AbortController;
  /** Indexes of the shards that are followed. */
  readonly followed: Set<number>;
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
  readonly #options: OpenQueuesOptions;
  readonly #services: ShardServices;
  readonly #queues = new Map<string, OpenQueue>();
  readonly #streams = new Map<string, StreamQueues>();
  /** Made at the first use of a queue: a server without queues does not load what it needs. */
  #loader: Promise<QueueLoader> | undefined;
  #isDraining = false;

  constructor(options: OpenQueuesOptions) {
    this.#options = options;
    this.#services = options.shards;
    const { gateways } = options;
    if (gateways === undefined) return;
    gateways.calls.handle(callName, (payload, signal) => this.#answerPassed(payload, signal));
    gateways.owners.onChange((name) => {
      const id = queueOfOwnerName(name);
      if (id !== undefined && gateways.owners.find(name)?.isOwn !== true) this.#unload(id);
    });
  }

  /** Makes the first state log of a queue, to be named by its row before the queue is ACTIVE. May be repeated. */
  async openStateLog(queueId: string): Promise<NonNullable<StreamQueue["stateLog"]>> {
    const { placement } = await this.#services.log.createShard(queueId, firstGeneration, { openShardCount: 1 });
    return { generation: firstGeneration, placement };
  }

  /** Ends the receives of a queue and frees its state. Call it while its row says DELETING. May be repeated. */
  async drop(row: StreamQueue): Promise<void> {
    const { id } = row;
    const refs = row.stateLog === undefined ? [] : [stateLogRef(row)];
    const open = this.#queues.get(id);
    const queue = await open?.loading.catch(() => undefined);
    await queue?.close();
    this.#forget(id);
    await this.#services.log.dropStream(id, [...refs, ...(queue?.stateLog.refs ?? [])]);
  }

  /** Records that are in flight from now on; none when the time is over, the signal aborts, or the queue is being deleted. */
  receive(ref: QueueRef, request: ReceiveRequest): Promise<ReceivedRecords> {
    const { signal, ...rest } = request;
    const loaded = this.#loaded(ref);
    if (loaded !== undefined) return loaded.receive(request);
    return this.#call(ref, { name: "receive", request: rest }, signal) as Promise<ReceivedRecords>;
  }

  /** Resolves when the acknowledgements are durable. */
  acknowledge(ref: QueueRef, kind: RecordKind, handles: readonly string[]): Promise<EntryOutcomes> {
    const loaded = this.#loaded(ref);
    if (loaded !== undefined) return loaded.acknowledge(kind, handles);
    return this.#call(ref, { name: "acknowledge", kind, handles }) as Promise<EntryOutcomes>;
  }

  changeVisibility(ref: QueueRef, kind: RecordKind, entries: readonly VisibilityEntry[]): Promise<EntryOutcomes> {
    const loaded = this.#loaded(ref);
    if (loaded !== undefined) return Promise.resolve(loaded.changeVisibility(kind, entries));
    return this.#call(ref, { name: "changeVisibility", kind, entries }) as Promise<EntryOutcomes>;
  }

  /** Makes dead letters live records that were never received. Resolves when that is durable. */
  restore(ref: QueueRef, handles: readonly string[]): Promise<EntryOutcomes> {
    return (
      this.#loaded(ref)?.restore(handles) ?? (this.#call(ref, { name: "restore", handles }) as Promise<EntryOutcomes>)
    );
  }

  /** Undefined for a queue that was not used since the server started. */
  figures(queueId: string): QueueFigures | undefined {
    return this.#queues.get(queueId)?.loaded?.figures;
  }

  /** To be called with each new revision of a stream. */
  update(revision: StreamRevision): void {
    this.#follow(revision);
    for (const id of this.#streams.get(revision.stream.id)?.ids ?? []) {
      const row = findQueue(revision.stream, id);
      const queue = this.#queues.get(id)?.loaded;
      if (row === undefined) {
        queue?.end();
        this.#forget(id);
        void this.#options.gateways?.owners.release(ownerNameOf(id)).catch(() => undefined);
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
    (await this.#loader)?.close();
  }

  /** Undefined also when another gateway may have taken the queue over: then it is let go. */
  #loaded({ queue: { id } }: QueueRef): Queue | undefined {
    const loaded = this.#queues.get(id)?.loaded;
    if (loaded === undefined || loaded.mayGive) return loaded;
    this.#unload(id);
    return undefined;
  }

  /** Carries out a call here, or has the gateway do it that owns the queue. */
  async #call(ref: QueueRef, first: QueueCall, signal = neverAborted): Promise<CallResult> {
    const { carryOut, passCall, repeatedCall } = await import("./passed-call.ts");
    const { gateways } = this.#options;
    if (gateways === undefined) return await carryOut(await this.#load(ref), first, signal);
    const { clock } = this.#services;
    const startMs = clock.monotonicMs();
    let call = first;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const owner = await gateways.owners.claim(ownerNameOf(ref.queue.id));
        if (owner.isOwn) return await carryOut(this.#loaded(ref) ?? (await this.#load(ref)), call, signal);
        const { account, region } = ref.revision.stream;
        return await passCall(gateways, owner, { account, region, queueId: ref.queue.id, call }, signal);
      } catch (error) {
        // An owner that was killed is taken for gone after some seconds. Calls may be repeated: records of a receive that was
        // lost on the way are visible again in time, and what is said of a record once more changes nothing.
        if (!isPassing(error) || attempt === attemptsMax || signal.aborted || this.#isDraining) throw error;
        await clock.delay(attemptPauseMs, signal).catch(() => undefined);
        call = repeatedCall(first, clock.monotonicMs() - startMs);
      }
    }
  }

  async #answerPassed(payload: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { carryOut, decodeCall, encodeAnswer } = await import("./passed-call.ts");
    const { account, region, queueId, call } = decodeCall(payload);
    const ref = this.#services.registry.findQueue(account, region, queueId);
    const owner = this.#options.gateways?.owners.find(ownerNameOf(queueId));
    if (ref === undefined || owner?.isOwn !== true) throw ownedElsewhere(owner);
    const queue = this.#loaded(ref) ?? (await this.#load(ref));
    return await encodeAnswer(carryOut(queue, call, signal));
  }

  /** Another gateway may have the queue: nothing of it is kept here. */
  #unload(id: string): void {
    const open = this.#queues.get(id);
    if (open === undefined) return;
    this.#forget(id);
    // What it was writing is refused, or was stored before it was lost.
    void open.loading.then((queue) => queue.close()).catch(() => undefined);
  }

  async #load({ revision, queue }: QueueRef): Promise<Queue> {
    const known = this.#queues.get(queue.id);
    if (known !== undefined) return await known.loading;
    const streamId = revision.stream.id;
    const growth = this.#growthOf(revision, queue.id);
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

  async #loadNew(ref: QueueRef, growth: StreamGrowth): Promise<Queue> {
    this.#loader ??= import("./queue-loader.ts").then(({ QueueLoader }) => new QueueLoader(this.#options));
    return await (await this.#loader).load(ref, growth, () => this.#unload(ref.queue.id));
  }

  /** Notes the growth of a stream from its first queue on. */
  #growthOf(revision: StreamRevision, queueId: string): StreamGrowth {
    const streamId = revision.stream.id;
    let stream = this.#streams.get(streamId);
    if (stream === undefined) {
      stream = { growth: new StreamGrowth(), ids: new Set(), ended: new AbortController(), followed: new Set() };
      this.#streams.set(streamId, stream);
      this.#services.growth.listen(streamId, growthListenerName, stream.growth.note);
      this.#follow(revision);
    }
    stream.ids.add(queueId);
    return stream.growth;
  }

  /** Puts of other gateways are not noted by themselves. */
  #follow(revision: StreamRevision): void {
    const stream = this.#streams.get(revision.stream.id);
    if (stream === undefined || this.#options.gateways === undefined) return;
    const { followed, ended, growth } = stream;
    const { log, clock } = this.#services;
    for (const shard of revision.stream.shards) {
      if (followed.has(shard.index)) continue;
      followed.add(shard.index);
      const followedShard = { log, clock, ref: revision.ref(shard), note: growth.note, signal: ended.signal };
      void import("./follow-growth.ts").then(({ followGrowth }) => followGrowth(followedShard));
    }
  }

  #forget(queueId: string): void {
    const streamId = this.#queues.get(queueId)?.streamId;
    this.#queues.delete(queueId);
    const stream = streamId === undefined ? undefined : this.#streams.get(streamId);
    if (streamId === undefined || stream === undefined) return;
    stream.ids.delete(queueId);
    if (stream.ids.size > 0) return;
    stream.ended.abort();
    this.#streams.delete(streamId);
    this.#services.growth.forget(streamId, growthListenerName);
  }
}
