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

/** Where the stored records went. A run is what one shard stored at once: records at consecutive positions. */
export interface StoredRuns {
  /** By record: which run, -1 where the record failed. Within a run records keep the order of the request. */
  readonly runOfRecord: Int16Array;
  // By run, all of the same length.
  readonly shardIndexes: Uint32Array;
  readonly createSeconds: Float64Array;
  readonly positions: BigUint64Array;
  /** That of each of its records; see `recordSecond`. */
  readonly seconds: Float64Array;
}
