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
  readonly recordKiBMax: number;
  /** On-demand streams only. AUTO ignores partition keys and spreads records evenly; absent means USER_PARTITION_KEY. */
  readonly recordDistribution?: "AUTO" | "USER_PARTITION_KEY";
  readonly tags: Readonly<Record<string, string>>;
  /** In index order; open and closed ones, while closed ones may still hold unexpired records. Empty while CREATING. */
  readonly shards: readonly Shard[];
  /** Index that the next new shard gets; indexes are never reused. */
  readonly nextShardIndex: number;
  readonly intent?: StreamIntent;
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
  | { readonly kind: "delete"; readonly operationId: string; readonly dueMs: number };
