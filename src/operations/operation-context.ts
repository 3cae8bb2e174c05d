import type { AccountSettings } from "../directory/account-settings.ts";
import type { RetiredStreams } from "../directory/retired-streams.ts";
import type { StreamDirectory } from "../directory/stream-directory.ts";
import type { Limits } from "../limits/limits.ts";
import type { ShardRoom } from "../shards/shard-room.ts";
import type { SubscriptionSeats } from "../shards/subscription-seats.ts";
import type { TokenSealer } from "../streams/token-sealer.ts";
import type { Clock } from "../time/clock.ts";
import type { Caller } from "./caller.ts";
import type { EventShelf } from "./records/event-shelf.ts";

/** All that an operation may reach. It is made once per request and differs from request to request by its caller and connection only. */
export interface OperationContext {
  readonly caller: Caller;
  readonly directory: StreamDirectory;
  readonly retired: RetiredStreams;
  readonly accounts: AccountSettings;
  /** Absent when limits are off. */
  readonly limits?: Limits;
  readonly shards: ShardRoom;
  readonly tokens: TokenSealer;
  /** Seats of SubscribeToShard, one per consumer and shard. */
  readonly subscriptions: SubscriptionSeats;
  readonly eventShelf: EventShelf;
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
