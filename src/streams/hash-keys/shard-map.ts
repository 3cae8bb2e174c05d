import assert from "node:assert/strict";
import { lowerBound } from "../../collections/lower-bound.ts";
import type { Shard } from "../stream.ts";
import { HASH_KEY_WORDS, writeHashKey } from "./hash-key.ts";
import { assertTiling } from "./hash-key-range.ts";
import { openShardsOf } from "./open-shards.ts";

/** Enough that most lookups find their slot without a search. */
const TABLE_ENTRIES_PER_SHARD = 4;
const TABLE_BITS_MAX = 16;

/**
 * Hash key to open shard, for one revision of a stream. Open shards have slots 0, 1, 2 … in the order of their ranges. A
 * slot is valid only for its map.
 */
export class ShardMap {
  /** The open shards, by slot. */
  readonly shards: readonly Shard[];
  /** Shard indexes of the open shards, by slot. */
  readonly indexes: Uint32Array;
  /** Create seconds of the open shards, by slot. */
  readonly createSeconds: Float64Array;
  /** Starting hash keys by slot, `HASH_KEY_WORDS` words each. */
  readonly #starts: Uint32Array;
  /** By the upper bits of a hash key: the slot of the least key with these bits. It bounds the search. */
  readonly #lowestSlots: Uint16Array;
  readonly #tableShift: number;

  /** Takes all shards of a stream and uses the open ones, which must tile the key space. */
  constructor(shards: readonly Shard[]) {
    this.shards = openShardsOf(shards);
    assertTiling(this.shards);
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
    assert(shard !== undefined, "the slot is one of this map");
    return shard;
  }

  /** The slot of the shard whose range contains hash key `index` of the column. */
  route(hashKeys: Uint32Array, index: number): number {
    if (this.shards.length === 1) return 0;
    const at = index * HASH_KEY_WORDS;
    const entry = (hashKeys[at] as number) >>> this.#tableShift;
    const lowest = this.#lowestSlots[entry] as number;
    const highest = this.#lowestSlots[entry + 1] as number;
    if (lowest === highest) return lowest;
    return lowerBound(lowest, highest, (slot) => this.#startsAtOrBelow((slot + 1) * HASH_KEY_WORDS, hashKeys, at));
  }

  /** The slots of the first `count` hash keys of the column. */
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

/** One entry for each value of the upper bits, and one more for the end of the last search. `starts` as in the class. */
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

/** Whether a start is at or below the hash key of this word and three zero words. */
function startsAtOrBelowWord(starts: Uint32Array, at: number, word: number): boolean {
  const first = starts[at] as number;
  if (first !== word) return first < word;
  return starts[at + 1] === 0 && starts[at + 2] === 0 && starts[at + 3] === 0;
}
