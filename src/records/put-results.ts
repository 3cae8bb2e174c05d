/** The outcome of each record of a PutRecords, in request order, as columns. */
export interface PutResults {
  readonly count: number;
  /** `shardId-000000000000`, or undefined where the record failed. */
  readonly shardIds: readonly (string | undefined)[];
  /** Decimal, or undefined where the record failed. */
  readonly sequenceNumbers: readonly (string | undefined)[];
  /** By record index; absent when every record was stored. */
  readonly failures?: ReadonlyMap<number, { readonly code: string; readonly message: string }>;
}
