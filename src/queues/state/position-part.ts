/** Positions of one part of a `PositionSet`. */
export const partPositions = 4096;

const words = partPositions / 32;
/** Up to so many members, or positions that are no members, are a list; more are a bitmap. */
const listedMax = 64;
const listedMin = 8;
const noneListed = new Uint16Array(0);

/** `members`: a list of those there are. `holes`: a list of those that are missing. `bitmap`: 512 bytes, one bit each. */
export type PartForm = "members" | "holes" | "bitmap";

/** Some, but not all, positions of 4,096 consecutive ones, as offsets from 0 to 4095, in the form that takes least memory. */
export class PositionPart {
  #form: PartForm = "members";
  /** Sorted. */
  #listed = new Uint16Array(listedMin);
  #listedCount = 0;
  #bits: Uint32Array | undefined;
  #memberCount = 0;

  get form(): PartForm {
    return this.#form;
  }

  get memberCount(): number {
    return this.#memberCount;
  }

  get isFull(): boolean {
    return this.#memberCount === partPositions;
  }

  /** The list of a part in one of its two forms as lists. */
  get listed(): Uint16Array {
    return this.#listed.subarray(0, this.#listedCount);
  }

  /** The words of a part in the form of a bitmap. */
  get bits(): Uint32Array | undefined {
    return this.#bits;
  }

  has(offset: number): boolean {
    if (this.#bits !== undefined) return hasBit(this.#bits, offset);
    const place = this.#placeOf(offset);
    const isListed = place < this.#listedCount && this.#listed[place] === offset;
    return isListed === (this.#form === "members");
  }

  /** Returns whether the offset is new. */
  add(offset: number): boolean {
    if (this.has(offset)) return false;
    this.#memberCount += 1;
    if (this.#bits !== undefined) this.#setBit(this.#bits, offset);
    else if (this.#form === "members") this.#list(offset);
    else this.#unlist(this.#placeOf(offset));
    return true;
  }

  /** Adds the offsets from `from` to before `to`. Returns how many of them are new. */
  addRange(from: number, to: number): number {
    const before = this.#memberCount;
    const bits = this.#bits ?? this.#toBits();
    let count = 0;
    for (let word = 0; word < words; word += 1) {
      const start = Math.max(0, from - word * 32);
      const end = Math.min(32, to - word * 32);
      if (start < end) bits[word] = (bits[word] as number) | ((-1 >>> (32 - (end - start))) << start);
      count += bitCount(bits[word] as number);
    }
    this.#memberCount = count;
    if (partPositions - count <= listedMax) this.#toHoles(bits);
    return count - before;
  }

  /** The first offset from `offset` on that is a member or not; 4096 if there is none. */
  next(offset: number, isMember: boolean): number {
    if (this.#bits !== undefined) return nextBit(this.#bits, offset, isMember);
    if (isMember === (this.#form === "members")) {
      const place = this.#placeOf(offset);
      return place < this.#listedCount ? (this.#listed[place] as number) : partPositions;
    }
    let free = offset;
    for (let place = this.#placeOf(offset); place < this.#listedCount && this.#listed[place] === free; place += 1) {
      free += 1;
    }
    return free;
  }

  /** Makes a part that is a list one that is a bitmap. */
  #toBits(): Uint32Array {
    const isMembers = this.#form === "members";
    const bits = new Uint32Array(words).fill(isMembers ? 0 : 0xffff_ffff);
    for (const offset of this.listed) bits[offset >>> 5] = (bits[offset >>> 5] as number) ^ (1 << (offset & 31));
    this.#bits = bits;
    this.#form = "bitmap";
    this.#listed = noneListed;
    this.#listedCount = 0;
    return bits;
  }

  #setBit(bits: Uint32Array, offset: number): void {
    bits[offset >>> 5] = (bits[offset >>> 5] as number) | (1 << (offset & 31));
    if (partPositions - this.#memberCount === listedMax) this.#toHoles(bits);
  }

  #list(offset: number): void {
    if (this.#listedCount === listedMax) {
      this.#setBit(this.#toBits(), offset);
      return;
    }
    const place = this.#placeOf(offset);
    if (this.#listedCount === this.#listed.length) {
      const longer = new Uint16Array(Math.min(listedMax, this.#listed.length * 2));
      longer.set(this.#listed);
      this.#listed = longer;
    }
    this.#listed.copyWithin(place + 1, place, this.#listedCount);
    this.#listed[place] = offset;
    this.#listedCount += 1;
  }

  #unlist(place: number): void {
    this.#listed.copyWithin(place, place + 1, this.#listedCount);
    this.#listedCount -= 1;
  }

  #toHoles(bits: Uint32Array): void {
    this.#listed = new Uint16Array(listedMax);
    this.#form = "holes";
    this.#bits = undefined;
    for (let hole = nextBit(bits, 0, false); hole < partPositions; hole = nextBit(bits, hole + 1, false)) {
      this.#listed[this.#listedCount] = hole;
      this.#listedCount += 1;
    }
  }

  /** The place of the first listed offset that is not below `offset`. */
  #placeOf(offset: number): number {
    let low = 0;
    let high = this.#listedCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#listed[middle] as number) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function hasBit(bits: Uint32Array, offset: number): boolean {
  return ((bits[offset >>> 5] as number) & (1 << (offset & 31))) !== 0;
}

function bitCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}

function nextBit(bits: Uint32Array, from: number, isSet: boolean): number {
  if (from >= partPositions) return partPositions;
  const flip = isSet ? 0 : -1;
  let word = from >>> 5;
  let found = ((bits[word] as number) ^ flip) & (-1 << (from & 31));
  while (found === 0) {
    word += 1;
    if (word === words) return partPositions;
    found = (bits[word] as number) ^ flip;
  }
  return word * 32 + (31 - Math.clz32(found & -found));
}
