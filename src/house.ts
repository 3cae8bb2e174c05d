import { randomBytes, randomUUID } from "node:crypto";
import { AccountSettings } from "./directory/account-settings.ts";
import { openMasterKey } from "./directory/master-key.ts";
import { RetiredStreams } from "./directory/retired-streams.ts";
import { StreamDirectory } from "./directory/stream-directory.ts";
import type { Engine } from "./engine/engine.ts";
import type { KeyProvider } from "./keys/key-provider.ts";
import type { Limits } from "./limits/limits.ts";
import type { OperationContext } from "./operations/operation-context.ts";
import { EventShelf } from "./operations/records/event-shelf.ts";
import { ShardTraffic } from "./shards/shard-traffic.ts";
import { StreamKeys } from "./shards/stream-keys.ts";
import { SubscriptionSeats } from "./shards/subscription-seats.ts";
import { TokenSealer } from "./streams/token-sealer.ts";
import type { Clock } from "./time/clock.ts";
import { Retention } from "./upkeep/retention.ts";
import { Upkeep } from "./upkeep/upkeep.ts";

export interface HouseOptions {
  /** Open already; closed by whoever opened it. */
  readonly engine: Engine;
  readonly clock: Clock;
  readonly transitionDelayMs: number;
  /** Keeps the master keys of encrypted streams. */
  readonly keyProvider: KeyProvider;
  /** Whether records are stored compressed; default: they are not. */
  readonly compresses?: boolean;
  /** Absent when limits are off. */
  readonly limits?: Limits | undefined;
}

/** What operations reach, but for the caller and its connection, which each request brings. */
export type Rooms = Omit<OperationContext, "caller" | "connection">;

/** Everything behind the pipeline, at work. */
export interface House {
  readonly rooms: Rooms;
  /** Stops upkeep between two steps and forgets the directory. */
  close(): Promise<void>;
}

/** Builds the rooms between the pipeline and the engine, and takes up the work that an earlier run left unfinished. */
export async function openHouse(options: HouseOptions): Promise<House> {
  const { engine, clock, transitionDelayMs, keyProvider, compresses = false, limits } = options;
  const { log, catalog } = engine;
  const retired = new RetiredStreams(catalog);
  const directory: StreamDirectory = new StreamDirectory(catalog, clock, (live) => upkeep.wake(live));
  const upkeep = new Upkeep({ log, directory, retired, clock });
  const keys = new StreamKeys({ provider: keyProvider, directory, clock });
  const retention = new Retention({ log, directory, clock, keys });
  const close = async (): Promise<void> => {
    await retention.close();
    await upkeep.close();
    await directory.close();
  };
  try {
    await directory.open();
    await upkeep.start();
    retention.start();
    const masterKey = await openMasterKey(catalog);
    return {
      rooms: {
        directory,
        retired,
        accounts: new AccountSettings(catalog),
        ...(limits === undefined ? {} : { limits }),
        shards: { log, directory, clock, limits, traffic: new ShardTraffic(), keys, compresses },
        tokens: new TokenSealer({ masterKey, bootId: randomBytes(16) }),
        subscriptions: new SubscriptionSeats(),
        eventShelf: new EventShelf(),
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
