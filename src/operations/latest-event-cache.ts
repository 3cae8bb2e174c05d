import type { PushEvent } from "../records/push-event.ts";

interface CachedEvent {
  readonly from: bigint;
  readonly next: bigint;
  readonly event: PushEvent;
}

/** Beyond this many shards the cache is emptied and fills again. */
const shardsMax = 20_000;

/**
 * The latest event of each shard that is pushed at the tip. Subscribers at the same position get the same object, so that
 * it is encoded once for all of them.
 */
export class LatestEventCache {
  readonly #byShard = new Map<string, CachedEvent>();

  /** The cached event if it covers the same positions; otherwise the one that `make` returns. */
  share(shardKey: string, { from, next }: Omit<CachedEvent, "event">, make: () => PushEvent): PushEvent {
    const cached = this.#byShard.get(shardKey);
    if (cached?.from === from && cached.next === next) return cached.event;
    const event = make();
    if (this.#byShard.size >= shardsMax) this.#byShard.clear();
    this.#byShard.set(shardKey, { from, next, event });
    return event;
  }
}
