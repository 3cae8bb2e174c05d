import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { QuietTick } from "../../time/quiet-tick.ts";
import type { Engine, EngineHealth, EngineLimits } from "../engine.ts";
import { EngineError } from "../engine-error.ts";
import { ApiRefusalError, JetStreamApi, type StreamInfo } from "./api/jetstream-api.ts";
import { type NatsAddress, ServerConnection } from "./api/server-connection.ts";
import { LogGroupRegistry, openBucket } from "./documents/document-bucket.ts";
import { type BucketNames, bucketNames } from "./documents/document-names.ts";
import { bucketIsGone, JetStreamDocumentStore } from "./documents/jetstream-document-store.ts";
import { type Durability, judgeDurability, versionFault } from "./durability.ts";
import { entryHeaderBytes, messageHeaderBytes } from "./format/log-message.ts";
import { allLogSubjects } from "./format/subjects.ts";
import { EachReplica } from "./log/each-replica.ts";
import { JetStreamShardLog } from "./log/jetstream-shard-log.ts";
import { LogGroups } from "./log/log-groups.ts";
import { ShardPushes } from "./log/shard-pushes.ts";
import { ShardReader } from "./log/shard-reader.ts";
import { VerifiedReader } from "./log/verified-reader.ts";
import { readMonitor, testFence } from "./server-checks.ts";

/** Subject and headers of a message, which the servers count to the payload. */
const headersBytesMax = 64 * 1024;
/** A record of 10 MiB with its keys and what encryption adds. */
const payloadBytesMin = 11 * 1024 * 1024;
const shardCountMax = 100_000;
const replicaCountDefault = 3;
/** Ticks that an append waits at most while each brings more of them. */
const startTicksMax = 3;
const healthMsMax = 2_000;
/** How long health tells of a replica that has skipped messages. */
const skipToldMs = 3_600_000;

export interface JetStreamEngineOptions {
  readonly address: NatsAddress;
  /** Begins the names of all streams and subjects; letters and digits. */
  readonly prefix: string;
  readonly nowMs: () => number;
  /** Monitoring endpoints of the servers, `http://HOST:8222`; empty when there are none. */
  readonly monitorUrls: readonly string[];
  /** The operator states that the servers sync each record. */
  readonly assumesFsync: boolean;
  /** Whether to serve although an acknowledgement means less than records on the disks of a majority. */
  readonly allowsDegraded: boolean;
}

/** What an open engine consists of. */
interface OpenParts {
  readonly api: JetStreamApi;
  readonly verified: VerifiedReader;
  readonly log: JetStreamShardLog;
  readonly documents: JetStreamDocumentStore;
  readonly durability: Durability;
  readonly limits: EngineLimits;
}

/**
 * Keeps everything on a cluster of NATS servers with JetStream. The gateway itself keeps nothing, and any number of them may
 * use the same servers. A preview: see docs/cluster.md.
 */
export class JetStreamEngine implements Engine {
  readonly name = "jetstream";
  readonly multiGateway = true;
  readonly densePositions = false;
  readonly #options: JetStreamEngineOptions;
  #parts: OpenParts | undefined;
  #isClosed = false;

  constructor(options: JetStreamEngineOptions) {
    this.#options = options;
  }

  get limits(): EngineLimits {
    return this.#open.limits;
  }

  get log(): JetStreamShardLog {
    return this.#open.log;
  }

  get documents(): JetStreamDocumentStore {
    return this.#open.documents;
  }

  /** Rejects with `unavailable` and every reason at once for which the servers are not fit. */
  async open(): Promise<void> {
    assert(this.#parts === undefined, "open() is called once");
    const { address } = this.#options;
    const connection = await ServerConnection.open(address, "millrace");
    try {
      this.#parts = await this.#openOn(connection);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  async health(): Promise<EngineHealth> {
    const { api, verified, log, durability } = this.#open;
    const { nowMs } = this.#options;
    const isConnected = api.connection.isConnected && !this.#isClosed;
    const info = isConnected ? await bucketInfo(api, bucketNames(this.#options.prefix).stream) : undefined;
    const { lastSkip } = verified;
    const isSkipRecent = lastSkip !== undefined && nowMs() - lastSkip.ms < skipToldMs;
    return {
      ready: info !== undefined,
      durable: durability.isDurable && info !== undefined,
      degraded: [
        "the jetstream engine is a preview: see docs/cluster.md for what it does not do yet",
        ...durability.shortcomings,
        ...durability.notes,
        ...(isConnected
          ? []
          : ["the gateway is not connected to any NATS server; requests wait up to 12 seconds for one"]),
        ...(isConnected && info === undefined ? ["the NATS servers do not answer for the bucket of documents"] : []),
        ...(info === undefined ? [] : absentReplicas(info)),
        ...(isSkipRecent
          ? [
              `a replica of the log of ${lastSkip.title} does not return records that others have: one disk is damaged; follow the runbook for a corrupted replica in docs/cluster.md`,
            ]
          : []),
      ],
      figures: {
        jetstream_connected: isConnected ? 1 : 0,
        jetstream_waiting_bytes: log.waitingBytes,
        jetstream_skipped_messages: verified.skippedCount,
        jetstream_healed_messages: verified.healedCount,
      },
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed || this.#parts === undefined) return;
    this.#isClosed = true;
    await this.#parts.log.close();
    this.#parts.documents.close();
    await this.#parts.api.connection.close();
  }

  get #open(): OpenParts {
    if (this.#parts === undefined) throw new EngineError("closed", "The jetstream engine is not open yet.");
    return this.#parts;
  }

  async #openOn(connection: ServerConnection): Promise<OpenParts> {
    const { prefix, nowMs } = this.#options;
    const payloadBytes = connection.payloadBytesMax;
    refuse([versionFault(connection.serverVersion), payloadFault(payloadBytes)]);
    const api = new JetStreamApi(connection);
    const names = bucketNames(prefix);
    const info = await this.#openBucket(api);
    const session = randomBytes(8);
    const run = session.toString("hex");
    const durability = await this.#judge(info, await testFence(api, names, run));
    const replicas = new EachReplica(connection, { prefix, run, replicaCount: info.config.num_replicas });
    const verified = new VerifiedReader({ api, replicas, nowMs });
    const entryBytesMax = payloadBytes - headersBytesMax - messageHeaderBytes - entryHeaderBytes;
    let idCount = 0;
    const nextId = (): string => `${run}.${++idCount}`;
    const groups = new LogGroups({
      api,
      names: { prefix },
      replicaCount: info.config.num_replicas,
      records: new LogGroupRegistry(api, names),
    });
    const log = new JetStreamShardLog({
      api,
      names: { prefix },
      groups,
      reader: new ShardReader(api, verified),
      verified,
      pushes: new ShardPushes(connection),
      lanes: { api, session: session.readBigUInt64LE(), nextId, nowMs, starts: new QuietTick(startTicksMax) },
      entryBytesMax,
    });
    const documents = new JetStreamDocumentStore({ api, names, documentBytesMax: entryBytesMax, nextId });
    return { api, verified, log, documents, durability, limits: { entryBytesMax, shardCountMax } };
  }

  /** With three replicas, or one where that is all there can be and degraded service is allowed. */
  async #openBucket(api: JetStreamApi): Promise<StreamInfo> {
    const names = bucketNames(this.#options.prefix);
    await refuseLostBucket(api, names, this.#options.prefix);
    try {
      return await openBucket(api, names, replicaCountDefault);
    } catch (error) {
      if (!(error instanceof ApiRefusalError)) throw error;
      refuse(
        this.#options.allowsDegraded
          ? []
          : [
              `the NATS servers cannot keep three copies (${error.message}): run three of them, or allow one copy with --allow-degraded`,
            ],
      );
      return await openBucket(api, names, 1);
    }
  }

  async #judge(info: StreamInfo, clockDifferenceMs: number): Promise<Durability> {
    const { monitorUrls, assumesFsync, allowsDegraded } = this.#options;
    const monitored = await Promise.all(
      monitorUrls.map(async (url) => ({ url, syncsAlways: (await readMonitor(url))?.syncsAlways })),
    );
    const durability = judgeDurability({
      replicaCount: info.config.num_replicas,
      persistMode: info.config.persist_mode,
      ...(monitored.length === 0 ? {} : { monitored }),
      assumesFsync,
      clockDifferenceMs,
    });
    if (!allowsDegraded) {
      refuse(durability.shortcomings.map((reason) => `${reason} (or serve all the same with --allow-degraded)`));
    }
    return durability;
  }
}

/** Without its bucket, nothing is known of the streams whose records are there; a new one would show none. */
async function refuseLostBucket(api: JetStreamApi, names: BucketNames, prefix: string): Promise<void> {
  if ((await api.streamInfo(names.stream)) !== undefined) return;
  const groups = await api.streamNames(allLogSubjects({ prefix }));
  if (groups.length > 0) throw bucketIsGone(names);
}

function refuse(reasons: readonly (string | undefined)[]): void {
  const present = reasons.filter((reason) => reason !== undefined);
  if (present.length === 0) return;
  throw new EngineError("unavailable", `The NATS servers are not fit for the jetstream engine: ${present.join("; ")}.`);
}

function payloadFault(bytes: number): string | undefined {
  return bytes >= payloadBytesMin
    ? undefined
    : `max_payload is ${bytes} bytes, which does not hold a record of 10 MiB; set max_payload: 16777216`;
}

async function bucketInfo(api: JetStreamApi, stream: string): Promise<StreamInfo | undefined> {
  const giveUp = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => giveUp.resolve(undefined), healthMsMax);
  const info = api.streamInfo(stream).catch(() => undefined);
  const found = await Promise.race([info, giveUp.promise]);
  clearTimeout(timer);
  return found;
}

function absentReplicas({ cluster }: StreamInfo): readonly string[] {
  const absent = (cluster?.replicas ?? [])
    .filter(({ offline, current }) => offline === true || !current)
    .map(({ name }) => name);
  return absent.length === 0
    ? []
    : [
        `the NATS server ${absent.join(", ")} does not answer; while one of three is away, the loss of another stops all writes`,
      ];
}
