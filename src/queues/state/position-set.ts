import { PositionPart, partPositions } from "./position-part.ts";

const none = 0;
const full = 1;
const partial = 2;

/** Parts that the set has room for at first. */
const partsMin = 16;

/**
 * A set of positions in which everything below a floor is a member. Its memory follows the positions that are missing above
 * the floor: one byte for 4,096 positions that are all members or all missing, 1 bit for each position at worst.
 */
export class PositionSet {
  #floor: number;
  /** One past the last member. */
  #end: number;
  /** Members at or above the floor. */
  #memberCount = 0;
  /** The number of the part that `#kinds` begins with. */
  #firstPart: number;
  #kinds = new Uint8Array(0);
  readonly #parts = new Map<number, PositionPart>();

  constructor(floor: number) {
    this.#floor = floor;
    this.#end = floor;
    this.#firstPart = partOf(floor);
  }

  /** The first position that is not a member. */
  get floor(): number {
    return this.#floor;
  }

  get end(): number {
    return this.#end;
  }

  get memberCountAboveFloor(): number {
    return this.#memberCount;
  }

  has(position: number): boolean {
    if (position < this.#floor) return true;
    if (position >= this.#end) return false;
    const number = partOf(position);
    const kind = this.#kindOf(number);
    return kind === full || (kind === partial && this.#part(number).has(position % partPositions));
  }

  /** Returns whether the position is new. */
  add(position: number): boolean {
    if (position < this.#floor) return false;
    if (position === this.#floor && position >= this.#end) {
      // In order: nothing above the floor needs to be kept.
      this.#floor = position + 1;
      this.#end = this.#floor;
      return true;
    }
    const number = partOf(position);
    const kind = this.#kindOf(number);
    if (kind === full) return false;
    const part = kind === none ? this.#begin(number) : this.#part(number);
    if (!part.add(position % partPositions)) return false;
    this.#memberCount += 1;
    if (position >= this.#end) this.#end = position + 1;
    if (part.isFull) this.#fill(number);
    if (position === this.#floor) this.#advance(this.next(position, false));
    return true;
  }

  /** Adds whole parts at once. */
  addParts(number: number, count: number): void {
    for (let i = number; i < number + count; i += 1) {
      const start = i * partPositions;
      if (start < this.#floor) {
        for (let position = this.#floor; position < start + partPositions; position += 1) this.add(position);
      } else if (this.#kindOf(i) !== full) {
        this.#memberCount += partPositions - (this.#parts.get(i)?.memberCount ?? 0);
        this.#fill(i);
        this.#end = Math.max(this.#end, start + partPositions);
      }
    }
    this.#advance(this.next(this.#floor, false));
  }

  /** Adds the positions from `from` to before `to`. */
  addRange(from: number, to: number): void {
    for (let at = Math.max(from, this.#floor); at < to; ) {
      const number = partOf(at);
      const start = number * partPositions;
      const end = Math.min(to, start + partPositions);
      this.#addToPart(number, at - start, end - start);
      at = end;
    }
    this.#advance(this.next(this.#floor, false));
  }

  /** The first position from `position` on that is a member or not. Infinity if there is no such member. */
  next(position: number, isMember: boolean): number {
    let at = Math.max(position, isMember ? position : this.#floor);
    while (at < this.#end) {
      const number = partOf(at);
      const kind = this.#kindOf(number);
      if ((kind === full) === isMember && kind !== partial) return at;
      if (at < this.#floor) return at;
      const start = number * partPositions;
      const found = kind === partial ? this.#part(number).next(at - start, isMember) : partPositions;
      at = start + found;
      if (found < partPositions) break;
    }
    if (at < this.#end) return at;
    return isMember ? Number.POSITIVE_INFINITY : Math.max(at, position);
  }

  /** Makes everything below a position a member and forgets about it. */
  raiseFloor(position: number): void {
    if (position <= this.#floor) return;
    let left = 0;
    for (let number = partOf(position); number <= partOf(this.#end); number += 1) {
      left += this.#countFrom(number, position);
    }
    this.#memberCount = left;
    this.#floor = position;
    if (left === 0) {
      this.#reset();
      return;
    }
    this.#forgetBelow(partOf(position));
    this.#advance(this.next(position, false));
  }

  /**
   * Calls back for parts with members, those of a number from `from` on, in order: with the part, or without one for `count`
   * parts that are all members. Returns the number to go on with, or undefined at the end.
   */
  visitParts(from: number, partsMax: number, visit: PartVisitor): number | undefined {
    const end = this.#firstPart + this.#kinds.length;
    let number = Math.max(from, this.#firstPart);
    for (let visited = 0; number < end; ) {
      if (visited === partsMax) return number;
      const kind = this.#kindOf(number);
      if (kind === none) {
        number += 1;
        continue;
      }
      let count = 1;
      if (kind === full) while (number + count < end && this.#kindOf(number + count) === full) count += 1;
      visit(number, count, kind === full ? undefined : this.#part(number));
      number += count;
      visited += 1;
    }
    return undefined;
  }

  #addToPart(number: number, from: number, to: number): void {
    const kind = this.#kindOf(number);
    if (kind === full) return;
    this.#end = Math.max(this.#end, number * partPositions + to);
    if (from === 0 && to === partPositions) {
      this.#memberCount += partPositions - (this.#parts.get(number)?.memberCount ?? 0);
      this.#fill(number);
      return;
    }
    const part = kind === none ? this.#begin(number) : this.#part(number);
    this.#memberCount += part.addRange(from, to);
    if (part.isFull) this.#fill(number);
  }

  #countFrom(number: number, position: number): number {
    const kind = this.#kindOf(number);
    if (kind === none) return 0;
    const start = number * partPositions;
    const skipped = Math.max(0, position - start);
    if (kind === full) return partPositions - skipped;
    const part = this.#part(number);
    let count = part.memberCount;
    for (let at = part.next(0, true); at < skipped; at = part.next(at + 1, true)) count -= 1;
    return count;
  }

  /** Moves the floor to the first position that is missing; the members below it are not counted any more. */
  #advance(floor: number): void {
    if (floor <= this.#floor) return;
    this.#memberCount -= floor - this.#floor;
    this.#floor = floor;
    if (this.#memberCount === 0) this.#reset();
    else this.#forgetBelow(partOf(floor));
  }

  /** No position above the floor is a member. */
  #reset(): void {
    this.#end = this.#floor;
    this.#firstPart = partOf(this.#floor);
    if (this.#kinds.length === 0) return;
    this.#kinds = new Uint8Array(0);
    this.#parts.clear();
  }

  #forgetBelow(number: number): void {
    const dropped = number - this.#firstPart;
    if (dropped <= 0) return;
    for (let i = 0; i < Math.min(dropped, this.#kinds.length); i += 1) {
      if (this.#kinds[i] === partial) this.#parts.delete(this.#firstPart + i);
      this.#kinds[i] = none;
    }
    // What is left is copied when at least half is gone.
    if (dropped * 2 < this.#kinds.length) return;
    this.#kinds = this.#kinds.slice(Math.min(dropped, this.#kinds.length));
    this.#firstPart = number;
  }

  #begin(number: number): PositionPart {
    const part = new PositionPart();
    this.#makeRoom(number);
    this.#kinds[number - this.#firstPart] = partial;
    this.#parts.set(number, part);
    return part;
  }

  #fill(number: number): void {
    this.#makeRoom(number);
    this.#kinds[number - this.#firstPart] = full;
    this.#parts.delete(number);
  }

  #makeRoom(number: number): void {
    const place = number - this.#firstPart;
    if (place < this.#kinds.length) return;
    const kinds = new Uint8Array(Math.max(partsMin, place + 1, this.#kinds.length * 2));
    kinds.set(this.#kinds);
    this.#kinds = kinds;
  }

  #kindOf(number: number): number {
    return this.#kinds[number - this.#firstPart] ?? none;
  }

  #part(number: number): PositionPart {
    const part = this.#parts.get(number);
    if (part === undefined) throw new Error("a part that is neither full nor empty is kept");
    return part;
  }
}

export type PartVisitor = (number: number, count: number, part: PositionPart | undefined) => void;

function partOf(position: number): number {
  return Math.floor(position / partPositions);
}
