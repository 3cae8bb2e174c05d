import { randomBytes, randomUUID } from "node:crypto";
import { ExpiredShardSweep } from "../background/expired-shard-sweep.ts";
import { Reconciler } from "../background/reconciler.ts";
import { StartError } from "../config/start-error.ts";
import type { Engine } from "../engine/engine.ts";
import { GatewayPresence } from "../gateways/gateway-presence.ts";
import type { KeyProvider } from "../keys/key-provider.ts";
import type { RateLimits } from "../limits/rate-limits.ts";
import { LatestEventCache } from "../operations/latest-event-cache.ts";
import type { OperationContext } from "../operations/operation-context.ts";
import { OpenQueues } from "../queues/open-queues.ts";
import { AccountSettingsStore } from "../registry/account-settings-store.ts";
import { DeletedStreams } from "../registry/deleted-streams.ts";
import { QueueNameStore } from "../registry/queue-name-store.ts";
import { StreamRegistry } from "../registry/stream-registry.ts";
import { loadOrCreateTokenKey } from "../registry/token-key.ts";
import { ShardGrowth } from "../shards/shard-growth.ts";
import { ShardMetrics } from "../shards/shard-metrics.ts";
import { StreamCiphers } from "../shards/stream-ciphers.ts";
import { SubscriptionLeases } from "../shards/subscription-leases.ts";
import type { TrafficCounts } from "../shards/traffic-counts.ts";
import { TokenCipher } from "../streams/tokens/token-cipher.ts";
import type { Clock } from "../time/clock.ts";

export interface ServicesOptions {
  /** Open; its owner closes it. */
  readonly engine: Engine;
  readonly clock: Clock;
  readonly transitionDelayMs: number;
  /** Has the master keys of encrypted streams. */
  readonly keyProvider: KeyProvider;
  /** Whether records are stored compressed; default: false. */
  readonly compresses?: boolean;
  /** Absent when limits are off. */
  readonly limits?: RateLimits | undefined;
  /** Absent when the console is off. */
  readonly counts?: TrafficCounts | undefined;
}

/** The context of operations without the caller and its connection, which each request has. */
export type Services = Omit<OperationContext, "caller" | "connection" | "queues"> & { readonly queues: OpenQueues };

/** Everything between the request pipeline and the engine. */
export interface OpenedServices {
  readonly services: Services;
  /** Stops the background tasks between two steps, and closes the registry. */
  close(): Promise<void>;
}

/** Opens the services on an engine, and resumes the background work that an earlier run left unfinished. */
export async function openServices(options: ServicesOptions): Promise<OpenedServices> {
  const { engine, clock, transitionDelayMs, keyProvider, compresses = false, limits, counts } = options;
  const { log, documents } = engine;
  const deletedStreams = new DeletedStreams(documents);
  const queueNames = new QueueNameStore(documents, clock);
  const registry: StreamRegistry = new StreamRegistry(documents, clock, (revision) => {
    queues.update(revision);
    reconciler.wake(revision);
  });
  const keys = new StreamCiphers({ provider: keyProvider, registry, clock });
  const growth = new ShardGrowth();
  const shards = { log, registry, clock, limits, traffic: new ShardMetrics(), counts, keys, compresses, growth };
  const tokenKey = await loadOrCreateTokenKey(documents);
  const queues = new OpenQueues({ shards, handleKey: tokenKey, inFlightMax: limits?.table.queueInFlightCountMax });
  const reconciler = new Reconciler({ log, registry, deletedStreams, queueNames, queues, clock });
  const retention = new ExpiredShardSweep({ log, registry, clock, keys });
  const presence = engine.multiGateway ? new GatewayPresence({ documents, clock, id: randomUUID() }) : undefined;
  const close = async (): Promise<void> => {
    await retention.close();
    await queues.close();
    await reconciler.close();
    await registry.close();
    await presence?.close();
  };
  try {
    if (presence !== undefined) await refuseOtherGateways(presence);
    await registry.open();
    await reconciler.start();
    retention.start();
    return {
      services: {
        registry,
        deletedStreams,
        accounts: new AccountSettingsStore(documents),
        ...(limits === undefined ? {} : { limits }),
        shards,
        queues,
        queueNames,
        makesQueues: engine.densePositions,
        tokens: new TokenCipher({ tokenKey, bootId: randomBytes(16) }),
        subscriptions: new SubscriptionLeases(),
        latestEvents: new LatestEventCache(),
        clock,
        transitionDelayMs,
        serverShardCountMax: engine.limits.shardCountMax,
        newId: randomUUID,
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Subscriptions and rate limits are not shared among gateways yet, so that two of them would not act as one. */
async function refuseOtherGateways(presence: GatewayPresence): Promise<void> {
  await presence.open();
  if ((await presence.countOthers()) === 0) return;
  throw new StartError(
    "Another gateway serves the streams on these NATS servers, and this version supports one at a time. Nothing was changed. Stop the other one first.",
  );
}
