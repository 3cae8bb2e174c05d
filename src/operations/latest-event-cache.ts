import type { PushEvent } from "../records/push-event.ts";

interface Shelved {
  readonly from: bigint;
  readonly next: bigint;
  readonly event: PushEvent;
}

/** Shards whose newest event is kept; more than this many are pushed at once only by very large servers. */
const shelvesMax = 20_000;

/**
 * The newest event of each shard that is pushed at the tip. Subscribers at the same place get the same object, so that
 * it is encoded once for all of them.
 */
export class LatestEventCache {
  readonly #newest = new Map<string, Shelved>();

  share(shardKey: string, { from, next }: Omit<Shelved, "event">, make: () => PushEvent): PushEvent {
    const known = this.#newest.get(shardKey);
    if (known?.from === from && known.next === next) return known.event;
    const event = make();
    if (this.#newest.size >= shelvesMax) this.#newest.clear();
    this.#newest.set(shardKey, { from, next, event });
    return event;
  }
}
