const slotsMin = 64;
/** An empty table with more slots gives their memory back at once; a smaller one only when it is asked to. */
const slotsKept = 16_384;
export const noSlot = -1;

/** States of a slot. A record in one of them is neither acknowledged nor waiting for its first receive. */
export const slotState = {
  free: 0,
  /** Received; its time is running. In a list of the timer wheel. */
  inFlight: 1,
  /** Visible again. In the list of its kind. */
  waiting: 2,
  /** Acknowledged, as soon as that is durable. In no list. */
  acknowledging: 3,
  /** A dead letter that is being restored, as soon as that is durable. In no list. */
  restoring: 4,
} as const;

/** Lists of slots beside those of the timer wheel, which come first. */
const wheelLists = 3 * 256;
export const liveList = wheelLists;
export const deadList = wheelLists + 1;
const listCount = wheelLists + 2;

/**
 * One slot for each record of a queue that is in flight, waits for another receive, or is a dead letter. Columns of numbers:
 * no object is made for a record. A slot is in at most one list.
 */
export class DeliveryTable {
  position = new Float64Array(slotsMin);
  /** The number of the cursor of its shard. */
  cursor = new Uint32Array(slotsMin);
  /** At least 1 for a delivery whose time was running when last looked at; 0 for a record that was visible. */
  deadlineTick = new Uint32Array(slotsMin);
  /** Seconds since the epoch. */
  firstReceiveSecond = new Uint32Array(slotsMin);
  /** The number of its newest receive; 0 if there was none since the state was loaded. */
  nonce = new Uint32Array(slotsMin);
  receiveCount = new Uint16Array(slotsMin);
  state = new Uint8Array(slotsMin);
  isDead = new Uint8Array(slotsMin);
  #next = new Int32Array(slotsMin);
  #previous = new Int32Array(slotsMin);
  #list = new Uint16Array(slotsMin);
  readonly #heads = new Int32Array(listCount).fill(noSlot);
  readonly #tails = new Int32Array(listCount).fill(noSlot);
  readonly #lengths = new Int32Array(listCount);
  /** The first of the free slots, which are chained by `#next`. */
  #free = noSlot;
  /** Slots from here on were never used. */
  #unused = 0;
  #count = 0;

  /** Slots in use. */
  get count(): number {
    return this.#count;
  }

  /** One past the last slot that may be in use. */
  get end(): number {
    return this.#unused;
  }

  take(cursor: number, position: number): number {
    let slot = this.#free;
    if (slot === noSlot) {
      slot = this.#unused;
      if (slot === this.position.length) this.#resize(slot * 2);
      this.#unused += 1;
    } else this.#free = this.#next[slot] as number;
    this.#count += 1;
    this.cursor[slot] = cursor;
    this.position[slot] = position;
    this.deadlineTick[slot] = 0;
    this.nonce[slot] = 0;
    this.isDead[slot] = 0;
    return slot;
  }

  /** The slot must be in no list. */
  free(slot: number): void {
    this.state[slot] = slotState.free;
    this.#next[slot] = this.#free;
    this.#free = slot;
    this.#count -= 1;
    if (this.#count > 0) return;
    this.#free = noSlot;
    this.#unused = 0;
    if (this.position.length > slotsKept) this.#resize(slotsMin);
  }

  /** Gives back the memory of an empty table. */
  trim(): void {
    if (this.#count === 0 && this.position.length > slotsMin) this.#resize(slotsMin);
  }

  /** Slots of a list. */
  lengthOf(list: number): number {
    return this.#lengths[list] as number;
  }

  firstOf(list: number): number {
    return this.#heads[list] as number;
  }

  /** The slot behind one in the same list. */
  after(slot: number): number {
    return this.#next[slot] as number;
  }

  append(list: number, slot: number): void {
    const last = this.#tails[list] as number;
    this.#list[slot] = list;
    this.#next[slot] = noSlot;
    this.#previous[slot] = last;
    if (last === noSlot) this.#heads[list] = slot;
    else this.#next[last] = slot;
    this.#tails[list] = slot;
    this.#lengths[list] = this.lengthOf(list) + 1;
  }

  /** Takes a slot out of its list. */
  remove(slot: number): void {
    const list = this.#list[slot] as number;
    const next = this.#next[slot] as number;
    const previous = this.#previous[slot] as number;
    if (previous === noSlot) this.#heads[list] = next;
    else this.#next[previous] = next;
    if (next === noSlot) this.#tails[list] = previous;
    else this.#previous[next] = previous;
    this.#lengths[list] = this.lengthOf(list) - 1;
  }

  #resize(length: number): void {
    this.position = resized(new Float64Array(length), this.position);
    this.cursor = resized(new Uint32Array(length), this.cursor);
    this.deadlineTick = resized(new Uint32Array(length), this.deadlineTick);
    this.firstReceiveSecond = resized(new Uint32Array(length), this.firstReceiveSecond);
    this.nonce = resized(new Uint32Array(length), this.nonce);
    this.receiveCount = resized(new Uint16Array(length), this.receiveCount);
    this.state = resized(new Uint8Array(length), this.state);
    this.isDead = resized(new Uint8Array(length), this.isDead);
    this.#next = resized(new Int32Array(length), this.#next);
    this.#previous = resized(new Int32Array(length), this.#previous);
    this.#list = resized(new Uint16Array(length), this.#list);
  }
}

/** The column with the values of another one, as many as it has room for. */
function resized<Column extends Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array>(
  column: Column,
  known: Column,
): Column {
  column.set(known.length > column.length ? known.subarray(0, column.length) : known);
  return column;
}
