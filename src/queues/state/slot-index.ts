import { type DeliveryTable, noSlot } from "./delivery-table.ts";

const capacityMin = 128;
/** An empty index with more cells gives their memory back at once; a smaller one only when it is asked to. */
const capacityKept = 32_768;

/** Finds the slot of a record by cursor and position: open addressing in one array, at most half full, 8 bytes a slot. */
export class SlotIndex {
  readonly #table: DeliveryTable;
  /** Slot + 1; 0 where there is none. The length is a power of two. */
  #cells = new Int32Array(capacityMin);
  #count = 0;

  constructor(table: DeliveryTable) {
    this.#table = table;
  }

  find(cursor: number, position: number): number {
    const { cursor: cursors, position: positions } = this.#table;
    const mask = this.#cells.length - 1;
    for (let cell = homeOf(cursor, position) & mask; ; cell = (cell + 1) & mask) {
      const slot = (this.#cells[cell] as number) - 1;
      if (slot === noSlot || (positions[slot] === position && cursors[slot] === cursor)) return slot;
    }
  }

  /** The slot's cursor and position are not in the index yet. */
  add(slot: number): void {
    this.#count += 1;
    if (this.#count * 2 > this.#cells.length) this.#resize(this.#cells.length * 2);
    this.#place(slot);
  }

  remove(slot: number): void {
    const mask = this.#cells.length - 1;
    let hole = this.#homeOfSlot(slot) & mask;
    while (this.#cells[hole] !== slot + 1) hole = (hole + 1) & mask;
    // Cells behind the hole move into it unless they would come before their home.
    for (let cell = (hole + 1) & mask; this.#cells[cell] !== 0; cell = (cell + 1) & mask) {
      const home = this.#homeOfSlot((this.#cells[cell] as number) - 1) & mask;
      if (((cell - home) & mask) < ((cell - hole) & mask)) continue;
      this.#cells[hole] = this.#cells[cell] as number;
      hole = cell;
    }
    this.#cells[hole] = 0;
    this.#count -= 1;
    if (this.#count === 0 && this.#cells.length > capacityKept) this.#cells = new Int32Array(capacityMin);
  }

  /** Gives back the memory of an empty index. */
  trim(): void {
    if (this.#count === 0 && this.#cells.length > capacityMin) this.#cells = new Int32Array(capacityMin);
  }

  #resize(length: number): void {
    const known = this.#cells;
    this.#cells = new Int32Array(length);
    for (const cell of known) if (cell !== 0) this.#place(cell - 1);
  }

  #place(slot: number): void {
    const mask = this.#cells.length - 1;
    let cell = this.#homeOfSlot(slot) & mask;
    while (this.#cells[cell] !== 0) cell = (cell + 1) & mask;
    this.#cells[cell] = slot + 1;
  }

  #homeOfSlot(slot: number): number {
    return homeOf(this.#table.cursor[slot] as number, this.#table.position[slot] as number);
  }
}

/** A mix of all bits, so that consecutive positions of several shards do not queue up behind one another. */
function homeOf(cursor: number, position: number): number {
  let mixed = Math.imul((position >>> 0) ^ Math.imul(cursor + 1, 0x9e3779b1), 0x85ebca6b);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
