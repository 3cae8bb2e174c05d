import type { SequenceNumberParts } from "../streams/positions/sequence-number.ts";

/** Consecutive records of one stored entry. */
export interface RecordSlice {
  /** The entry's body in the layout of `entry-layout.ts`, decrypted. */
  readonly body: Uint8Array;
  /** Offset of the first record in the body. */
  readonly start: number;
  /** Offset behind the last record. */
  readonly end: number;
  readonly count: number;
  /** Sequence number of the first record; the positions of the others follow one by one. */
  readonly first: SequenceNumberParts;
  /** ApproximateArrivalTimestamp of every record of the slice, ms since the epoch. */
  readonly arrivalMs: number;
  /** Whether the records were written under stream encryption. */
  readonly kms: boolean;
}

/** The records of one GetRecords response or push event, still in their stored bytes. */
export interface OutgoingRecords {
  readonly count: number;
  /** Data of all records together, without partition keys. */
  readonly dataBytes: number;
  readonly slices: readonly RecordSlice[];
  /** The memory behind the bodies; the codec that writes the records disposes of it. Absent when it is shared. */
  readonly lease?: Disposable;
}
