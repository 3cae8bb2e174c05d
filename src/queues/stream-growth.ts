import type { GrowthListener } from "../shards/shard-growth.ts";

/** Growth that a queue may lag behind by, in shards that grew; behind it the queue looks at all shards. */
const rememberedMax = 4096;

/**
 * How far the shards of one stream have grown, for all its queues: a put notes the tip of each shard once, however many queues
 * there are, and wakes only those in which receives wait.
 */
export class StreamGrowth {
  readonly #tips = new Map<number, number>();
  readonly #grown = new Uint32Array(rememberedMax);
  #count = 0;
  #waiting = new Set<() => void>();

  /** Counts growth; see `since()`. */
  get count(): number {
    return this.#count;
  }

  readonly note: GrowthListener = (shardIndex, tip) => {
    if (tip <= (this.#tips.get(shardIndex) ?? 0)) return;
    this.#tips.set(shardIndex, tip);
    this.#grown[this.#count % rememberedMax] = shardIndex;
    this.#count += 1;
    if (this.#waiting.size === 0) return;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const wake of waiting) wake();
  };

  tipOf(shardIndex: number): number {
    return this.#tips.get(shardIndex) ?? 0;
  }

  /** The shards that have grown since `count` was so; all of them if that is long ago. */
  *since(count: number): Generator<number, void> {
    if (this.#count - count > rememberedMax) yield* this.#tips.keys();
    else for (let i = count; i < this.#count; i += 1) yield this.#grown[i % rememberedMax] as number;
  }

  /** Calls `wake` once, when a shard has grown. */
  wakeAtNext(wake: () => void): void {
    this.#waiting.add(wake);
  }

  cancel(wake: () => void): void {
    this.#waiting.delete(wake);
  }
}
