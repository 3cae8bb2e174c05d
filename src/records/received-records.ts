import type { OutgoingRecords } from "./outgoing-records.ts";

/** Records of a queue, each in flight from now on. */
export interface ReceivedRecords {
  /** In slices; the columns below have one row for each record, in the order of the slices. Its lease is to be disposed of. */
  readonly records: OutgoingRecords;
  /** 44 characters of base64url each. */
  readonly receiptHandles: readonly string[];
  /** How often the record was received, this time included; for a dead letter, how often before it became one. */
  readonly receiveCounts: readonly number[];
  /** When the record was first received from this queue, whole seconds since the epoch. */
  readonly firstReceiveSeconds: readonly number[];
}
