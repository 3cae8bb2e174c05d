import { PositionSet } from "./position-set.ts";

/**
 * How far a queue is with one shard. Each position from the floor of `done` up to `scan` is done or has a slot in the delivery
 * table; from `scan` to the tip it is done, has a slot, or was never received.
 */
export class ShardCursor {
  readonly shardIndex: number;
  /** Identifies the cursor in the delivery table; never reused within a queue. */
  readonly number: number;
  /** Acknowledged, expired, or before the queue's start. */
  readonly done: PositionSet;
  /** The first position that was not looked at for a first receive since the state was loaded. */
  scan: number;
  /** One past the last durable record. */
  tip: number;
  /** One past the last position at or above `scan` that may have a slot: those that were loaded with the state. */
  loadedEnd = 0;

  constructor(shardIndex: number, number: number, { floor, tip }: { readonly floor: number; readonly tip: number }) {
    this.shardIndex = shardIndex;
    this.number = number;
    this.done = new PositionSet(floor);
    this.scan = floor;
    this.tip = Math.max(tip, floor);
  }
}
