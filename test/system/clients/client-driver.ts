/** What the workload asks of a client. Every driver does it the way that client's own manual shows, waiters included. */

/** Text, because boto 2 insists on decoding what it reads. */
export interface PutEntry {
  readonly data: string;
  readonly partitionKey: string;
}

export interface PlacedRecord {
  readonly shardId: string;
  readonly sequenceNumber: string;
}

export interface ReadRecord extends PutEntry {
  readonly sequenceNumber: string;
}

export interface ShardView {
  readonly shardId: string;
  /** The parent, and after a merge the adjacent parent too. */
  readonly parentShardIds: readonly string[];
  readonly startingHashKey: string;
  readonly endingHashKey: string;
  readonly closed: boolean;
}

export interface ClientDriver {
  createStream(streamName: string, shardCount: number): Promise<void>;
  waitUntilActive(streamName: string): Promise<void>;
  listStreams(): Promise<readonly string[]>;
  /** All shards, open and closed. */
  listShards(streamName: string): Promise<readonly ShardView[]>;
  /** One PutRecords; throws if any record was refused. */
  putRecords(streamName: string, entries: readonly PutEntry[]): Promise<readonly PlacedRecord[]>;
  /** From TRIM_HORIZON to the end of a closed shard or the tip of an open one. */
  readShard(streamName: string, shardId: string): Promise<readonly ReadRecord[]>;
  splitShard(streamName: string, shardId: string, newStartingHashKey: string): Promise<void>;
  mergeShards(streamName: string, shardId: string, adjacentShardId: string): Promise<void>;
  addTags(streamName: string, tags: Readonly<Record<string, string>>): Promise<void>;
  listTags(streamName: string): Promise<Readonly<Record<string, string>>>;
  removeTags(streamName: string, keys: readonly string[]): Promise<void>;
  deleteStream(streamName: string): Promise<void>;
  waitUntilGone(streamName: string): Promise<void>;
  close(): Promise<void>;
}

/** Any key passes, because the server that is tested has no credentials file. */
export const clientEnvironment: Readonly<Record<string, string>> = {
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "example-secret",
  AWS_DEFAULT_REGION: "us-east-1",
  AWS_CONFIG_FILE: "/nonexistent",
  AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_PAGER: "",
  PYTHONUTF8: "1",
  no_proxy: "*",
  NO_PROXY: "*",
};
