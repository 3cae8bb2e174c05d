/** `keyBytes` of a record that came without a partition key. */
export const NO_PARTITION_KEY = 0xffff;

/**
 * The records of one PutRecord or PutRecords as columns: row i of every column is record i of the request. There is no
 * object per record, whichever codec filled the columns. The parsed body owns their memory, and keeps it until the
 * request has its response: a record that meets a shard being split is written into an entry a second time.
 */
export interface IncomingRecords {
  readonly count: number;
  /** Holds data and partition keys (UTF-8) at the offsets below. */
  readonly bytes: Uint8Array;
  readonly dataStart: Uint32Array;
  readonly dataBytes: Uint32Array;
  readonly keyStart: Uint32Array;
  /** Length of the partition key in bytes, or `NO_PARTITION_KEY`. */
  readonly keyBytes: Uint16Array;
  /** Four 32-bit words per record, most significant first: MD5 of the key, or the explicit hash key. */
  readonly hashKeys: Uint32Array;
  /** The first explicit hash key of 2^128 or more, as given; the operation refuses the whole request. */
  readonly hashKeyOutOfRange?: string;
}
