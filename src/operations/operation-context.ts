import type { RateLimits } from "../limits/rate-limits.ts";
import type { AccountSettingsStore } from "../registry/account-settings-store.ts";
import type { DeletedStreams } from "../registry/deleted-streams.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { ShardServices } from "../shards/shard-services.ts";
import type { SubscriptionLeases } from "../shards/subscription-leases.ts";
import type { TokenCipher } from "../streams/tokens/token-cipher.ts";
import type { Clock } from "../time/clock.ts";
import type { Caller } from "./caller.ts";
import type { LatestEventCache } from "./latest-event-cache.ts";

/** All that an operation may reach. It is made once per request and differs from request to request by its caller and connection only. */
export interface OperationContext {
  readonly caller: Caller;
  readonly registry: StreamRegistry;
  readonly deletedStreams: DeletedStreams;
  readonly accounts: AccountSettingsStore;
  /** Absent when limits are off. */
  readonly limits?: RateLimits;
  readonly shards: ShardServices;
  readonly tokens: TokenCipher;
  /** Seats of SubscribeToShard, one per consumer and shard. */
  readonly subscriptions: SubscriptionLeases;
  readonly latestEvents: LatestEventCache;
  /** The client that waits for the answer. */
  readonly connection: { readonly signal: AbortSignal };
  readonly clock: Clock;
  /** How long CREATING, UPDATING and DELETING are held; 0 for as short as the work takes. */
  readonly transitionDelayMs: number;
  /** Open shards that the server holds at most, over all accounts and regions. */
  readonly serverShardCountMax: number;
  /** Never the same twice, also not after a restart. */
  readonly newId: () => string;
}
