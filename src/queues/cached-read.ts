import type { StoredEntry } from "../engine/shard-log.ts";
import { ENTRY_HEADER_BYTES, isKmsMarked, recordEnd } from "../records/entry-layout.ts";
import type { RecordSlice } from "../records/outgoing-records.ts";
import { recordSecond } from "../streams/positions/sequence-number.ts";
import type { Shard } from "../streams/stream.ts";

/** Where a record is among the entries of a read. */
interface RecordPlace {
  /** The entry's number in the read. */
  entry: number;
  position: number;
  /** Offset of the record in the entry's body. */
  offset: number;
}

/**
 * Consecutive records of a shard as they were read, decoded, until they are received. Its memory is given back when neither the
 * cache nor a response uses it.
 */
export class CachedRead {
  /** The number of the cursor that the records are of. */
  readonly cursor: number;
  readonly from: number;
  /** One past the last record. */
  readonly end: number;
  readonly bytes: number;
  readonly #entries: readonly StoredEntry[];
  readonly #shard: Shard;
  readonly #lease: Disposable | undefined;
  #userCount = 1;
  /** The record behind the last one that was taken: receives mostly go on there. */
  readonly #next: RecordPlace = { entry: 0, position: -1, offset: 0 };

  constructor(
    entries: readonly StoredEntry[],
    {
      cursor,
      shard,
      lease,
    }: { readonly cursor: number; readonly shard: Shard; readonly lease: Disposable | undefined },
  ) {
    const [first] = entries;
    const last = entries.at(-1);
    if (first === undefined || last === undefined) throw new Error("a cached read has entries");
    this.cursor = cursor;
    this.from = Number(first.position);
    this.end = Number(last.position) + last.count;
    this.bytes = entries.reduce((sum, { body }) => sum + body.length, 0);
    this.#entries = entries;
    this.#shard = shard;
    this.#lease = lease;
  }

  get hasLease(): boolean {
    return this.#lease !== undefined;
  }

  has(position: number): boolean {
    return position >= this.from && position < this.end;
  }

  /** Up to `countMax` consecutive records of one entry; at most `bytesMax` bytes, but at least one record. */
  take(position: number, countMax: number, bytesMax: number): RecordSlice {
    const place = this.#seek(position);
    const entry = this.#entries[place.entry] as StoredEntry;
    const left = Number(entry.position) + entry.count - position;
    const start = place.offset;
    let end = recordEnd(entry.body, start);
    let count = 1;
    for (; count < Math.min(countMax, left); count += 1) {
      const next = recordEnd(entry.body, end);
      if (next - start > bytesMax) break;
      end = next;
    }
    place.position = position + count;
    place.offset = end;
    return {
      body: entry.body,
      start,
      end,
      count,
      first: {
        createSecond: this.#shard.createSecond,
        shardIndex: this.#shard.index,
        position: BigInt(position),
        second: recordSecond(entry.timeMs, this.#shard),
      },
      arrivalMs: entry.storedMs,
      kms: isKmsMarked(entry.body),
    };
  }

  /** When the record's entry was stored, ms since the epoch, and the position behind that entry. */
  storedAt(position: number): { readonly storedMs: number; readonly end: number } {
    const { storedMs, position: first, count } = this.#entries[this.#entryOf(position)] as StoredEntry;
    return { storedMs, end: Number(first) + count };
  }

  retain(): void {
    this.#userCount += 1;
  }

  release(): void {
    this.#userCount -= 1;
    if (this.#userCount === 0) this.#lease?.[Symbol.dispose]();
  }

  #seek(position: number): RecordPlace {
    const place = this.#next;
    const index = this.#entryOf(position);
    if (place.position === position && place.entry === index) return place;
    const { body, position: first } = this.#entries[index] as StoredEntry;
    let offset = ENTRY_HEADER_BYTES;
    for (let left = position - Number(first); left > 0; left -= 1) offset = recordEnd(body, offset);
    place.entry = index;
    place.position = position;
    place.offset = offset;
    return place;
  }

  #entryOf(position: number): number {
    const { entry } = this.#next;
    const guess = this.#entries[entry];
    if (guess !== undefined && position >= Number(guess.position) && position < Number(guess.position) + guess.count) {
      return entry;
    }
    let low = 0;
    let high = this.#entries.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (Number((this.#entries[middle] as StoredEntry).position) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
