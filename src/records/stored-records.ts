import type { SequenceNumberParts } from "../streams/positions/sequence-number.ts";

/** A run of consecutive records inside one stored entry. */
export interface RecordSlice {
  /** The entry's body in the layout of `entry-layout.ts`, already decrypted. */
  readonly body: Uint8Array;
  /** Offset of the run's first record in the body. */
  readonly start: number;
  /** Offset behind its last record. */
  readonly end: number;
  readonly count: number;
  /** Sequence number of the first record; the positions of the others follow one by one. */
  readonly first: SequenceNumberParts;
  /** ApproximateArrivalTimestamp of every record of the run, ms since the epoch. */
  readonly arrivalMs: number;
  /** Whether the records were written under stream encryption. */
  readonly kms: boolean;
}

/** The records of one GetRecords answer or push event, still in their stored bytes. */
export interface StoredRecords {
  readonly count: number;
  /** Data of all records together, without partition keys. */
  readonly dataBytes: number;
  readonly runs: readonly RecordSlice[];
  /** Gives memory behind the bodies back, once the answer is encoded. */
  readonly release?: () => void;
}
