/** A record as `tail` and `export` show it. One that a producer library aggregated is as many of these as it contains. */
export interface StreamRecord {
  readonly shardId: string;
  readonly sequenceNumber: string;
  /** The place inside the aggregated record; undefined if it was not one. */
  readonly subSequenceNumber?: number;
  /** Milliseconds since the epoch. */
  readonly arrivalMs: number;
  readonly partitionKey: string;
  /** The service does not return it: known for parts of aggregated records, and where the shard gives it away. */
  readonly explicitHashKey?: string;
  readonly data: Uint8Array;
}
