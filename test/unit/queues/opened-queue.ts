import { setImmediate as nextTurn } from "node:timers/promises";
import type { ShardLog } from "../../../src/engine/shard-log.ts";
import { OpenQueues, type OpenQueuesOptions } from "../../../src/queues/open-queues.ts";
import type { QueueRef, ReceiveRequest } from "../../../src/queues/queue-calls.ts";
import type { ReceivedRecords } from "../../../src/records/received-records.ts";
import type { StreamRevision } from "../../../src/registry/stream-revision.ts";
import { storeRecords } from "../../../src/shards/store-records.ts";
import type { Stream, StreamQueue } from "../../../src/streams/stream.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { receivedTexts } from "../../support/received-texts.ts";
import { type OpenShardServices, openShardServices } from "../shards/open-shard-services.ts";

const queueId = "queue";

/** A queue on a stream in memory. */
export class OpenedQueue {
  readonly opened: OpenShardServices;
  #options: Omit<OpenQueuesOptions, "shards" | "handleKey">;
  #queues: OpenQueues;
  #revision: StreamRevision;

  private constructor(
    opened: OpenShardServices,
    queues: OpenQueues,
    revision: StreamRevision,
    options: Omit<OpenQueuesOptions, "shards" | "handleKey">,
  ) {
    this.opened = opened;
    this.#queues = queues;
    this.#revision = revision;
    this.#options = options;
  }

  static async open({
    shardCount = 1,
    row = {},
    options = {},
    own,
  }: {
    readonly shardCount?: number;
    readonly row?: Partial<StreamQueue>;
    readonly options?: Omit<OpenQueuesOptions, "shards" | "handleKey">;
    readonly own?: (log: ShardLog) => Partial<ShardLog>;
  } = {}): Promise<OpenedQueue> {
    const opened = await openShardServices(shardCount, own);
    const queues = queuesOf(opened, options);
    const queue: StreamQueue = {
      id: queueId,
      name: "work",
      status: "ACTIVE",
      createdMs: 0,
      start: { type: "TRIM_HORIZON" },
      startMs: 0,
      visibilitySeconds: 30,
      receiveCountMax: 3,
      tags: {},
      stateLog: await queues.openStateLog(queueId),
      ...row,
    };
    const revision = await opened.services.registry.replace(opened.revision, {
      ...opened.revision.stream,
      queues: [queue],
    });
    return new OpenedQueue(opened, queues, revision, options);
  }

  get queues(): OpenQueues {
    return this.#queues;
  }

  get revision(): StreamRevision {
    return this.opened.services.registry.current(this.#revision) ?? this.#revision;
  }

  get ref(): QueueRef {
    const [queue] = this.revision.stream.queues ?? [];
    if (queue === undefined) throw new Error("the stream has a queue");
    return { revision: this.revision, queue };
  }

  get figures(): ReturnType<OpenQueues["figures"]> {
    return this.#queues.figures(queueId);
  }

  async put(...texts: readonly string[]): Promise<void> {
    const records = incomingRecords(texts.map((data) => ({ data, key: data })));
    const { failures } = await storeRecords(this.opened.services, this.revision, records);
    if (failures !== undefined) throw new Error("a put failed");
  }

  receive(changes: Partial<ReceiveRequest> = {}): Promise<ReceivedRecords> {
    const { signal } = new AbortController();
    return this.#queues.receive(this.ref, { kind: "live", recordsMax: 10, waitSeconds: 1, signal, ...changes });
  }

  /** Receives, and lets the time pass until the receive ends. */
  async receiveTexts(changes: Partial<ReceiveRequest> = {}): Promise<readonly string[]> {
    const receiving = this.receive(changes);
    await this.rest();
    await this.opened.clock.advance(1_100);
    return receivedTexts(await receiving);
  }

  /** What was begun comes to rest. */
  async rest(): Promise<void> {
    for (let turns = 20; turns > 0; turns -= 1) await nextTurn();
  }

  async change(change: (stream: Stream) => Stream): Promise<void> {
    const { registry } = this.opened.services;
    this.#queues.update(await registry.replace(this.revision, change(this.revision.stream)));
  }

  /** The queue as another start of the server finds it. */
  async reopen(): Promise<void> {
    await this.#queues.close();
    this.#queues = queuesOf(this.opened, this.#options);
  }

  async close(): Promise<void> {
    await this.#queues.close();
    await this.opened.close();
  }
}

function queuesOf(
  { services }: OpenShardServices,
  options: Omit<OpenQueuesOptions, "shards" | "handleKey">,
): OpenQueues {
  return new OpenQueues({ shards: services, handleKey: new Uint8Array(32), ...options });
}
