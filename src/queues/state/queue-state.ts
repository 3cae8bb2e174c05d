import type { DeliveryReceipt, LoadedRecord, ReceiptStanding } from "./delivery-receipt.ts";
import { DeliveryTable, deadList, liveList, noSlot, slotState } from "./delivery-table.ts";
import { ShardCursor } from "./shard-cursor.ts";
import { SlotIndex } from "./slot-index.ts";
import { TimerWheel } from "./timer-wheel.ts";

/** Counts stay at this one; the API knows limits up to 1,000. */
const receiveCountCeiling = 0xffff;

/** Told about each delivery of a live record that ended without acknowledgement, so that it is written down. */
export type EndedDelivery = (slot: number) => void;

export interface QueueStateOptions {
  /** The tick at which the state begins; see `TimerWheel`. */
  readonly tick: number;
  readonly ended: EndedDelivery;
}

/**
 * What became of the records of one queue, in memory: synchronous, without clock and I/O. Each record between the floor of its
 * shard's cursor and the tip is done, has a slot in the delivery table, or is still to be received for the first time.
 */
export class QueueState {
  readonly table = new DeliveryTable();
  /** A record that was received as often without acknowledgement becomes a dead letter. */
  receiveCountMax = Number.POSITIVE_INFINITY;
  readonly #index = new SlotIndex(this.table);
  readonly #wheel: TimerWheel;
  readonly #cursors = new Map<number, ShardCursor>();
  /** By number; undefined where the shard is gone. */
  readonly #numbered: (ShardCursor | undefined)[] = [];
  /** The cursors that may have records that were never received, in the order in which they are asked. */
  readonly #ready = new Set<ShardCursor>();
  readonly #ended: EndedDelivery;
  #nonce = 0;
  #inFlightDeadCount = 0;

  constructor({ tick, ended }: QueueStateOptions) {
    this.#wheel = new TimerWheel(this.table, tick);
    this.#ended = ended;
  }

  get inFlightCount(): number {
    return this.#wheel.count;
  }

  get inFlightDeadCount(): number {
    return this.#inFlightDeadCount;
  }

  get waitingCount(): number {
    return this.table.lengthOf(liveList);
  }

  get visibleDeadCount(): number {
    return this.table.lengthOf(deadList);
  }

  /** Records that were never received. */
  get unseenCount(): number {
    let count = -this.table.count;
    for (const { tip, done } of this.#cursors.values()) {
      count += Math.max(0, tip - done.floor) - done.memberCountAboveFloor;
    }
    return Math.max(0, count);
  }

  get cursors(): Iterable<ShardCursor> {
    return this.#cursors.values();
  }

  cursorOf(shardIndex: number): ShardCursor | undefined {
    return this.#cursors.get(shardIndex);
  }

  cursorOfSlot(slot: number): ShardCursor {
    const cursor = this.#numbered[this.table.cursor[slot] as number];
    if (cursor === undefined) throw new Error("a slot goes with the cursor of its shard");
    return cursor;
  }

  addShard(shardIndex: number, range: { readonly floor: number; readonly tip: number }): ShardCursor {
    const cursor = new ShardCursor(shardIndex, this.#numbered.length, range);
    this.#numbered.push(cursor);
    this.#cursors.set(shardIndex, cursor);
    this.#offer(cursor);
    return cursor;
  }

  /** Forgets a shard whose records have all expired. */
  removeShard(shardIndex: number): void {
    const cursor = this.#cursors.get(shardIndex);
    if (cursor === undefined) return;
    this.#dropSlots(cursor, cursor.done.floor, Number.POSITIVE_INFINITY);
    this.#cursors.delete(shardIndex);
    this.#numbered[cursor.number] = undefined;
    this.#ready.delete(cursor);
  }

  /** Returns whether there is a record to receive that was not there before. */
  grow(shardIndex: number, tip: number): boolean {
    const cursor = this.#cursors.get(shardIndex);
    if (cursor === undefined || tip <= cursor.tip) return false;
    cursor.tip = tip;
    this.#offer(cursor);
    return true;
  }

  /** Records below a position have expired, or came before the queue's start. */
  expireBelow(cursor: ShardCursor, position: number): void {
    if (position <= cursor.done.floor) return;
    this.#dropSlots(cursor, cursor.done.floor, position);
    cursor.done.raiseFloor(position);
    cursor.scan = Math.max(cursor.scan, cursor.done.floor);
    cursor.tip = Math.max(cursor.tip, position);
  }

  /** No record has the positions from `from` to before `to`: an engine has left them out, or freed them. */
  skip(cursor: ShardCursor, from: number, to: number): void {
    this.#dropSlots(cursor, from, to);
    if (from <= cursor.done.floor) cursor.done.raiseFloor(to);
    else cursor.done.addRange(from, to);
    cursor.scan = Math.max(cursor.scan, cursor.done.floor);
    cursor.tip = Math.max(cursor.tip, cursor.done.floor);
  }

  // Receiving.

  /** The cursors that have records that were never received, each with its `scan` at the first of them. */
  *unseenCursors(): Generator<ShardCursor, void> {
    for (const cursor of this.#ready) {
      if (this.hasUnseen(cursor)) yield cursor;
      else this.#ready.delete(cursor);
    }
  }

  /** Moves `scan` over what is done or has a slot. Returns whether it is below the tip. */
  hasUnseen(cursor: ShardCursor): boolean {
    const { done } = cursor;
    while (cursor.scan < cursor.tip) {
      if (cursor.scan < done.end) {
        const next = done.next(cursor.scan, false);
        if (next > cursor.scan) {
          cursor.scan = next;
          continue;
        }
      }
      if (cursor.scan >= cursor.loadedEnd || this.#index.find(cursor.number, cursor.scan) === noSlot) return true;
      cursor.scan += 1;
    }
    return false;
  }

  /** Lets the other cursors come first. */
  moveBack(cursor: ShardCursor): void {
    if (this.#ready.delete(cursor)) this.#ready.add(cursor);
  }

  /** How many records from `scan` on, at most `max`, are to be received for the first time. */
  unseenRun(cursor: ShardCursor, max: number): number {
    const { scan, tip, done, loadedEnd } = cursor;
    let end = Math.min(tip, scan + max);
    if (scan < done.end) end = Math.min(end, done.next(scan, true));
    for (let position = scan; position < Math.min(end, loadedEnd); position += 1) {
      if (this.#index.find(cursor.number, position) !== noSlot) return position - scan;
    }
    return end - scan;
  }

  /** Receives the record at `scan` for the first time; returns its slot. */
  receiveUnseen(cursor: ShardCursor, deadlineTick: number, second: number): number {
    const slot = this.#take(cursor, cursor.scan);
    cursor.scan += 1;
    this.table.firstReceiveSecond[slot] = second;
    this.table.receiveCount[slot] = 1;
    this.#fly(slot, deadlineTick);
    return slot;
  }

  /** The slot that waits longest; negative if there is none. */
  firstWaiting(kind: { readonly isDead: boolean }): number {
    return this.table.firstOf(kind.isDead ? deadList : liveList);
  }

  /** Receives the record of a waiting slot again. */
  receiveWaiting(slot: number, deadlineTick: number): void {
    this.table.remove(slot);
    // A dead letter keeps the count with which it became one.
    if (this.table.isDead[slot] === 0) {
      this.table.receiveCount[slot] = Math.min((this.table.receiveCount[slot] as number) + 1, receiveCountCeiling);
    }
    this.#fly(slot, deadlineTick);
  }

  // Deliveries.

  standingOf(delivery: DeliveryReceipt): ReceiptStanding {
    const cursor = this.#cursors.get(delivery.shardIndex);
    if (cursor === undefined || cursor.done.has(delivery.position)) return "done";
    const slot = this.#index.find(cursor.number, delivery.position);
    if (slot === noSlot) {
      const isPossible = !delivery.isOfThisEpoch && !delivery.isDead && delivery.position < cursor.tip;
      return isPossible ? "unseen" : "superseded";
    }
    const isDead = this.table.isDead[slot] === 1;
    const nonce = this.table.nonce[slot] as number;
    const isNewest = delivery.isOfThisEpoch ? nonce === delivery.nonce : nonce === 0;
    return isNewest && isDead === delivery.isDead ? slot : "superseded";
  }

  /** Whether a delivery of a dead letter restored its record, which was not received since. */
  isRestoredBy({ shardIndex, position, isOfThisEpoch, nonce }: DeliveryReceipt): boolean {
    const cursor = this.#cursors.get(shardIndex);
    const slot = cursor === undefined ? noSlot : this.#index.find(cursor.number, position);
    if (slot === noSlot || this.table.isDead[slot] === 1 || this.table.receiveCount[slot] !== 0) return false;
    return (this.table.nonce[slot] as number) === (isOfThisEpoch ? nonce : 0);
  }

  isInFlight(slot: number): boolean {
    return this.table.state[slot] === slotState.inFlight;
  }

  /** Another time for a record in flight. */
  move(slot: number, deadlineTick: number): void {
    this.#wheel.remove(slot);
    this.table.deadlineTick[slot] = deadlineTick;
    this.#wheel.add(slot);
  }

  /** Ends the delivery of a record in flight without acknowledgement: it is visible again, or becomes a dead letter. */
  giveBack(slot: number): void {
    this.#land(slot);
    this.#endDelivery(slot);
  }

  /** Ends deliveries whose time is over, at most `slotsMax`. Returns whether there may be more. */
  expire(nowTick: number, slotsMax: number): boolean {
    return this.#wheel.advance(nowTick, slotsMax, (slot) => {
      if (this.table.isDead[slot] === 1) this.#inFlightDeadCount -= 1;
      this.#endDelivery(slot);
    });
  }

  /** The tick at which `expire()` has something to do. */
  nextTick(): number | undefined {
    return this.#wheel.nextTick();
  }

  // Changes that count when they are durable: a slot is kept from receivers until then.

  beginAcknowledging(slot: number): void {
    this.#hold(slot, slotState.acknowledging);
  }

  beginRestoring(slot: number): void {
    this.#hold(slot, slotState.restoring);
  }

  /** The record of the position is done, whatever became of it meanwhile. Returns whether it was not. */
  finish(shardIndex: number, position: number): boolean {
    const cursor = this.#cursors.get(shardIndex);
    if (cursor === undefined || cursor.done.has(position)) return false;
    const slot = this.#index.find(cursor.number, position);
    if (slot !== noSlot) this.#drop(slot);
    cursor.done.add(position);
    if (cursor.done.floor > cursor.scan) cursor.scan = cursor.done.floor;
    return true;
  }

  /** The dead letter of the position is a live record with a count of 0, whatever became of it meanwhile. */
  restore(shardIndex: number, position: number): void {
    const cursor = this.#cursors.get(shardIndex);
    const slot = cursor === undefined ? noSlot : this.#index.find(cursor.number, position);
    if (slot === noSlot || this.table.isDead[slot] === 0) return;
    this.#release(slot);
    this.table.isDead[slot] = 0;
    this.table.receiveCount[slot] = 0;
    this.#wait(slot);
  }

  /**
   * What was to become durable did not: a record that is still kept from receivers is what it was before, in flight for the rest
   * of its time or visible.
   */
  revert(shardIndex: number, position: number): void {
    const cursor = this.#cursors.get(shardIndex);
    const slot = cursor === undefined ? noSlot : this.#index.find(cursor.number, position);
    if (slot === noSlot) return;
    const state = this.table.state[slot];
    if (state !== slotState.acknowledging && state !== slotState.restoring) return;
    if (this.table.deadlineTick[slot] === 0) this.#wait(slot);
    else this.#startTime(slot);
  }

  /** A record as the log has it: visible, after `count` receives. A later call for the same position counts. */
  load(shardIndex: number, position: number, record: LoadedRecord): void {
    const cursor = this.#cursors.get(shardIndex);
    if (cursor === undefined || cursor.done.has(position)) return;
    let slot = this.#index.find(cursor.number, position);
    if (slot === noSlot) {
      slot = this.#take(cursor, position);
      cursor.loadedEnd = Math.max(cursor.loadedEnd, position + 1);
    } else this.table.remove(slot);
    this.table.isDead[slot] = record.isDead ? 1 : 0;
    this.table.receiveCount[slot] = record.receiveCount;
    this.table.firstReceiveSecond[slot] = record.firstReceiveSecond;
    this.#wait(slot);
  }

  /** Drops the slots of records that are done. */
  dropDone(): void {
    const { table } = this;
    for (let slot = 0; slot < table.end; slot += 1) {
      if (table.state[slot] === slotState.free) continue;
      if (this.cursorOfSlot(slot).done.has(table.position[slot] as number)) this.#drop(slot);
    }
  }

  /** Gives back memory that is not in use. */
  trim(): void {
    this.table.trim();
    this.#index.trim();
  }

  #take(cursor: ShardCursor, position: number): number {
    const slot = this.table.take(cursor.number, position);
    this.#index.add(slot);
    return slot;
  }

  #fly(slot: number, deadlineTick: number): void {
    this.#nonce = (this.#nonce + 1) >>> 0 || 1;
    this.table.nonce[slot] = this.#nonce;
    this.table.deadlineTick[slot] = Math.max(1, deadlineTick);
    this.#startTime(slot);
  }

  #startTime(slot: number): void {
    this.table.state[slot] = slotState.inFlight;
    if (this.table.isDead[slot] === 1) this.#inFlightDeadCount += 1;
    this.#wheel.add(slot);
  }

  #land(slot: number): void {
    this.#wheel.remove(slot);
    if (this.table.isDead[slot] === 1) this.#inFlightDeadCount -= 1;
  }

  #endDelivery(slot: number): void {
    const wasDead = this.table.isDead[slot] === 1;
    if ((this.table.receiveCount[slot] as number) >= this.receiveCountMax) this.table.isDead[slot] = 1;
    this.#wait(slot);
    if (!wasDead) this.#ended(slot);
  }

  #wait(slot: number): void {
    this.table.state[slot] = slotState.waiting;
    this.table.deadlineTick[slot] = 0;
    this.table.append(this.table.isDead[slot] === 1 ? deadList : liveList, slot);
  }

  #hold(slot: number, state: number): void {
    this.#release(slot);
    this.table.state[slot] = state;
  }

  /** Takes a slot out of the list that it is in. */
  #release(slot: number): void {
    const state = this.table.state[slot];
    if (state === slotState.inFlight) this.#land(slot);
    else if (state === slotState.waiting) this.table.remove(slot);
  }

  #drop(slot: number): void {
    this.#release(slot);
    this.#index.remove(slot);
    this.table.free(slot);
  }

  #dropSlots(cursor: ShardCursor, from: number, end: number): void {
    const to = Math.min(end, Math.max(cursor.scan, cursor.loadedEnd));
    if (to - from <= this.table.end) {
      for (let at = from; at < to; at += 1) {
        const slot = this.#index.find(cursor.number, at);
        if (slot !== noSlot) this.#drop(slot);
      }
      return;
    }
    for (let slot = 0; slot < this.table.end; slot += 1) {
      const isOf = this.table.state[slot] !== slotState.free && this.table.cursor[slot] === cursor.number;
      const position = this.table.position[slot] as number;
      if (isOf && position >= from && position < end) this.#drop(slot);
    }
  }

  #offer(cursor: ShardCursor): void {
    if (cursor.scan < cursor.tip) this.#ready.add(cursor);
  }
}
