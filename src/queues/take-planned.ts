import type { ReceivePlan } from "./receive-plan.ts";
import type { ReceivedBuilder } from "./received-builder.ts";
import type { RecordCache } from "./record-cache.ts";
import type { QueueState } from "./state/queue-state.ts";
import type { ShardCursor } from "./state/shard-cursor.ts";

export interface Taking {
  readonly state: QueueState;
  readonly cache: RecordCache;
  readonly builder: ReceivedBuilder;
  readonly deadlineTick: number;
  /** Records that were stored before have expired. */
  readonly oldestMs: number;
  /** Now, seconds since the epoch. */
  readonly second: number;
}

/** Takes into flight what a plan names, as far as it is in memory and fits. */
export function takePlanned({ again, unseen }: ReceivePlan, taking: Taking): void {
  for (const slot of again) if (!taking.builder.isFull) takeAgain(slot, taking);
  for (const cursor of unseen) {
    while (!taking.builder.isFull && taking.state.hasUnseen(cursor) && takeUnseen(cursor, taking));
  }
}

function takeAgain(slot: number, { state, cache, builder, deadlineTick, oldestMs }: Taking): void {
  const cursor = state.cursorOfSlot(slot);
  const position = state.table.position[slot] as number;
  const read = cache.find(cursor.number, position);
  if (read === undefined || read.storedAt(position).storedMs < oldestMs) return;
  if (builder.addRecords(read, position, 1) === 0) return;
  cache.touch(read);
  state.receiveWaiting(slot, deadlineTick);
  builder.addDelivery(cursor.shardIndex, state.table, slot);
}

/** Takes consecutive records of one entry. Returns whether the cursor may have more of them in memory. */
function takeUnseen(cursor: ShardCursor, { state, cache, builder, deadlineTick, oldestMs, second }: Taking): boolean {
  const read = cache.find(cursor.number, cursor.scan);
  if (read === undefined) return false;
  const run = state.unseenRun(cursor, Math.min(builder.recordsLeft, read.end - cursor.scan));
  if (run <= 0) return false;
  const { storedMs, end } = read.storedAt(cursor.scan);
  if (storedMs < oldestMs) {
    state.expireBelow(cursor, end);
    return false;
  }
  const count = builder.addRecords(read, cursor.scan, run);
  for (let i = 0; i < count; i += 1) {
    builder.addDelivery(cursor.shardIndex, state.table, state.receiveUnseen(cursor, deadlineTick, second));
  }
  cache.touch(read);
  if (cursor.scan < read.end) return count > 0;
  // What was read is received: another cursor is next.
  cache.forget(read);
  state.moveBack(cursor);
  return false;
}
