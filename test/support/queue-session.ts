import type { Engine } from "../../src/engine/engine.ts";
import { OpenQueues } from "../../src/queues/open-queues.ts";
import type { QueueRef } from "../../src/queues/queue-calls.ts";
import type { StreamRegistry } from "../../src/registry/stream-registry.ts";
import type { ShardServices } from "../../src/shards/shard-services.ts";
import { planCreate } from "../../src/streams/resharding/reshard-plan.ts";
import type { StreamQueue } from "../../src/streams/stream.ts";
import type { Clock } from "../../src/time/clock.ts";
import { findSessionStream, sessionStreamOf, streamId } from "./session-stream.ts";
import { shardServicesOn } from "./shard-services-on.ts";

const queueId = "queue";

export interface QueueSettings {
  readonly shardCount: number;
  readonly receiveCountMax: number;
  readonly visibilitySeconds: number;
  readonly changeBytesMax: number;
  readonly inFlightMax: number;
}

/** The data plane of a server with one stream and one queue, without sockets. */
export class QueueSession {
  readonly shards: ShardServices;
  readonly queues: OpenQueues;
  readonly #registry: StreamRegistry;

  private constructor(shards: ShardServices, queues: OpenQueues, registry: StreamRegistry) {
    this.shards = shards;
    this.queues = queues;
    this.#registry = registry;
  }

  /** Makes what an earlier session did not get to make. */
  static async open(engine: Engine, clock: Clock, settings: QueueSettings, epoch: number): Promise<QueueSession> {
    const shards = shardServicesOn(engine, clock, (revision) => queues.update(revision));
    const { registry } = shards;
    const { changeBytesMax, inFlightMax } = settings;
    const handleKey = new Uint8Array(32);
    const newEpoch = () => epoch;
    const queues: OpenQueues = new OpenQueues({ shards, handleKey, inFlightMax, changeBytesMax, newEpoch });
    await registry.open();
    if (findSessionStream(registry) === undefined) {
      const refs = await Promise.all(
        planCreate(settings.shardCount).map(({ index }) =>
          engine.log.createShard(streamId, index, { openShardCount: 1 }),
        ),
      );
      const stateLog = await queues.openStateLog(queueId);
      const placements = refs.map(({ placement }) => placement);
      const queue = queueOf(settings, stateLog, clock.nowMs());
      await registry.create({ ...sessionStreamOf(placements, clock.nowMs()), queues: [queue] });
    }
    return new QueueSession(shards, queues, registry);
  }

  get ref(): QueueRef {
    const revision = findSessionStream(this.#registry);
    const queue = revision?.stream.queues?.[0];
    if (revision === undefined || queue === undefined) throw new Error("the session was opened");
    return { revision, queue };
  }

  async close(): Promise<void> {
    await this.queues.close();
    await this.#registry.close();
  }
}

function queueOf(
  { receiveCountMax, visibilitySeconds }: QueueSettings,
  stateLog: NonNullable<StreamQueue["stateLog"]>,
  nowMs: number,
): StreamQueue {
  return {
    id: queueId,
    name: "work",
    status: "ACTIVE",
    createdMs: nowMs,
    start: { type: "TRIM_HORIZON" },
    startMs: nowMs,
    visibilitySeconds,
    receiveCountMax,
    tags: {},
    stateLog,
  };
}
