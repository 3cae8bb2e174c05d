/** Called after records of a stream became durable. It must be quick: it runs in the put. */
export type GrowthListener = (shardIndex: number, tip: number) => void;

/**
 * Tells those who listen to a stream which of its shards have grown, without a follower for each shard. It knows the puts of
 * this server only.
 */
export class ShardGrowth {
  readonly #listeners = new Map<string, GrowthListener>();

  /** One listener for each stream. */
  listen(streamId: string, listener: GrowthListener): void {
    this.#listeners.set(streamId, listener);
  }

  forget(streamId: string): void {
    this.#listeners.delete(streamId);
  }

  listenerOf(streamId: string): GrowthListener | undefined {
    return this.#listeners.get(streamId);
  }
}
