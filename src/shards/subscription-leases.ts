import type { SharedLeases } from "../gateways/shared-leases.ts";
import { subscriptionActive } from "../model/consumer-errors.ts";
import type { StreamPlace } from "../model/stream-errors.ts";

/** API reference, SubscribeToShard: a second call within this time is refused, a later one takes over. */
const takeOverMs = 5_000;

/** Ended leases are kept for the 5 seconds of the rule; above this many leases the older ones are removed. */
const leasesSweptAt = 10_000;

export interface LeaseKey {
  readonly stream: StreamPlace & { readonly id: string };
  readonly shardId: string;
  readonly consumer: { readonly name: string; readonly createdMs: number };
}

export interface SubscriptionLease {
  /** Aborts with a `ServiceError` when a later subscription takes over. */
  readonly signal: AbortSignal;
  /** May be called again. */
  end(): void;
}

interface Entry {
  readonly takenMs: number;
  readonly controller: AbortController;
  isEnded: boolean;
}

/** One subscription at a time per consumer and shard, over all gateways where there are several. */
export class SubscriptionLeases {
  readonly #entries = new Map<string, Entry>();
  readonly #shared: SharedLeases | undefined;

  /** `shared`: leases that hold over all gateways; absent where one server alone uses the engine. */
  constructor(shared?: SharedLeases) {
    this.#shared = shared;
  }

  /**
   * Subscribes a consumer to a shard, and ends its former subscription. `nowMs` is of the monotonic clock. Errors:
   * ResourceInUseException within `takeOverMs` of the last success, even if that client is gone by now.
   */
  async take({ stream, shardId, consumer }: LeaseKey, nowMs: number): Promise<SubscriptionLease> {
    const key = `${stream.id}/${shardId}/${consumer.name}/${consumer.createdMs}`;
    const refusal = subscriptionActive(stream, { shardId, consumerName: consumer.name });
    const former = this.#entries.get(key);
    if (former !== undefined && nowMs - former.takenMs < takeOverMs) throw refusal;
    if (this.#entries.size >= leasesSweptAt) this.#sweep(nowMs);

    const entry: Entry = { takenMs: nowMs, controller: new AbortController(), isEnded: false };
    const shared = this.#shared;
    if (shared !== undefined) {
      const isTaken = await shared.take(key, takeOverMs, () => entry.controller.abort(refusal));
      if (!isTaken) throw refusal;
    }
    this.#entries.get(key)?.controller.abort(refusal);
    this.#entries.set(key, entry);
    return {
      signal: entry.controller.signal,
      end: () => {
        if (!entry.isEnded && this.#entries.get(key) === entry) void shared?.end(key, takeOverMs);
        entry.isEnded = true;
      },
    };
  }

  /** Subscriptions that have not ended. */
  get count(): number {
    let count = 0;
    for (const { isEnded } of this.#entries.values()) if (!isEnded) count += 1;
    return count;
  }

  #sweep(nowMs: number): void {
    for (const [key, { isEnded, takenMs }] of this.#entries) {
      if (isEnded && nowMs - takenMs >= takeOverMs) this.#entries.delete(key);
    }
  }
}
