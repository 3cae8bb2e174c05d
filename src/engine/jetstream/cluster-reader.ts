import { randomBytes } from "node:crypto";
import { mapInParts } from "../../collections/map-in-parts.ts";
import type {
  ClusterServer,
  ClusterView,
  LogCondition,
  MonitoredServer,
  ReplicatedStream,
  ScrubReport,
} from "../cluster-facts.ts";
import type { ShardRef } from "../shard-log.ts";
import { JetStreamApi, type StreamInfo } from "./api/jetstream-api.ts";
import { type NatsAddress, ServerConnection } from "./api/server-connection.ts";
import { LogGroupRegistry } from "./documents/document-bucket.ts";
import { type BucketNames, bucketNames } from "./documents/document-names.ts";
import { JetStreamDocumentStore } from "./documents/jetstream-document-store.ts";
import { versionFault } from "./durability.ts";
import { allLogSubjects, groupName, logSubjects, placementOf, streamIdOfGroup } from "./format/subjects.ts";
import { compareReplicas } from "./log/compare-replicas.ts";
import { EachReplica } from "./log/each-replica.ts";
import { fenceStateOf } from "./log/fence-state.ts";
import { readMonitor } from "./server-checks.ts";

/** Requests at the same time. */
const concurrentMax = 32;
const nsPerMs = 1_000_000;

export interface ClusterReaderOptions {
  readonly address: NatsAddress;
  readonly prefix: string;
  readonly monitorUrls: readonly string[];
}

/** Reads what the NATS servers keep for the gateways, over connections of its own. Changes nothing. */
export class ClusterReader implements ClusterView {
  readonly documents: JetStreamDocumentStore;
  readonly #options: ClusterReaderOptions;
  readonly #names: BucketNames;
  readonly #api: JetStreamApi;

  private constructor(options: ClusterReaderOptions, connection: ServerConnection) {
    this.#options = options;
    this.#names = bucketNames(options.prefix);
    this.#api = new JetStreamApi(connection);
    this.documents = new JetStreamDocumentStore({
      api: this.#api,
      names: this.#names,
      documentBytesMax: 0,
      nextId: () => "",
    });
  }

  /** Rejects with `unavailable` if no server can be reached. */
  static async open(options: ClusterReaderOptions): Promise<ClusterReader> {
    return new ClusterReader(options, await ServerConnection.open(options.address, "millrace-check"));
  }

  async servers(): Promise<{ readonly answering: readonly ClusterServer[]; readonly silent: readonly string[] }> {
    const { address } = this.#options;
    const hosts = new Set([...this.#api.connection.knownServers, ...address.urls.map((url) => new URL(url).host)]);
    const answering = new Map<string, ClusterServer>();
    const silent: string[] = [];
    await mapInParts([...hosts], concurrentMax, async (host) => {
      const url = new URL(address.urls[0] ?? "nats://");
      url.host = host;
      try {
        const pinned = await ServerConnection.openPinned({ ...address, urls: [url.href] }, "millrace-check");
        const { serverName: name, serverVersion: version } = pinned;
        // The same server may be known under several addresses.
        answering.set(name, { name, version, versionFault: versionFault(version) });
        await pinned.close();
      } catch {
        silent.push(host);
      }
    });
    return { answering: [...answering.values()], silent };
  }

  async monitored(): Promise<readonly MonitoredServer[]> {
    return await Promise.all(
      this.#options.monitorUrls.map(async (url) => {
        const askedMs = Date.now();
        const facts = await readMonitor(url);
        const nowMs = facts?.nowMs;
        return {
          url,
          syncsAlways: facts?.syncsAlways,
          clockDifferenceMs: nowMs === undefined ? undefined : nowMs - (askedMs + Date.now()) / 2,
        };
      }),
    );
  }

  async bucket(): Promise<ReplicatedStream | undefined> {
    return await this.#streamNamed(this.#names.stream);
  }

  async logGroups(): Promise<readonly ReplicatedStream[]> {
    const names = await this.#api.streamNames(allLogSubjects(this.#options));
    const streams = await mapInParts(names, concurrentMax, (name) => this.#streamNamed(name));
    return streams.filter((stream) => stream !== undefined);
  }

  async notedGroups(): Promise<readonly string[]> {
    return await new LogGroupRegistry(this.#api, this.#names).all();
  }

  groupOf(shard: ShardRef): string {
    return groupName(this.#options, shard.streamId, placementOf(shard).group);
  }

  streamIdOf(group: string): string {
    return streamIdOfGroup(this.#options, group);
  }

  async conditionOf(shard: ShardRef): Promise<LogCondition> {
    const { group, dropped, end } = logSubjects(this.#options, shard.streamId, placementOf(shard));
    if ((await this.#api.streamInfo(group)) === undefined) return "absent";
    if ((await this.#api.lastMessage(group, dropped)) !== undefined) return "dropped";
    return (await this.#api.lastMessage(group, end)) === undefined ? "open" : "sealed";
  }

  async settingsEpochOf(shard: ShardRef): Promise<number> {
    const { group, fences } = logSubjects(this.#options, shard.streamId, placementOf(shard));
    const states = await Promise.all(
      fences.map(async (fence) => fenceStateOf(await this.#api.lastMessage(group, fence), 0)),
    );
    return Math.max(0, ...states.map((state) => (typeof state === "string" ? 0 : state.settingsEpoch)));
  }

  async scrub({ name, leader, replicas }: ReplicatedStream): Promise<ScrubReport> {
    const info = await this.#api.streamInfo(name);
    if (info === undefined) return { messageCount: 0, faults: [], lost: [], unread: [] };
    const servers = new Set([...(leader === undefined ? [] : [leader]), ...replicas.map(({ server }) => server)]);
    // A server that is no cluster has no leader to name.
    if (servers.size === 0) servers.add(this.#api.connection.serverName);
    const isLogGroup = name !== this.#names.stream;
    const [subject = ""] = info.config.subjects;
    const { first_seq: firstSequence, last_seq: lastSequence } = info.state;
    const run = randomBytes(8).toString("hex");
    return await compareReplicas(
      new EachReplica(this.#api.connection, { ...this.#options, run, replicaCount: servers.size }),
      {
        stream: name,
        subject,
        firstSequence,
        lastSequence,
        isLogGroup,
        servers,
      },
    );
  }

  async close(): Promise<void> {
    this.documents.close();
    await this.#api.connection.close();
  }

  async #streamNamed(name: string): Promise<ReplicatedStream | undefined> {
    const askedMs = Date.now();
    const info = await this.#api.streamInfo(name);
    return info === undefined ? undefined : toReplicatedStream(info, (askedMs + Date.now()) / 2);
  }
}

function toReplicatedStream({ config, state, cluster, ts }: StreamInfo, askedMs: number): ReplicatedStream {
  return {
    name: config.name,
    replicaCount: config.num_replicas,
    persistMode: config.persist_mode,
    retentionMs: config.max_age / nsPerMs,
    leader: cluster?.leader,
    replicas: (cluster?.replicas ?? []).map(({ name, offline = false, current, lag = 0 }) => ({
      server: name,
      isOffline: offline,
      isCurrent: current,
      lagCount: lag,
    })),
    messageCount: state.messages,
    bytes: state.bytes,
    clockDifferenceMs: ts === undefined ? undefined : Date.parse(ts) - askedMs,
  };
}
