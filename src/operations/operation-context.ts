import type { RateLimits } from "../limits/rate-limits.ts";
import type { EntryOutcomes, QueueRef, ReceiveRequest, RecordKind, VisibilityEntry } from "../queues/queue-calls.ts";
import type { ReceivedRecords } from "../records/received-records.ts";
import type { AccountSettingsStore } from "../registry/account-settings-store.ts";
import type { DeletedStreams } from "../registry/deleted-streams.ts";
import type { NameStore } from "../registry/name-store.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { PushMemory } from "../shards/push-memory.ts";
import type { ShardServices } from "../shards/shard-services.ts";
import type { SubscriptionLeases } from "../shards/subscription-leases.ts";
import type { ShardIterators } from "../streams/tokens/shard-iterator.ts";
import type { TokenCipher } from "../streams/tokens/token-cipher.ts";
import type { Clock } from "../time/clock.ts";
import type { Caller } from "./caller.ts";
import type { LatestEventCache } from "./latest-event-cache.ts";

/** The data plane of queues. Errors: KeyError, EngineError. */
export interface QueueCalls {
  receive(ref: QueueRef, request: ReceiveRequest): Promise<ReceivedRecords>;
  acknowledge(ref: QueueRef, kind: RecordKind, receiptHandles: readonly string[]): Promise<EntryOutcomes>;
  changeVisibility(ref: QueueRef, kind: RecordKind, entries: readonly VisibilityEntry[]): Promise<EntryOutcomes>;
  /** For dead letters alone. */
  restore(ref: QueueRef, receiptHandles: readonly string[]): Promise<EntryOutcomes>;
}

/** What operations ask about the destinations of channels. */
export interface ChannelDestinations {
  /** Whether the server's file says where the bucket, or the table bucket, of an ARN is. */
  knows(kind: "bucket" | "table", bucketArn: string): boolean;
}

/** What an operation knows of its client, and of the memory for its response. */
export interface ClientConnection {
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
  /**
   * The bytes that a large response may take, at most `bytesMax`, when it may be made: at once. Rejects with the reason of
   * `signal`. Absent where responses are not bounded.
   */
  admitLarge?(bytesMax: number): number | Promise<number>;
  /** Resolves when a large response may go on to be made that has waited since it was admitted. */
  takeTurn?(): Promise<void> | undefined;
  /** Whether `admitLarge` would wait, or grant less than `bytesMax`. */
  isLargeDelayed?(bytesMax: number): boolean;
  /** Absent where responses are not bounded. */
  readonly pushMemory?: PushMemory;
}

/** The services that an operation uses. One for each request; only caller and connection differ between requests. */
export interface OperationContext {
  readonly caller: Caller;
  readonly registry: StreamRegistry;
  readonly deletedStreams: DeletedStreams;
  readonly accounts: AccountSettingsStore;
  /** Absent when limits are off. */
  readonly limits?: RateLimits;
  readonly shards: ShardServices;
  readonly queues: QueueCalls;
  readonly queueNames: NameStore;
  readonly channelNames: NameStore;
  /** Absent on a server without `--channels`. */
  readonly channels?: ChannelDestinations;
  /** For NextTokens. */
  readonly tokens: TokenCipher;
  readonly iterators: ShardIterators;
  /** Running subscriptions, at most one for each consumer and shard. */
  readonly subscriptions: SubscriptionLeases;
  readonly latestEvents: LatestEventCache;
  readonly connection: ClientConnection;
  /** Present for calls of the console's page, which is no consumer of the records that it shows. */
  readonly isConsole?: true;
  readonly clock: Clock;
  /** Shortest time in CREATING, UPDATING and DELETING; with 0 the states last as long as the work. */
  readonly transitionDelayMs: number;
  /** Most shards that the server holds, over all accounts and regions. */
  readonly serverShardCountMax: number;
  /** A new unique id, also across restarts. */
  readonly newId: () => string;
}
