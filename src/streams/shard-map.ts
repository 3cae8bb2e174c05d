// Hot path.
import assert from "node:assert/strict";
import { checkTiling } from "./check-tiling.ts";
import { HASH_KEY_WORDS, wordsOfHashKey } from "./hash-key.ts";
import type { Shard } from "./stream.ts";

/**
 * Hash key to open shard, for one revision of a stream. Open shards are numbered by slot, 0 upwards in the order of
 * their ranges; a slot means nothing outside its map.
 */
export class ShardMap {
  /** The open shards, by slot. */
  readonly shards: readonly Shard[];
  readonly #starts: Uint32Array;

  /** Takes all shards of a stream; the closed ones do not take part. The open ones must tile the key space. */
  constructor(shards: readonly Shard[]) {
    this.shards = shards
      .filter((shard) => shard.closed === undefined)
      .sort((one, other) => (one.startingHashKey < other.startingHashKey ? -1 : 1));
    checkTiling(this.shards);
    this.#starts = new Uint32Array(this.shards.length * HASH_KEY_WORDS);
    for (const [slot, shard] of this.shards.entries()) {
      wordsOfHashKey(shard.startingHashKey, this.#starts, slot * HASH_KEY_WORDS);
    }
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
    const at = index * HASH_KEY_WORDS;
    let low = 0;
    let high = this.shards.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#startsAtOrBelow(middle * HASH_KEY_WORDS, hashKeys, at)) low = middle;
      else high = middle;
    }
    return low;
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
