/** What a receipt handle says about a delivery. */
export interface DeliveryReceipt {
  readonly shardIndex: number;
  readonly position: number;
  readonly isDead: boolean;
  /** Whether it was made since the state was loaded. */
  readonly isOfThisEpoch: boolean;
  readonly nonce: number;
}

/**
 * What a delivery still means:
 *
 * - a slot (0 or more): its record, and no later receive of it
 * - `unseen`            its record, which was not received again since the state was loaded and has no slot
 * - `done`              its record is acknowledged, expired, or of a shard that is gone
 * - `superseded`        another receive counts, or the record is of the other kind now
 */
export type ReceiptStanding = number | "unseen" | "done" | "superseded";

/** A record as the state log has it. */
export interface LoadedRecord {
  readonly isDead: boolean;
  readonly receiveCount: number;
  readonly firstReceiveSecond: number;
}
