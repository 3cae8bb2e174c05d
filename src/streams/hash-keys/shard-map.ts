import assert from "node:assert/strict";
import { lowerBound } from "../../collections/lower-bound.ts";
import type { Shard } from "../stream.ts";
import { checkHashRanges } from "./check-hash-ranges.ts";
import { HASH_KEY_WORDS, writeHashKey } from "./hash-key.ts";

/** So many that most searches have one slot to choose from: without a table half of a search's branches are mispredicted. */
const TABLE_ENTRIES_PER_SHARD = 4;
const TABLE_BITS_MAX = 16;

/**
 * Hash key to open shard, for one revision of a stream. Open shards are numbered by slot, 0 upwards in the order of
 * their ranges; a slot means nothing outside its map.
 */
export class ShardMap {
  /** The open shards, by slot. */
  readonly shards: readonly Shard[];
  /** Of the open shards, by slot, as columns: a put over a thousand shards does not look into a thousand objects. */
  readonly indexes: Uint32Array;
  readonly createSeconds: Float64Array;
  readonly #starts: Uint32Array;
  /** By the upper bits of a hash key: the slot that holds the least key with them. A search begins and ends there. */
  readonly #lowestSlots: Uint16Array;
  readonly #tableShift: number;

  /** Takes all shards of a stream; the closed ones do not take part. The open ones must tile the key space. */
  constructor(shards: readonly Shard[]) {
    this.shards = shards
      .filter((shard) => shard.closed === undefined)
      .sort((one, other) => (one.startingHashKey < other.startingHashKey ? -1 : 1));
    checkHashRanges(this.shards);
    this.indexes = Uint32Array.from(this.shards, ({ index }) => index);
    this.createSeconds = Float64Array.from(this.shards, ({ createSecond }) => createSecond);
    this.#starts = new Uint32Array(this.shards.length * HASH_KEY_WORDS);
    for (const [slot, shard] of this.shards.entries()) {
      writeHashKey(shard.startingHashKey, this.#starts, slot * HASH_KEY_WORDS);
    }
    const tableBits = Math.min(Math.ceil(Math.log2(this.shards.length * TABLE_ENTRIES_PER_SHARD)), TABLE_BITS_MAX);
    this.#tableShift = 32 - tableBits;
    this.#lowestSlots = lowestSlots(this.#starts, tableBits);
  }

  get shardCount(): number {
    return this.shards.length;
  }

  shardAt(slot: number): Shard {
    const shard = this.shards[slot];
    assert(shard !== undefined, "a slot belongs to the map that gave it");
    return shard;
  }

  /** The slot of the shard that holds hash key `index` of the column. */
  route(hashKeys: Uint32Array, index: number): number {
    if (this.shards.length === 1) return 0;
    const at = index * HASH_KEY_WORDS;
    const entry = (hashKeys[at] as number) >>> this.#tableShift;
    const lowest = this.#lowestSlots[entry] as number;
    const highest = this.#lowestSlots[entry + 1] as number;
    if (lowest === highest) return lowest;
    return lowerBound(lowest, highest, (slot) => this.#startsAtOrBelow((slot + 1) * HASH_KEY_WORDS, hashKeys, at));
  }

  /** By record, the first `count` hash keys of the column: the slot that `route` finds. */
  routeAll(hashKeys: Uint32Array, count: number): Uint16Array {
    const slots = new Uint16Array(count);
    if (this.shards.length === 1) return slots;
    for (let i = 0; i < count; i += 1) slots[i] = this.route(hashKeys, i);
    return slots;
  }

  #startsAtOrBelow(startAt: number, hashKeys: Uint32Array, at: number): boolean {
    for (let word = 0; word < HASH_KEY_WORDS; word += 1) {
      const start = this.#starts[startAt + word] as number;
      const hashKey = hashKeys[at + word] as number;
      if (start !== hashKey) return start < hashKey;
    }
    return true;
  }
}

/** One entry per value of the upper bits, and one more that ends the last search. `starts` as words, by slot. */
function lowestSlots(starts: Uint32Array, tableBits: number): Uint16Array {
  const slotCount = starts.length / HASH_KEY_WORDS;
  assert(slotCount <= 0xffff, "a slot fits 16 bits");
  const entryCount = 2 ** tableBits;
  const entries = new Uint16Array(entryCount + 1);
  let slot = 0;
  for (let entry = 0; entry < entryCount; entry += 1) {
    const lowestWord = (entry << (32 - tableBits)) >>> 0;
    while (slot + 1 < slotCount && startsAtOrBelowWord(starts, (slot + 1) * HASH_KEY_WORDS, lowestWord)) slot += 1;
    entries[entry] = slot;
  }
  entries[entryCount] = slotCount - 1;
  return entries;
}

/** Whether a start is at or below the key that begins with this word and goes on with zeros. */
function startsAtOrBelowWord(starts: Uint32Array, at: number, word: number): boolean {
  const first = starts[at] as number;
  if (first !== word) return first < word;
  return starts[at + 1] === 0 && starts[at + 2] === 0 && starts[at + 3] === 0;
}
