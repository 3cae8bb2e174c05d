/** The outcome of each record of a PutRecords, in request order, as columns. */
export interface PutResults {
  readonly count: number;
  /** `shardId-000000000000`, or undefined where the record failed. */
  readonly shardIds: readonly (string | undefined)[];
  /** Decimal, or undefined where the record failed. */
  readonly sequenceNumbers: readonly (string | undefined)[];
  /** By record index; absent when every record was stored. */
  readonly failures?: ReadonlyMap<number, { readonly code: string; readonly message: string }>;
  /** The same without a string per record, for whoever can write an answer from it. */
  readonly stored?: StoredRuns;
}

/** Where the stored records went. */
export interface StoredRuns {
  readonly runs: readonly StoredRun[];
  /** By record: which run, -1 where the record failed. Within a run records keep the order of the request. */
  readonly runOfRecord: Int16Array;
}

/** What one shard stored at once: records at consecutive positions. */
export interface StoredRun {
  readonly shard: { readonly index: number; readonly createSecond: number };
  readonly position: bigint;
  readonly timeMs: number;
}
