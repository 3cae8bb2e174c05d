import type { ChildShard } from "../model/shapes.generated.ts";
import type { OutgoingRecords } from "./outgoing-records.ts";

/** One SubscribeToShardEvent, its records still in their stored bytes. */
export interface PushEvent {
  /** All subscribers at the same place get this object. */
  readonly isShared?: true;
  readonly records: OutgoingRecords;
  /** Where to subscribe again, with AFTER_SEQUENCE_NUMBER; absent at the end of a closed shard. */
  readonly continuationSequenceNumber?: string;
  readonly millisBehindLatest: number;
  /** Only at the end of a closed shard. */
  readonly childShards?: readonly ChildShard[];
}
