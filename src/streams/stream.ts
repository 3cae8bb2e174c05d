export type StreamStatus = "CREATING" | "ACTIVE" | "UPDATING" | "DELETING";

/**
 * The content of a stream document: everything about one stream except its records. Immutable: each change writes a new
 * value with one compare-and-swap. Work of several steps is an intent in it, so that it continues after a restart.
 */
export interface Stream {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  /** Unique, also among deleted streams. Names the shard logs in the engine; never on the wire. */
  readonly id: string;
  readonly status: StreamStatus;
  readonly mode: "PROVISIONED" | "ON_DEMAND";
  readonly createdMs: number;
  readonly retentionHours: number;
  /** Ms since the epoch. Records from before it had expired when the retention was last increased, and stay expired. */
  readonly expiredBeforeMs?: number;
  readonly recordKiBMax: number;
  /** On-demand streams only. AUTO spreads records evenly whatever their partition keys; absent: USER_PARTITION_KEY. */
  readonly recordDistribution?: "AUTO" | "USER_PARTITION_KEY";
  readonly tags: Readonly<Record<string, string>>;
  /**
   * Present while new records are encrypted: the master key as the caller named it, and the number of the data key. Documents
   * of early versions, which only marked records, have no data key.
   */
  readonly encryption?: { readonly keyId: string; readonly dataKey?: number };
  /** The data keys that unexpired records may need, oldest first; absent when there is none. */
  readonly dataKeys?: readonly StreamDataKey[];
  /** How often it was changed how new records are encrypted; absent: never. Each append names it. */
  readonly settingsEpoch?: number;
  /** Enabled shard-level metrics, sorted; absent when there is none. */
  readonly shardLevelMetrics?: readonly ShardLevelMetric[];
  /** On-demand streams only: write capacity requested ahead of traffic. */
  readonly warmThroughputMiBps?: number;
  /** On-demand streams only: what their scaling remembers; absent until there is something. */
  readonly scaling?: StreamScaling;
  /** The resource policy, exactly as it was put. */
  readonly policy?: string;
  /** Registered consumers, in the order of registration. */
  readonly consumers?: readonly StreamConsumer[];
  /** The latest creation second of a consumer that is gone, of earlier streams of the name too: no ARN is used twice. */
  readonly consumerSecondUsed?: number;
  /** Queues of the stream, in the order of creation. */
  readonly queues?: readonly StreamQueue[];
  /** Channels of the stream, in the order of creation. */
  readonly channels?: readonly StreamChannel[];
  /** Times of the changes that AWS limits over 24 hours, ms since the epoch. */
  readonly changeTimesMs?: Readonly<Partial<Record<CountedChange, readonly number[]>>>;
  /** Open shards, and closed ones while they may have unexpired records; sorted by index. Empty while CREATING. */
  readonly shards: readonly Shard[];
  /** Index of the next new shard; indexes are never reused. */
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

/** The greatest write rate of one day: the day since the epoch, bytes a second with partition keys, records a second. */
export type DayPeak = readonly [day: number, bytesPerSecond: number, recordsPerSecond: number];

/** What an on-demand stream's number of shards follows from, besides its traffic of the last minute. */
export interface StreamScaling {
  /** Days with traffic, the oldest first, at most 30. A day is written again when its peak has grown by a tenth. */
  readonly peaks: readonly DayPeak[];
  /** When scaling last opened or closed shards, ms since the epoch. */
  readonly changedMs?: number;
  /** Until then a stream keeps the shards that it came with from provisioned mode; ms since the epoch. */
  readonly keptUntilMs?: number;
  /** When the owner last asked to release capacity that is not needed, ms since the epoch; until that is done. */
  readonly releasedMs?: number;
}

export type CountedChange = "shardCountChanges" | "modeSwitches" | "encryptionStarts" | "encryptionStops";

/** A key that encrypts records of the stream. Its root key is never stored in plain. */
export interface StreamDataKey {
  /** 1, 2, 3 …; entries name it. A number is reused only when all records under it have expired. */
  readonly number: number;
  /** The master key as the caller named it. */
  readonly keyId: string;
  /** The wrapped root key in base64, as the key provider made it. */
  readonly wrapped: string;
  readonly madeMs: number;
  /** When another key, or none, began to encrypt new records; ms since the epoch. */
  readonly supersededMs?: number;
}

/** A consumer registered for enhanced fan-out. */
export interface StreamConsumer {
  readonly name: string;
  /** Ms since the epoch. Its second is part of the consumer's ARN. */
  readonly createdMs: number;
  readonly status: "CREATING" | "ACTIVE" | "DELETING";
  /** When a CREATING consumer becomes ACTIVE, or a DELETING one is removed; ms since the epoch. */
  readonly dueMs?: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly policy?: string;
}

export type QueueStatus = "CREATING" | "ACTIVE" | "UPDATING" | "DELETING";

/** A queue of the stream: everything about it except what became of its records, which is in its state log. */
export interface StreamQueue {
  /** 20 characters of `[a-z0-9]`, never used again. In the queue's ARN, and the stream id of its state log in the engine. */
  readonly id: string;
  /** Unique within account and region among all streams. */
  readonly name: string;
  readonly status: QueueStatus;
  readonly createdMs: number;
  /** When a CREATING or UPDATING queue becomes ACTIVE, or a DELETING one is removed; ms since the epoch. */
  readonly dueMs?: number;
  /** Where CreateQueue asked to begin; `timeMs` with AT_TIMESTAMP alone. */
  readonly start: { readonly type: "LATEST" | "TRIM_HORIZON" | "AT_TIMESTAMP"; readonly timeMs?: number };
  /** Records that arrived before this time are not in the queue; ms since the epoch. Present once it was ACTIVE. */
  readonly startMs?: number;
  /** The default visibility timeout, seconds; 0 is possible. */
  readonly visibilitySeconds: number;
  /** A record that was received as often without acknowledgement becomes a dead letter; absent: none ever does. */
  readonly receiveCountMax?: number;
  readonly tags: Readonly<Record<string, string>>;
  /** The resource policy, exactly as it was put. */
  readonly policy?: string;
  /**
   * The state log that counts: its generation, which is its shard index in the engine, and its placement. Present once the
   * queue was ACTIVE.
   */
  readonly stateLog?: { readonly generation: number; readonly placement: Shard["placement"] };
}

export type ChannelStatus = "CREATING" | "ACTIVE" | "UPDATING" | "DELETING" | "FAILED";

/** A channel of the stream: everything about it except how far it has delivered, which is in its checkpoint. */
export interface StreamChannel {
  /** 20 characters of `[a-z0-9]`, never used again. In the channel's ARN, and in the key of its checkpoint. */
  readonly id: string;
  /** Unique within account and region among all streams. */
  readonly name: string;
  readonly status: ChannelStatus;
  /** Why it is FAILED, as a sentence. */
  readonly statusReason?: string;
  readonly createdMs: number;
  /** When a CREATING or UPDATING channel goes on, or a DELETING one is removed; ms since the epoch. */
  readonly dueMs?: number;
  /** Kept and shown; the operator's file says with which credentials the server delivers. */
  readonly roleArn: string;
  readonly format: "GSR_JSON" | "JSON" | "STRING" | "BYTE_ARRAY";
  readonly schemaArn?: string;
  /** How old a record may become before it is delivered, seconds. */
  readonly freshnessSeconds: number;
  readonly destination: BucketPlace | TablePlace;
  /** Where what is known of records that cannot be delivered goes. */
  readonly deadLetters: { readonly bucketArn: string; readonly owner: string; readonly prefix?: string };
  /** The master key of the objects; absent: the store's own encryption. */
  readonly encryption?: { readonly keyId: string };
  readonly logging: { readonly isEnabled: boolean; readonly group: string; readonly stream: string };
  readonly tags: Readonly<Record<string, string>>;
  /** The resource policy, exactly as it was put. */
  readonly policy?: string;
}

/** Objects in a bucket. */
export interface BucketPlace {
  readonly kind: "bucket";
  readonly bucketArn: string;
  /** The account that must own the bucket. */
  readonly owner: string;
  readonly keyTemplate: string;
  readonly storageClass: "STANDARD" | "INTELLIGENT_TIERING" | "GLACIER_IR";
  readonly compression: "NONE" | "GZIP" | "ZSTD";
}

/** Rows of an Iceberg table. */
export interface TablePlace {
  readonly kind: "table";
  readonly bucketArn: string;
  readonly namespace: string;
  readonly table: string;
  readonly compression: "NONE" | "ZSTD" | "SNAPPY";
  /** Names of the columns whose hours partition the table. */
  readonly partitionColumns: readonly string[];
}

export interface Shard {
  readonly index: number;
  readonly parent?: number;
  readonly adjacentParent?: number;
  /** Inclusive. */
  readonly startingHashKey: bigint;
  /** Inclusive. */
  readonly endingHashKey: bigint;
  /** Epoch second in every sequence number of the shard. */
  readonly createSecond: number;
  /** Interpreted by the engine alone; see `ShardRef`. */
  readonly placement: Readonly<Record<string, string | number>>;
  /** Present once the shard has been split or merged. */
  readonly closed?: {
    readonly second: number;
    /** One past the last position. */
    readonly end: bigint;
    readonly closedMs: number;
  };
}

/** A shard that a plan opens: a `Shard` without what is known only when the plan is carried out. */
export interface PlannedShard {
  readonly index: number;
  readonly parent?: number;
  readonly adjacentParent?: number;
  readonly startingHashKey: bigint;
  readonly endingHashKey: bigint;
}

/** Work that was accepted and is not finished. `dueMs`: not before this time, ms since the epoch. */
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
      /** Splits and merges up to `targetCount` equal open shards. */
      readonly kind: "resize";
      readonly operationId: string;
      readonly dueMs: number;
      readonly targetCount: number;
    }
  | {
      /** A change of settings that the document contains already: UPDATING until the engine has it too. */
      readonly kind: "settle";
      readonly operationId: string;
      readonly dueMs: number;
      /** Whether the settings epoch is a new one, before which the shard logs are to be fenced. */
      readonly fences?: boolean;
    }
  | { readonly kind: "delete"; readonly operationId: string; readonly dueMs: number };
