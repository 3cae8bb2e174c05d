import type { ShardRef } from "../engine/shard-log.ts";
import { ShardMap } from "../streams/hash-keys/shard-map.ts";
import type { Shard, Stream } from "../streams/stream.ts";

/**
 * One revision of a stream's document with what is derived from it. It never changes: a transition replaces it, so a
 * request that holds one works on a consistent picture from its first check to its last.
 */
export class StreamRevision {
  readonly stream: Stream;
  readonly revision: bigint;
  #map: ShardMap | undefined;
  #byIndex: ReadonlyMap<number, Shard> | undefined;
  readonly #refs = new Map<number, ShardRef>();
  #openRefs: readonly ShardRef[] | undefined;

  constructor(stream: Stream, revision: bigint) {
    this.stream = stream;
    this.revision = revision;
  }

  /** Hash key to open shard. Only for streams that have shards, which a CREATING one has not. */
  get shardMap(): ShardMap {
    this.#map ??= new ShardMap(this.stream.shards);
    return this.#map;
  }

  shard(index: number): Shard | undefined {
    this.#byIndex ??= new Map(this.stream.shards.map((shard) => [shard.index, shard]));
    return this.#byIndex.get(index);
  }

  /** The same object for the same shard each time, so that engines may remember what they found behind it. */
  ref(shard: Shard): ShardRef {
    let ref = this.#refs.get(shard.index);
    if (ref === undefined) {
      ref = { streamId: this.stream.id, shardIndex: shard.index, placement: shard.placement };
      this.#refs.set(shard.index, ref);
    }
    return ref;
  }

  /** Those of the open shards, by slot. The same array each time. */
  get openRefs(): readonly ShardRef[] {
    this.#openRefs ??= this.shardMap.shards.map((shard) => this.ref(shard));
    return this.#openRefs;
  }
}
