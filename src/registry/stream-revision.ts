import type { ShardRef } from "../engine/shard-log.ts";
import { ShardMap } from "../streams/hash-keys/shard-map.ts";
import type { Shard, Stream } from "../streams/stream.ts";

/**
 * One revision of a stream document and what is derived from it. Immutable: a change makes another one, so a request that
 * holds a revision sees one consistent state from its first check to its last.
 */
export class StreamRevision {
  readonly stream: Stream;
  /** The revision of the document in the document store. */
  readonly revision: bigint;
  #map: ShardMap | undefined;
  #byIndex: ReadonlyMap<number, Shard> | undefined;
  readonly #refs = new Map<number, ShardRef>();
  #openRefs: readonly ShardRef[] | undefined;

  constructor(stream: Stream, revision: bigint) {
    this.stream = stream;
    this.revision = revision;
  }

  /** Hash key to open shard. Not for a CREATING stream, which has no shards. */
  get shardMap(): ShardMap {
    this.#map ??= new ShardMap(this.stream.shards);
    return this.#map;
  }

  shard(index: number): Shard | undefined {
    this.#byIndex ??= new Map(this.stream.shards.map((shard) => [shard.index, shard]));
    return this.#byIndex.get(index);
  }

  /** The same object for the same shard each time, so that an engine may cache by it. */
  ref(shard: Shard): ShardRef {
    let ref = this.#refs.get(shard.index);
    if (ref === undefined) {
      ref = { streamId: this.stream.id, shardIndex: shard.index, placement: shard.placement };
      this.#refs.set(shard.index, ref);
    }
    return ref;
  }

  /** Refs of the open shards by slot; the same array each time. */
  get openRefs(): readonly ShardRef[] {
    this.#openRefs ??= this.shardMap.shards.map((shard) => this.ref(shard));
    return this.#openRefs;
  }
}
