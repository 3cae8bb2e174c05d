/**
 * The Stream value: everything that one catalog document holds about one Kinesis stream. Each transition writes one new
 * value with one compare-and-swap. Long work is an intent inside it, so that a restart carries the work on.
 */
export type StreamStatus = "CREATING" | "ACTIVE" | "UPDATING" | "DELETING";

export interface Stream {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  /** Never reused, also not by a later stream of the same name. Names the stream's logs in the engine; never on the wire. */
  readonly id: string;
  readonly status: StreamStatus;
  readonly mode: "PROVISIONED" | "ON_DEMAND";
  readonly createdMs: number;
  readonly retentionHours: number;
  /** Ms since the epoch. What arrived before it had expired when retention was last increased, and stays expired. */
  readonly expiredBeforeMs?: number;
  readonly recordKiBMax: number;
  /** On-demand streams only. AUTO ignores partition keys and spreads records evenly; absent means USER_PARTITION_KEY. */
  readonly recordDistribution?: "AUTO" | "USER_PARTITION_KEY";
  readonly tags: Readonly<Record<string, string>>;
  /**
   * Present while the stream encrypts with KMS: the master key as the caller named it, and the number of the data key that
   * new records are sealed under. Documents of servers that only marked records name no data key.
   */
  readonly encryption?: { readonly keyId: string; readonly dataKey?: number };
  /** The keys that the stream's records are or were sealed under, oldest first; absent when there is none. */
  readonly dataKeys?: readonly StreamDataKey[];
  /** Shard-level metrics that are switched on, sorted; absent when none is. */
  readonly shardLevelMetrics?: readonly ShardLevelMetric[];
  /** On-demand streams only: write capacity asked for ahead of traffic. */
  readonly warmThroughputMiBps?: number;
  /** The resource policy, exactly as it was put. */
  readonly policy?: string;
  /** Registered consumers, in the order of registration. */
  readonly consumers?: readonly StreamConsumer[];
  /** The greatest creation second of any consumer that is gone, maybe with an earlier stream of the name, so that no ARN comes twice. */
  readonly consumerSecondUsed?: number;
  /** When the changes that AWS counts over a rolling day were made, ms since the epoch. */
  readonly changeTimesMs?: Readonly<Partial<Record<CountedChange, readonly number[]>>>;
  /** In index order; open and closed ones, while closed ones may still hold unexpired records. Empty while CREATING. */
  readonly shards: readonly Shard[];
  /** Index that the next new shard gets; indexes are never reused. */
  readonly nextShardIndex: number;
  readonly intent?: StreamIntent;
}

export type ShardLevelMetric =
  | "IncomingBytes"
  | "IncomingRecords"
  | "IteratorAgeMilliseconds"
  | "OutgoingBytes"
  | "OutgoingRecords"
  | "ReadProvisionedThroughputExceeded"
  | "WriteProvisionedThroughputExceeded";

export type CountedChange = "shardCountChanges" | "modeSwitches" | "encryptionStarts" | "encryptionStops";

/** One key that records of the stream are sealed under; its root key is never stored. */
export interface StreamDataKey {
  /** From 1; entries name it. A number comes again only when everything under it has expired. */
  readonly number: number;
  /** The master key as the caller named it. */
  readonly keyId: string;
  /** The wrapped root key in base64, as the key provider made it. */
  readonly wrapped: string;
  readonly madeMs: number;
  /** When new records began to be sealed under another key, or not at all. */
  readonly supersededMs?: number;
}

/** A consumer registered for enhanced fan-out. */
export interface StreamConsumer {
  readonly name: string;
  /** Its second is part of the consumer's ARN. */
  readonly createdMs: number;
  readonly status: "CREATING" | "ACTIVE" | "DELETING";
  /** When a CREATING consumer becomes ACTIVE, or a DELETING one is gone. */
  readonly dueMs?: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly policy?: string;
}

export interface Shard {
  readonly index: number;
  readonly parent?: number;
  readonly adjacentParent?: number;
  /** Inclusive. */
  readonly startingHashKey: bigint;
  /** Inclusive. */
  readonly endingHashKey: bigint;
  /** Goes into every sequence number of the shard, epoch seconds. */
  readonly createSecond: number;
  /** The engine's own; see `ShardRef`. */
  readonly placement: Readonly<Record<string, string | number>>;
  /** Present once the shard has been split or merged. */
  readonly closed?: {
    readonly second: number;
    /** One past the last position. */
    readonly end: bigint;
    readonly closedMs: number;
  };
}

/** A shard that a plan will open: as `Shard`, without what only carrying out the plan can tell. */
export interface PlannedShard {
  readonly index: number;
  readonly parent?: number;
  readonly adjacentParent?: number;
  readonly startingHashKey: bigint;
  readonly endingHashKey: bigint;
}

export type StreamIntent =
  | {
      readonly kind: "create";
      readonly operationId: string;
      readonly dueMs: number;
      readonly createSecond: number;
      readonly opening: readonly PlannedShard[];
    }
  | {
      readonly kind: "reshard";
      readonly operationId: string;
      readonly dueMs: number;
      readonly closing: readonly number[];
      readonly opening: readonly PlannedShard[];
    }
  | {
      /** Splits and merges that leave this many open shards of equal size. */
      readonly kind: "resize";
      readonly operationId: string;
      readonly dueMs: number;
      readonly targetCount: number;
    }
  /** The document says already what was changed; the stream is UPDATING until the change has reached the engine. */
  | { readonly kind: "settle"; readonly operationId: string; readonly dueMs: number }
  | { readonly kind: "delete"; readonly operationId: string; readonly dueMs: number };
