import type { Destination } from "../../src/channels/batch/destination.ts";
import { BucketDestination } from "../../src/channels/bucket/bucket-destination.ts";
import type { ChannelTurns } from "../../src/channels/channel.ts";
import { OpenChannels } from "../../src/channels/open-channels.ts";
import { TableDestination } from "../../src/channels/table/table-destination.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { StreamRegistry } from "../../src/registry/stream-registry.ts";
import { StreamRevision } from "../../src/registry/stream-revision.ts";
import type { ShardServices } from "../../src/shards/shard-services.ts";
import { applyReshard } from "../../src/streams/resharding/apply-reshard.ts";
import { planCreate, planMerge, planSplit, type ReshardPlan } from "../../src/streams/resharding/reshard-plan.ts";
import type { Shard, Stream, StreamChannel } from "../../src/streams/stream.ts";
import type { Clock } from "../../src/time/clock.ts";
import { makerInThisThread } from "./content-maker-in-this-thread.ts";
import { account, findSessionStream, sessionStreamOf, streamId } from "./session-stream.ts";
import { shardServicesOn } from "./shard-services-on.ts";
import type { SimulatedBucket } from "./simulated-bucket.ts";
import type { SimulatedTable } from "./simulated-table.ts";

export const channelId = "channel";

export interface ChannelSettings {
  readonly shardCount: number;
  readonly freshnessSeconds: number;
  /** Stored bytes at which a batch is full. */
  readonly batchBytesMax: number;
}

export interface SessionParts {
  readonly store: SimulatedBucket;
  /** Present where the channel delivers into a table; its files are in the bucket. */
  readonly table?: SimulatedTable | undefined;
  readonly newRandom: () => string;
  readonly turns?: ChannelTurns;
}

export type SessionEngine = Pick<Engine, "log" | "documents" | "densePositions">;

/** The data plane of a server with one stream and one channel, without sockets. */
export class ChannelSession {
  readonly shards: ShardServices;
  readonly channels: OpenChannels;
  readonly #registry: StreamRegistry;

  private constructor(shards: ShardServices, channels: OpenChannels, registry: StreamRegistry) {
    this.shards = shards;
    this.channels = channels;
    this.#registry = registry;
  }

  /** Makes what an earlier session did not get to make. */
  static async open(
    engine: SessionEngine,
    clock: Clock,
    settings: ChannelSettings,
    parts: SessionParts,
  ): Promise<ChannelSession> {
    const shards = shardServicesOn(engine, clock, (revision) => channels.update(revision));
    const { registry } = shards;
    const channels: OpenChannels = new OpenChannels({
      shards,
      documents: engine.documents,
      destinationOf: (stream, channel) => destinationOf(parts, settings, clock, { stream, channel }),
      newRandom: parts.newRandom,
      turns: parts.turns,
      densePositions: engine.densePositions,
    });
    await registry.open();
    const session = new ChannelSession(shards, channels, registry);
    if (findSessionStream(registry) === undefined) {
      // The store is there when a channel is made.
      parts.store.isGone = false;
      await session.#make(engine, settings, clock.nowMs());
    }
    return session;
  }

  get revision(): StreamRevision {
    const revision = findSessionStream(this.#registry);
    if (revision === undefined) throw new Error("the session was opened");
    return revision;
  }

  /** Splits the first open shard in the middle. May be repeated after a crash. */
  async split(nowMs: number): Promise<void> {
    const { revision } = this;
    const first = revision.stream.shards.find(({ closed }) => closed === undefined);
    if (first === undefined || first.endingHashKey - first.startingHashKey < 4n) return;
    const newStartingHashKey = (first.startingHashKey + first.endingHashKey) / 2n;
    const stream: Stream = { ...revision.stream, mode: "PROVISIONED" };
    await this.#reshard(planSplit(stream, { shardIndex: first.index, newStartingHashKey }), nowMs);
  }

  /** Merges the two open shards with the lowest hash keys, if there are two. May be repeated after a crash. */
  async merge(nowMs: number): Promise<void> {
    const { stream } = this.revision;
    const [first, second] = stream.shards
      .filter(({ closed }) => closed === undefined)
      .toSorted((a, b) => (a.startingHashKey < b.startingHashKey ? -1 : 1));
    if (first === undefined || second === undefined) return;
    const merge = { shardIndex: first.index, adjacentShardIndex: second.index };
    await this.#reshard(planMerge({ ...stream, mode: "PROVISIONED" }, merge), nowMs);
  }

  async #reshard(plan: ReshardPlan, nowMs: number): Promise<void> {
    const { revision } = this;
    const { log } = this.shards;
    const children = [];
    for (const { index } of plan.opening) children.push(await log.createShard(streamId, index, { openShardCount: 1 }));
    const ends: bigint[] = [];
    for (const index of plan.closing) {
      const shard = revision.shard(index);
      if (shard === undefined) throw new Error(`shard ${index} is to be closed`);
      ends.push((await log.seal(revision.ref(shard), plan.closing.length === 1 ? "split" : "merge")).end);
    }
    const placements = children.map(({ placement }) => placement);
    const outcome = { second: Math.floor(nowMs / 1000), closedMs: nowMs, ends, placements };
    await this.#registry.replace(revision, applyReshard(revision.stream, [plan], outcome));
  }

  async close(): Promise<void> {
    await this.channels.close();
    await this.#registry.close();
  }

  /** The document is written last: a session that ends before makes all of it again. */
  async #make(engine: SessionEngine, settings: ChannelSettings, nowMs: number): Promise<void> {
    const placements: Shard["placement"][] = [];
    for (const { index } of planCreate(settings.shardCount)) {
      placements.push((await engine.log.createShard(streamId, index, { openShardCount: 1 })).placement);
    }
    const channel = channelOf(settings);
    const stream = { ...sessionStreamOf(placements, nowMs), channels: [channel] };
    // As the reconciler would not: its channel would be FAILED.
    while ((await this.channels.begin(new StreamRevision(stream, 0n), channel)) !== undefined);
    await this.#registry.create(stream);
  }
}

/** The schema of the records of a channel into a table. */
const jsonSchema = {
  type: "object",
  properties: { number: { type: "integer" }, key: { type: "string" }, at: { type: "string", format: "date-time" } },
  required: ["number", "key"],
};

function destinationOf(
  { store, table }: SessionParts,
  { batchBytesMax }: ChannelSettings,
  clock: Clock,
  { stream, channel }: { readonly stream: Stream; readonly channel: StreamChannel },
): Destination {
  const texts = { channelName: channel.name, channelId: channel.id, streamName: stream.name };
  const objects = store.connect();
  if (table === undefined) {
    const place = {
      keyTemplate: "!{channel-id}/!{HH}!{extension}",
      storageClass: "STANDARD",
      compression: "NONE",
    } as const;
    return new BucketDestination(
      { ...texts, format: "JSON", place },
      { maker: makerInThisThread, objects, deadLetters: objects },
      batchBytesMax,
    );
  }
  const place = { namespace: "n", table: "t", compression: "NONE", partitionColumns: ["at"] } as const;
  const parts = {
    maker: makerInThisThread,
    catalog: table.connect(),
    filesOf: () => objects,
    closeFiles: () => undefined,
    nowMs: () => clock.nowMs(),
  };
  const more = { deadLetters: objects, readJsonSchema: async () => jsonSchema };
  return new TableDestination({ ...texts, place }, { ...parts, ...more }, batchBytesMax);
}

function channelOf({ freshnessSeconds }: ChannelSettings): StreamChannel {
  return {
    id: channelId,
    name: "lake",
    status: "ACTIVE",
    createdMs: 0,
    roleArn: "arn:aws:iam::000000000000:role/r",
    format: "JSON",
    freshnessSeconds,
    destination: {
      kind: "bucket",
      bucketArn: "arn:aws:s3:::lake",
      owner: account,
      keyTemplate: "",
      storageClass: "STANDARD",
      compression: "NONE",
    },
    deadLetters: { bucketArn: "arn:aws:s3:::lake", owner: account },
    logging: { isEnabled: false, group: "g", stream: "s" },
    tags: {},
  };
}
