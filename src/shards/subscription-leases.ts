import { subscriptionActive } from "../model/consumer-errors.ts";
import type { StreamPlace } from "../model/stream-errors.ts";

/** API reference, SubscribeToShard: a second call within this time is refused, a later one takes over. */
const takeOverMs = 5_000;

/** Seats that nobody sits on are kept for the 5 seconds of the rule; above this many they are swept. */
const idleSeatsMax = 10_000;

export interface LeaseKey {
  readonly stream: StreamPlace & { readonly id: string };
  readonly shardId: string;
  readonly consumer: { readonly name: string; readonly createdMs: number };
}

export interface SubscriptionLease {
  /** Aborts with a `ServiceError` when a later subscription takes the place. */
  readonly signal: AbortSignal;
  leave(): void;
}

interface Taken {
  readonly takenMs: number;
  readonly controller: AbortController;
  isLeft: boolean;
}

/** One subscription at a time per consumer and shard. */
export class SubscriptionLeases {
  readonly #seats = new Map<string, Taken>();

  /**
   * Takes the place of a consumer at a shard; whoever sits there is told to go. Errors: ResourceInUseException within
   * `takeOverMs` of the last success, even if that client is gone by now. `nowMs` is of the clock that never falls.
   */
  take({ stream, shardId, consumer }: LeaseKey, nowMs: number): SubscriptionLease {
    const key = `${stream.id}/${shardId}/${consumer.name}/${consumer.createdMs}`;
    const refusal = subscriptionActive(stream, { shardId, consumerName: consumer.name });
    const former = this.#seats.get(key);
    if (former !== undefined && nowMs - former.takenMs < takeOverMs) throw refusal;
    if (this.#seats.size >= idleSeatsMax) this.#sweep(nowMs);

    former?.controller.abort(refusal);
    const taken: Taken = { takenMs: nowMs, controller: new AbortController(), isLeft: false };
    this.#seats.set(key, taken);
    return {
      signal: taken.controller.signal,
      leave: () => {
        taken.isLeft = true;
      },
    };
  }

  /** Subscriptions at work. */
  get count(): number {
    let count = 0;
    for (const seat of this.#seats.values()) if (!seat.isLeft) count += 1;
    return count;
  }

  #sweep(nowMs: number): void {
    for (const [key, seat] of this.#seats) {
      if (seat.isLeft && nowMs - seat.takenMs >= takeOverMs) this.#seats.delete(key);
    }
  }
}
