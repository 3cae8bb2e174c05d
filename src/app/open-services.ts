import { randomBytes, randomUUID } from "node:crypto";
import { ExpiredShardSweep } from "../background/expired-shard-sweep.ts";
import { Reconciler } from "../background/reconciler.ts";
import { ScalingSweep, type ScalingSweepServices, type SharedRates } from "../background/scaling-sweep.ts";
import type { UpkeepTurns } from "../background/upkeep-turns.ts";
import type { NamedFile } from "../config/config.ts";
import { finishedCopyOf } from "../copying/copy-note.ts";
import type { Engine } from "../engine/engine.ts";
import type { Gateways, GatewaysOptions } from "../gateways/open-gateways.ts";
import type { KeyProvider } from "../keys/key-provider.ts";
import type { RateLimits } from "../limits/rate-limits.ts";
import { LatestEventCache } from "../operations/latest-event-cache.ts";
import type { OperationContext } from "../operations/operation-context.ts";
import { OpenQueues } from "../queues/open-queues.ts";
import { AccountSettingsStore } from "../registry/account-settings-store.ts";
import { DeletedStreams } from "../registry/deleted-streams.ts";
import { NameStore } from "../registry/name-store.ts";
import { StreamRegistry } from "../registry/stream-registry.ts";
import { loadOrCreateTokenKey } from "../registry/token-key.ts";
import { gatewayCallPath } from "../server/pipeline/port-rules.ts";
import { ShardGrowth } from "../shards/shard-growth.ts";
import { StreamCiphers } from "../shards/stream-ciphers.ts";
import { StreamMetrics } from "../shards/stream-metrics.ts";
import { SubscriptionLeases } from "../shards/subscription-leases.ts";
import { TrafficCounts } from "../shards/traffic-counts.ts";
import { ShardIterators } from "../streams/tokens/shard-iterator.ts";
import { TokenCipher } from "../streams/tokens/token-cipher.ts";
import type { Clock } from "../time/clock.ts";
import { type ChannelDelivery, openChannelDelivery } from "./channel-delivery.ts";

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
  /** Where the buckets of channels are; absent: channels deliver nothing. */
  readonly channels?: NamedFile | undefined;
  /** Whether hot shards of provisioned streams are split; default: false. */
  readonly splitsHotShards?: boolean;
}

/** The context of operations without the caller and its connection, which each request has. */
export type Services = Omit<OperationContext, "caller" | "connection" | "queues"> & {
  readonly queues: OpenQueues;
  /** Absent where one server alone uses the engine. */
  readonly gateways?: Gateways;
  readonly channelDelivery: ChannelDelivery;
  readonly scaling: Pick<ScalingSweep, "rates" | "hotShards">;
};

/** Everything between the request pipeline and the engine. */
export interface OpenedServices {
  readonly services: Services;
  /** Stops the background tasks between two steps, and closes the registry. */
  close(): Promise<void>;
}

/** Opens the services on an engine, and resumes the background work that an earlier run left unfinished. */
export async function openServices(options: ServicesOptions): Promise<OpenedServices> {
  const { engine, clock, transitionDelayMs, keyProvider, compresses = false, limits } = options;
  const counts = new TrafficCounts();
  const { log, documents } = engine;
  const copied = await finishedCopyOf(documents);
  const deletedStreams = new DeletedStreams(documents);
  const queueNames = new NameStore(documents, clock, "queue");
  const channelNames = new NameStore(documents, clock, "channel");
  const registry: StreamRegistry = new StreamRegistry(documents, clock, (revision) => {
    queues.update(revision);
    channels.update(revision);
    reconciler.wake(revision);
  });
  const keys = new StreamCiphers({ provider: keyProvider, registry, clock });
  const growth = new ShardGrowth();
  const shards = { log, registry, clock, limits, traffic: new StreamMetrics(), counts, keys, compresses, growth };
  const tokenKey = await loadOrCreateTokenKey(documents);
  const { gateways, turns, shared } = engine.multiGateway
    ? await joinGateways({ documents, clock, secret: tokenKey, callPath: gatewayCallPath }, registry)
    : {};
  // Queues and channels find the gaps between positions where there may be any.
  const densePositions = engine.densePositions && copied?.hasGaps !== true;
  const inFlightMax = limits?.table.queueInFlightCountMax;
  const queues = new OpenQueues({ shards, handleKey: tokenKey, inFlightMax, densePositions, gateways });
  const delivery = { shards, documents, turns, densePositions };
  const channels = await openChannelDelivery(options.channels, delivery).catch(async (error) => {
    await gateways?.close();
    throw error;
  });
  const names = { queueNames, channelNames };
  const reconciler = new Reconciler({ log, registry, deletedStreams, ...names, queues, channels, clock, turns });
  const retention = new ExpiredShardSweep({ log, registry, clock, keys, turns });
  const scaling = new ScalingSweep(scalingParts(options, { registry, counts, turns, shared }));
  const close = async (): Promise<void> => {
    await scaling.close();
    await retention.close();
    await queues.close();
    await channels.close();
    await reconciler.close();
    await registry.close();
    await gateways?.close();
  };
  try {
    await registry.open();
    await reconciler.start();
    retention.start();
    scaling.start();
    if (gateways !== undefined) followGateways(gateways, { limits, reconciler });
    const tokens = new TokenCipher({ tokenKey, bootId: randomBytes(16) });
    return {
      services: {
        registry,
        deletedStreams,
        accounts: new AccountSettingsStore(documents),
        ...(limits === undefined ? {} : { limits }),
        shards,
        queues,
        ...names,
        channelDelivery: channels,
        scaling,
        ...(channels.destinations === undefined ? {} : { channels: channels.destinations }),
        tokens,
        iterators: new ShardIterators(tokens),
        subscriptions: new SubscriptionLeases(gateways?.leases),
        latestEvents: new LatestEventCache(),
        clock,
        transitionDelayMs,
        serverShardCountMax: engine.limits.shardCountMax,
        newId: randomUUID,
        ...(gateways === undefined ? {} : { gateways }),
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function scalingParts(
  { engine, clock, transitionDelayMs, limits, splitsHotShards = false }: ServicesOptions,
  parts: Pick<ScalingSweepServices, "registry" | "counts" | "turns" | "shared">,
): ScalingSweepServices {
  const table = limits?.table;
  const serverShardCountMax = engine.limits.shardCountMax;
  return { ...parts, clock, transitionDelayMs, table, serverShardCountMax, splitsHotShards, newId: randomUUID };
}

/** Loaded only here: a server that is alone on its engine has no use for it. */
async function joinGateways(
  options: GatewaysOptions,
  registry: StreamRegistry,
): Promise<{ readonly gateways: Gateways; readonly turns: UpkeepTurns; readonly shared: SharedRates }> {
  const { openGateways } = await import("../gateways/open-gateways.ts");
  const { UpkeepTurns } = await import("../background/upkeep-turns.ts");
  const { shareRates } = await import("../background/share-rates.ts");
  const gateways = await openGateways(options);
  const turns = new UpkeepTurns(gateways.owners, registry);
  return { gateways, turns, shared: shareRates(gateways.rates, options.clock) };
}

/** Shares the rates with the gateways that run, and goes on with the deletions of one that is gone. */
function followGateways(
  { registry }: Gateways,
  { limits, reconciler }: { readonly limits: RateLimits | undefined; readonly reconciler: Reconciler },
): void {
  let count = registry.live.length;
  limits?.shareAmong(count);
  registry.onChange(() => {
    const isOneGone = registry.live.length < count;
    count = registry.live.length;
    limits?.shareAmong(count);
    if (isOneGone) void reconciler.carryOn();
  });
}
