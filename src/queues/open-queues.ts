import type { StreamRevision } from "../registry/stream-revision.ts";
import type { ShardServices } from "../shards/shard-services.ts";
import { findQueue } from "../streams/queue-ref.ts";
import type { StreamQueue } from "../streams/stream.ts";
import type { Queue } from "./queue.ts";
import type {
  EntryOutcomes,
  QueueFigures,
  QueueRef,
  ReceivedRecords,
  ReceiveRequest,
  RecordKind,
  VisibilityEntry,
} from "./queue-calls.ts";
import type { QueueLoader } from "./queue-loader.ts";
import { stateLogRef } from "./state-log-ref.ts";
import { StreamGrowth } from "./stream-growth.ts";

const firstGeneration = 1;
const growthListenerName = "queues";

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
    (await this.#loader)?.close();
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

  async #loadNew(ref: QueueRef, growth: StreamGrowth): Promise<Queue> {
    this.#loader ??= import("./queue-loader.ts").then(({ QueueLoader }) => new QueueLoader(this.#options));
    return await (await this.#loader).load(ref, growth);
  }

  /** Notes the growth of a stream from its first queue on. */
  #growthOf(streamId: string, queueId: string): StreamGrowth {
    let stream = this.#streams.get(streamId);
    if (stream === undefined) {
      stream = { growth: new StreamGrowth(), ids: new Set() };
      this.#streams.set(streamId, stream);
      this.#services.growth.listen(streamId, growthListenerName, stream.growth.note);
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
    this.#services.growth.forget(streamId, growthListenerName);
  }
}
