import type { Engine } from "../../src/engine/engine.ts";
import { LocalKeyProvider } from "../../src/keys/local-key-provider.ts";
import { OpenQueues } from "../../src/queues/open-queues.ts";
import type { QueueRef } from "../../src/queues/queue-calls.ts";
import { StreamRegistry } from "../../src/registry/stream-registry.ts";
import { ShardGrowth } from "../../src/shards/shard-growth.ts";
import { ShardMetrics } from "../../src/shards/shard-metrics.ts";
import type { ShardServices } from "../../src/shards/shard-services.ts";
import { StreamCiphers } from "../../src/shards/stream-ciphers.ts";
import { planCreate } from "../../src/streams/resharding/reshard-plan.ts";
import type { Shard, Stream, StreamQueue } from "../../src/streams/stream.ts";
import type { Clock } from "../../src/time/clock.ts";

const account = "000000000000";
const region = "us-east-1";
const name = "orders";
const streamId = "stream";
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
    const registry: StreamRegistry = new StreamRegistry(engine.documents, clock, (revision) => queues.update(revision));
    const keys = new StreamCiphers({ provider: new LocalKeyProvider({ nowMs: clock.nowMs }), registry, clock });
    const traffic = new ShardMetrics();
    const growth = new ShardGrowth();
    const shards = { log: engine.log, registry, clock, traffic, growth, keys, compresses: false };
    const { changeBytesMax, inFlightMax } = settings;
    const handleKey = new Uint8Array(32);
    const queues = new OpenQueues({ shards, handleKey, inFlightMax, changeBytesMax, newEpoch: () => epoch });
    await registry.open();
    if (registry.find(account, region, name) === undefined) {
      const placements = await Promise.all(
        planCreate(settings.shardCount).map(({ index }) =>
          engine.log.createShard(streamId, index, { openShardCount: 1 }),
        ),
      );
      const stateLog = await queues.openStateLog(queueId);
      await registry.create(
        streamOf(
          settings,
          placements.map(({ placement }) => placement),
          stateLog,
          clock.nowMs(),
        ),
      );
    }
    return new QueueSession(shards, queues, registry);
  }

  get ref(): QueueRef {
    const revision = this.#registry.find(account, region, name);
    const queue = revision?.stream.queues?.[0];
    if (revision === undefined || queue === undefined) throw new Error("the session was opened");
    return { revision, queue };
  }

  async close(): Promise<void> {
    await this.queues.close();
    await this.#registry.close();
  }
}

function streamOf(
  { shardCount, receiveCountMax, visibilitySeconds }: QueueSettings,
  placements: readonly Shard["placement"][],
  stateLog: NonNullable<StreamQueue["stateLog"]>,
  nowMs: number,
): Stream {
  const createSecond = Math.floor(nowMs / 1000);
  const queue: StreamQueue = {
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
  return {
    account,
    region,
    name,
    id: streamId,
    status: "ACTIVE",
    mode: "ON_DEMAND",
    createdMs: nowMs,
    retentionHours: 24,
    recordKiBMax: 1024,
    tags: {},
    shards: planCreate(shardCount).map(
      (planned): Shard => ({ ...planned, createSecond, placement: placements[planned.index] ?? {} }),
    ),
    nextShardIndex: shardCount,
    queues: [queue],
  };
}
