/** The outcome of each record of a PutRecords, in request order, as columns. */
export interface PutResults {
  readonly count: number;
  /** `shardId-000000000000`, or undefined where the record failed. */
  readonly shardIds: readonly (string | undefined)[];
  /** Decimal, or undefined where the record failed. */
  readonly sequenceNumbers: readonly (string | undefined)[];
  /** By record index; absent when every record was stored. */
  readonly failures?: ReadonlyMap<number, { readonly code: string; readonly message: string }>;
  /** The same as numbers, for a codec that writes a response without a string per record. */
  readonly stored?: StoredBatches;
}

/** Where the stored records are. A batch is what one shard stored at once: records at consecutive positions. */
export interface StoredBatches {
  /** By record: which batch, -1 where the record failed. Within a batch records keep the order of the request. */
  readonly batchOfRecord: Int16Array;
  // By batch, all of the same length.
  readonly shardIndexes: Uint32Array;
  readonly createSeconds: Float64Array;
  readonly positions: BigUint64Array;
  /** That of each of its records; see `recordSecond`. */
  readonly seconds: Float64Array;
}
