import type { RecordCache } from "./record-cache.ts";
import type { QueueState } from "./state/queue-state.ts";
import type { ShardCursor } from "./state/shard-cursor.ts";

/** Records that were received before and are looked at for one receive. */
const waitingLookedAtMax = 64;
/** Records read at once for a first receive, and of those that come again. */
const unseenReadMax = 4096;
const waitingReadMax = 64;

/** Records to read before a receive can be served. */
export interface MissingRead {
  readonly cursor: ShardCursor;
  readonly position: number;
  readonly recordsMax: number;
}

/** What a receive can take: slots that come again, and records that are received for the first time from a cursor. */
export interface ReceivePlan {
  readonly again: readonly number[];
  readonly unseen: ShardCursor | undefined;
  readonly missing: MissingRead | undefined;
}

export interface PlanInput {
  readonly state: QueueState;
  readonly cache: RecordCache;
  readonly isDead: boolean;
  readonly recordsMax: number;
  /** Whether records may be received for the first time now. */
  readonly allowsUnseen: boolean;
  readonly isBlocked: (cursor: ShardCursor) => boolean;
}

/**
 * Decides what one receive takes. While there are records that were never received, at most half are others, so that those
 * that fail again and again do not hold up the rest.
 */
export function planReceive(input: PlanInput): ReceivePlan {
  const { state, cache, isDead, recordsMax, allowsUnseen } = input;
  const unseen = isDead || !allowsUnseen ? undefined : unblockedUnseen(input);
  const againMax = unseen === undefined ? recordsMax : Math.ceil(recordsMax / 2);
  const again: number[] = [];
  let missing: MissingRead | undefined;
  let slot = state.firstWaiting({ isDead });
  for (let looked = 0; slot >= 0 && again.length < againMax && looked < waitingLookedAtMax; looked += 1) {
    const cursor = state.cursorOfSlot(slot);
    if (!input.isBlocked(cursor)) {
      again.push(slot);
      const position = state.table.position[slot] as number;
      if (missing === undefined && cache.find(cursor.number, position) === undefined) {
        missing = { cursor, position, recordsMax: waitingRun(state, slot) };
      }
    }
    slot = state.table.after(slot);
  }
  if (unseen !== undefined && missing === undefined && cache.find(unseen.number, unseen.scan) === undefined) {
    missing = { cursor: unseen, position: unseen.scan, recordsMax: state.unseenRun(unseen, unseenReadMax) };
  }
  return { again, unseen, missing };
}

/** Looks at each cursor once. */
function unblockedUnseen({ state, isBlocked }: PlanInput): ShardCursor | undefined {
  for (let left = state.readyCursorCount; left > 0; left -= 1) {
    const cursor = state.nextUnseen();
    if (cursor === undefined || !isBlocked(cursor)) return cursor;
    state.rotate();
  }
  return undefined;
}

/** How many slots wait one behind another whose positions are consecutive: mostly they were received together. */
function waitingRun({ table }: QueueState, first: number): number {
  let count = 1;
  for (let slot = first; count < waitingReadMax; count += 1) {
    const next = table.after(slot);
    if (next < 0 || table.cursor[next] !== table.cursor[slot]) break;
    if (table.position[next] !== (table.position[slot] as number) + 1) break;
    slot = next;
  }
  return count;
}
