import { generationOf, type WalAddress, type WalIndex } from "./wal-index.ts";

/** Position, address, length and `storedMs` of an entry. */
const fieldsPerEntry = 4;
/** A power of two, as all capacities are. */
const entriesMin = 1024;
/** With one record an entry, the content of two WAL files; 5 MiB of memory. */
const entriesMax = 128 * 1024;
/** Entries that are indexed when the list is full: all at once would take tens of milliseconds. */
const entriesPerStep = 8 * 1024;

/**
 * Durable entries of all logs that are in no index yet, in the order of the WAL. Most entries are flushed into segments before
 * a reader needs the index of their log, and are then never indexed; a reader calls `index()` first. With thousands of logs
 * this avoids a cache miss for each entry.
 */
export class UnindexedEntries {
  /** Ring buffers: entry n is in slot n modulo their length. */
  #indexes: (WalIndex | undefined)[] = new Array<undefined>(entriesMin).fill(undefined);
  #fields = new Float64Array(entriesMin * fieldsPerEntry);
  /** Numbers of the first entry and of the one behind the last; both below twice the capacity. */
  #first = 0;
  #end = 0;

  add(index: WalIndex, position: number, address: WalAddress, length: number, storedMs: number): void {
    if (this.#end - this.#first === this.#indexes.length) this.#shrinkOrGrow();
    const slot = this.#slotOf(this.#end);
    const at = slot * fieldsPerEntry;
    this.#indexes[slot] = index;
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

  /** Removes entries in WAL files up to a generation. */
  dropThrough(generation: number): void {
    let first = this.#first;
    for (; first < this.#end; first++) {
      const slot = this.#slotOf(first);
      if (generationOf(this.#fields[slot * fieldsPerEntry + 1] as number) > generation) break;
      // The reference would keep the index in memory.
      this.#indexes[slot] = undefined;
    }
    this.#beginAt(first);
  }

  #indexBefore(end: number): void {
    const fields = this.#fields;
    for (let entry = this.#first; entry < end; entry++) {
      const slot = this.#slotOf(entry);
      const at = slot * fieldsPerEntry;
      this.#indexes[slot]?.add(
        fields[at] as number,
        fields[at + 1] as number,
        fields[at + 2] as number,
        fields[at + 3] as number,
      );
      this.#indexes[slot] = undefined;
    }
    this.#beginAt(end);
  }

  #beginAt(first: number): void {
    const around = first >= this.#indexes.length ? this.#indexes.length : 0;
    this.#first = first - around;
    this.#end -= around;
  }

  #slotOf(entry: number): number {
    return entry & (this.#indexes.length - 1);
  }

  /** For a full list. */
  #shrinkOrGrow(): void {
    const { length } = this.#indexes;
    if (length === entriesMax) {
      this.#indexBefore(this.#first + entriesPerStep);
      return;
    }
    const start = this.#slotOf(this.#first);
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
