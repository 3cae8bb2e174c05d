import { generationOf, type LogIndex, type WalAddress } from "./log-index.ts";

/** Position, address, length and time of an entry. */
const fieldsPerEntry = 4;
const entriesAtFirst = 1024;
/** A power of two, as all rooms are. With one record an entry, what two files of the log hold; 5 MiB of memory. */
const entriesMax = 128 * 1024;
/** When there are so many, a few of the oldest are added: all at once would take tens of milliseconds. */
const entriesPerTurn = 8 * 1024;

/**
 * Durable entries that are in no index yet, in the order of the log. With thousands of logs written to in turn, an index
 * is in no cache when its next entry comes; most entries move into segments before anybody looks for one of them, and are
 * then in no index ever. Whoever looks has all of them added first.
 */
export class PendingIndex {
  /** Rings: entry number n stands in the place n modulo their length. Nothing is ever moved up, with ten thousand a second. */
  #indexes: (LogIndex | undefined)[] = new Array<undefined>(entriesAtFirst).fill(undefined);
  #fields = new Float64Array(entriesAtFirst * fieldsPerEntry);
  /** Both are smaller than twice the length. */
  #first = 0;
  #end = 0;

  add(index: LogIndex, position: number, address: WalAddress, length: number, storedMs: number): void {
    if (this.#end - this.#first === this.#indexes.length) this.#makeRoom();
    const place = this.#placeOf(this.#end);
    const at = place * fieldsPerEntry;
    this.#indexes[place] = index;
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
    for (; first < this.#end; first++) {
      const place = this.#placeOf(first);
      if (generationOf(this.#fields[place * fieldsPerEntry + 1] as number) > generation) break;
      // Else it would keep what it belongs to.
      this.#indexes[place] = undefined;
    }
    this.#beginAt(first);
  }

  #indexBefore(end: number): void {
    const fields = this.#fields;
    for (let entry = this.#first; entry < end; entry++) {
      const place = this.#placeOf(entry);
      const at = place * fieldsPerEntry;
      this.#indexes[place]?.add(
        fields[at] as number,
        fields[at + 1] as number,
        fields[at + 2] as number,
        fields[at + 3] as number,
      );
      this.#indexes[place] = undefined;
    }
    this.#beginAt(end);
  }

  #beginAt(first: number): void {
    const around = first >= this.#indexes.length ? this.#indexes.length : 0;
    this.#first = first - around;
    this.#end -= around;
  }

  #placeOf(entry: number): number {
    return entry & (this.#indexes.length - 1);
  }

  /** When it is full. */
  #makeRoom(): void {
    const { length } = this.#indexes;
    if (length === entriesMax) {
      this.#indexBefore(this.#first + entriesPerTurn);
      return;
    }
    const start = this.#placeOf(this.#first);
    const fields = new Float64Array(2 * this.#fields.length);
    fields.set(this.#fields.subarray(start * fieldsPerEntry));
    fields.set(this.#fields.subarray(0, start * fieldsPerEntry), (length - start) * fieldsPerEntry);
    this.#fields = fields;
    this.#indexes = [
      ...this.#indexes.slice(start),
      ...this.#indexes.slice(0, start),
      ...new Array<undefined>(length).fill(undefined),
    ];
    this.#first = 0;
    this.#end = length;
  }
}
