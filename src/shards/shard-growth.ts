/** Called after records of a stream became durable. It must be quick: it runs in the put. */
export type GrowthListener = (shardIndex: number, tip: number) => void;

/**
 * Tells those who listen to a stream which of its shards have grown, without a follower for each shard. It knows the puts of
 * this server only.
 */
export class ShardGrowth {
  readonly #byStream = new Map<string, Map<string, GrowthListener>>();
  /** What a put calls: the only listener of a stream, or one that calls several. */
  readonly #listeners = new Map<string, GrowthListener>();

  /** `name` tells the listeners of one stream apart. */
  listen(streamId: string, name: string, listener: GrowthListener): void {
    const named = this.#byStream.get(streamId) ?? new Map<string, GrowthListener>();
    this.#byStream.set(streamId, named.set(name, listener));
    this.#listeners.set(streamId, allOf([...named.values()]));
  }

  forget(streamId: string, name: string): void {
    const named = this.#byStream.get(streamId);
    if (named === undefined) return;
    named.delete(name);
    if (named.size > 0) {
      this.#listeners.set(streamId, allOf([...named.values()]));
      return;
    }
    this.#byStream.delete(streamId);
    this.#listeners.delete(streamId);
  }

  listenerOf(streamId: string): GrowthListener | undefined {
    return this.#listeners.get(streamId);
  }
}

function allOf(listeners: readonly GrowthListener[]): GrowthListener {
  const [only] = listeners;
  if (only !== undefined && listeners.length === 1) return only;
  return (shardIndex, tip) => {
    for (const listener of listeners) listener(shardIndex, tip);
  };
}
