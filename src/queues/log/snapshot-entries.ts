import { slotState } from "../state/delivery-table.ts";
import type { PositionPart } from "../state/position-part.ts";
import type { QueueState } from "../state/queue-state.ts";
import type { ShardCursor } from "../state/shard-cursor.ts";
import { ByteWriter } from "./byte-writer.ts";
import { ChangeWriter } from "./change-writer.ts";
import { entryKind, writeEntryHead, writePart } from "./state-entry.ts";

/** Work between two entries: parts of position sets, cursors, and slots of the delivery table. */
const partsMax = 256;
const cursorsMax = 256;
const slotsMax = 4096;

/**
 * The whole state as bodies of entries. Each is made from the state as it is when the entry is asked for: changes that come
 * between two entries must be appended between them, to the same log.
 */
export function* snapshotEntries(state: QueueState): Generator<Uint8Array, void> {
  yield* positionEntries(state);
  const changes = new ChangeWriter();
  for (let from = 0; from < state.table.end; from += slotsMax) {
    for (let slot = from; slot < Math.min(from + slotsMax, state.table.end); slot += 1) writeSlot(changes, state, slot);
    yield* changes.take();
  }
  const end = new ByteWriter();
  writeEntryHead(end, entryKind.end);
  yield Uint8Array.from(end.written);
}

function* positionEntries(state: QueueState): Generator<Uint8Array, void> {
  const entry = new ByteWriter();
  const items = new ByteWriter();
  let partsLeft = partsMax;
  let cursorsLeft = cursorsMax;
  for (const cursor of [...state.cursors]) {
    let from: number | undefined = 0;
    while (from !== undefined) {
      if (entry.length === 0) writeEntryHead(entry, entryKind.parts);
      const { next, itemCount } = writeItems(items, cursor, from, partsLeft);
      entry.number(cursor.shardIndex);
      entry.number(cursor.done.floor);
      entry.number(itemCount);
      entry.append(items.written);
      items.clear();
      from = next;
      partsLeft -= itemCount;
      cursorsLeft -= 1;
      if (partsLeft > 0 && cursorsLeft > 0) continue;
      yield Uint8Array.from(entry.written);
      entry.clear();
      partsLeft = partsMax;
      cursorsLeft = cursorsMax;
    }
  }
  if (entry.length > 0) yield Uint8Array.from(entry.written);
}

function writeItems(
  items: ByteWriter,
  { done }: ShardCursor,
  from: number,
  partsMax: number,
): { readonly next: number | undefined; readonly itemCount: number } {
  let end = 0;
  let itemCount = 0;
  const next = done.visitParts(from, partsMax, (number: number, count: number, part: PositionPart | undefined) => {
    writePart(items, number - end, { count, part });
    end = number + count;
    itemCount += 1;
  });
  return { next, itemCount };
}

/** What a slot is after a crash: deliveries that have not ended do not count. */
function writeSlot(changes: ChangeWriter, state: QueueState, slot: number): void {
  const { table } = state;
  const what = table.state[slot] as number;
  if (what === slotState.free) return;
  const { shardIndex } = state.cursorOfSlot(slot);
  const position = table.position[slot] as number;
  const count = table.receiveCount[slot] as number;
  const second = table.firstReceiveSecond[slot] as number;
  if (table.isDead[slot] === 1) {
    if (what === slotState.restoring) changes.counted(shardIndex, position, 0, second);
    else changes.dead(shardIndex, position, count, second);
    return;
  }
  const isEnded = what !== slotState.inFlight;
  if (isEnded || count > 1) changes.counted(shardIndex, position, isEnded ? count : count - 1, second);
}
