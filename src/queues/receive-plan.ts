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

/** What a receive can take: slots that come again, and cursors with records that were never received. */
export interface ReceivePlan {
  readonly again: readonly number[];
  readonly unseen: readonly ShardCursor[];
  /** To be read first. */
  readonly missing: readonly MissingRead[];
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
  const missing: MissingRead[] = [];
  const unseen = isDead || !allowsUnseen ? [] : planUnseen(input, missing);
  const againMax = unseen.length === 0 ? recordsMax : Math.ceil(recordsMax / 2);
  const again: number[] = [];
  let slot = state.firstWaiting({ isDead });
  for (let looked = 0; slot >= 0 && again.length < againMax && looked < waitingLookedAtMax; looked += 1) {
    const cursor = state.cursorOfSlot(slot);
    if (!input.isBlocked(cursor)) {
      again.push(slot);
      const position = state.table.position[slot] as number;
      const isRead =
        cache.find(cursor.number, position) !== undefined || missing.some((read) => covers(read, cursor, position));
      if (!isRead) missing.push({ cursor, position, recordsMax: waitingRun(state, slot) });
    }
    slot = state.table.after(slot);
  }
  return { again, unseen, missing };
}

/** As many cursors as one receive may need. */
function planUnseen(
  { state, cache, recordsMax, isBlocked }: PlanInput,
  missing: MissingRead[],
): readonly ShardCursor[] {
  const unseen: ShardCursor[] = [];
  let left = recordsMax;
  for (const cursor of state.unseenCursors()) {
    if (isBlocked(cursor)) continue;
    unseen.push(cursor);
    if (cache.find(cursor.number, cursor.scan) === undefined) {
      missing.push({ cursor, position: cursor.scan, recordsMax: state.unseenRun(cursor, unseenReadMax) });
    }
    left -= Math.min(left, cursor.tip - cursor.scan);
    if (left <= 0) break;
  }
  return unseen;
}

function covers({ cursor, position, recordsMax }: MissingRead, of: ShardCursor, at: number): boolean {
  return cursor === of && at >= position && at < position + recordsMax;
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
