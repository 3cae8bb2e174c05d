import { type DeliveryTable, noSlot } from "./delivery-table.ts";

/** Length of a tick in ms: a timeout ends up to one tick late and never early. */
export const tickMs = 100;

const spokes = 256;
const spokeMask = spokes - 1;
const levelBits = 8;

/**
 * The slots in flight by the tick at which their time is over: three levels of 256 lists, of 1, 256 and 65,536 ticks a list, so
 * that adding and removing cost the same however many there are. Level by level, slots move down as their time comes near.
 */
export class TimerWheel {
  readonly #table: DeliveryTable;
  /** The next tick to be handled; all before it are. */
  #tick: number;
  #count = 0;

  constructor(table: DeliveryTable, tick: number) {
    this.#table = table;
    this.#tick = tick;
  }

  get count(): number {
    return this.#count;
  }

  /** The slot is in no list, and its deadline is set. */
  add(slot: number): void {
    this.#count += 1;
    this.#place(slot);
  }

  remove(slot: number): void {
    this.#count -= 1;
    this.#table.remove(slot);
  }

  /**
   * Takes out slots whose deadline is not behind `nowTick`, at most about `slotsMax`, and calls back for each. Returns whether
   * there may be more of them.
   */
  advance(nowTick: number, slotsMax: number, expired: (slot: number) => void): boolean {
    let left = slotsMax;
    while (this.#tick <= nowTick) {
      if (this.#count === 0) {
        this.#tick = nowTick + 1;
        return false;
      }
      const tick = this.#tick;
      if ((tick & spokeMask) === 0) {
        left = this.#moveDown(2 * spokes + ((tick >>> (2 * levelBits)) & spokeMask), left);
        left = this.#moveDown(spokes + ((tick >>> levelBits) & spokeMask), left);
      }
      const list = tick & spokeMask;
      for (; left > 0; left -= 1) {
        const slot = this.#table.firstOf(list);
        if (slot === noSlot) break;
        this.remove(slot);
        expired(slot);
      }
      if (left <= 0) return true;
      this.#tick = this.#afterEmptySpokes(tick, nowTick);
    }
    return false;
  }

  /** The tick at which `advance()` has something to do; undefined when nothing is in flight. */
  nextTick(): number | undefined {
    if (this.#count === 0) return undefined;
    const tick = this.#tick;
    for (let at = tick; at < tick + spokes; at += 1) {
      if (this.#table.lengthOf(at & spokeMask) > 0 || ((at & spokeMask) === 0 && this.#movesDownAt(at))) return at;
    }
    let at = ((tick + spokeMask) | spokeMask) + 1;
    for (let spoke = 0; spoke < spokes; spoke += 1, at += spokes) if (this.#movesDownAt(at)) return at;
    return at;
  }

  #movesDownAt(tick: number): boolean {
    const middle = this.#table.lengthOf(spokes + ((tick >>> levelBits) & spokeMask)) > 0;
    const isOuter = ((tick >>> levelBits) & spokeMask) === 0;
    return middle || (isOuter && this.#table.lengthOf(2 * spokes + ((tick >>> (2 * levelBits)) & spokeMask)) > 0);
  }

  /** Skips the ticks up to the next move-down if no list of the first level has a slot before it. */
  #afterEmptySpokes(tick: number, nowTick: number): number {
    let next = tick + 1;
    while (next <= nowTick && (next & spokeMask) !== 0 && this.#table.lengthOf(next & spokeMask) === 0) next += 1;
    return next;
  }

  #moveDown(list: number, slotsMax: number): number {
    let left = slotsMax;
    for (; left > 0; left -= 1) {
      const slot = this.#table.firstOf(list);
      if (slot === noSlot) break;
      this.#table.remove(slot);
      this.#place(slot);
    }
    return left;
  }

  #place(slot: number): void {
    const deadline = Math.max(this.#table.deadlineTick[slot] as number, this.#tick);
    const ahead = deadline - this.#tick;
    let list: number;
    if (ahead < spokes) list = deadline & spokeMask;
    else if (ahead < spokes * spokes) list = spokes + ((deadline >>> levelBits) & spokeMask);
    else list = 2 * spokes + ((deadline >>> (2 * levelBits)) & spokeMask);
    this.#table.append(list, slot);
  }
}
