// Hot path.
import { type Address, generationOf, type LogIndex } from "./log-index.ts";

/** Position, address, length and time of an entry. */
const fieldsPerEntry = 4;
const entriesAtFirst = 1024;
/** With one record an entry, what two files of the log hold; 5 MiB of memory. */
const entriesMax = 128 * 1024;
/** When there are so many, a few of the oldest are added: all at once would take tens of milliseconds. */
const entriesPerTurn = 8 * 1024;

/**
 * Durable entries that are in no index yet, in the order of the log. With thousands of logs written to in turn, an index
 * is in no cache when its next entry comes; most entries move into segments before anybody looks for one of them, and are
 * then in no index ever. Whoever looks has all of them added first.
 */
export class UnindexedEntries {
  #indexes: (LogIndex | undefined)[] = new Array<undefined>(entriesAtFirst).fill(undefined);
  #fields = new Float64Array(entriesAtFirst * fieldsPerEntry);
  #first = 0;
  #end = 0;

  add(index: LogIndex, position: number, address: Address, length: number, storedMs: number): void {
    if (this.#end === this.#indexes.length) this.#makeRoom();
    const at = this.#end * fieldsPerEntry;
    this.#indexes[this.#end] = index;
    this.#fields[at] = position;
    this.#fields[at + 1] = address;
    this.#fields[at + 2] = length;
    this.#fields[at + 3] = storedMs;
    this.#end += 1;
  }

  /** Adds each entry to its index. */
  index(): void {
    if (this.#first < this.#end) this.#indexBefore(this.#end);
  }

  /** Forgets what lies in files up to a generation. */
  dropThrough(generation: number): void {
    let first = this.#first;
    while (first < this.#end && generationOf(this.#fields[first * fieldsPerEntry + 1] as number) <= generation) {
      first += 1;
    }
    this.#forgetBefore(first);
  }

  #indexBefore(end: number): void {
    const fields = this.#fields;
    for (let entry = this.#first; entry < end; entry++) {
      const at = entry * fieldsPerEntry;
      const [position, address, length, storedMs] = [fields[at], fields[at + 1], fields[at + 2], fields[at + 3]];
      this.#indexes[entry]?.add(position as number, address as number, length as number, storedMs as number);
    }
    this.#forgetBefore(end);
  }

  #forgetBefore(first: number): void {
    // Else they would keep what they belong to.
    this.#indexes.fill(undefined, this.#first, first);
    this.#first = first;
    if (first < this.#end) return;
    this.#first = 0;
    this.#end = 0;
  }

  #makeRoom(): void {
    if (this.#first === 0 && this.#indexes.length < entriesMax) {
      const larger = new Float64Array(2 * this.#fields.length);
      larger.set(this.#fields);
      this.#fields = larger;
      this.#indexes = [...this.#indexes, ...new Array<undefined>(this.#indexes.length).fill(undefined)];
      return;
    }
    if (this.#first < entriesPerTurn && this.#indexes.length === entriesMax) this.#indexBefore(entriesPerTurn);
    this.#indexes.copyWithin(0, this.#first, this.#end);
    this.#fields.copyWithin(0, this.#first * fieldsPerEntry, this.#end * fieldsPerEntry);
    this.#indexes.fill(undefined, this.#end - this.#first, this.#end);
    this.#end -= this.#first;
    this.#first = 0;
  }
}
