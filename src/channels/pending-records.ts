import type { GrowthListener } from "../shards/shard-growth.ts";

/** A shard with records that are not delivered. */
interface PendingShard {
  /** When the first of them arrived, or a time before; ms since the epoch. */
  sinceMs: number;
  /** One past the last durable record. */
  tip: number;
  /** The position of the first of them, or one before. */
  from: number;
}

export interface DeliveredShard {
  readonly shardIndex: number;
  /** Infinity for a shard that is gone. */
  readonly position: number;
  readonly sinceMs: number;
}

/** The shards of a stream that have records which one channel has not delivered, kept current by puts. */
export class PendingRecords {
  readonly #shards = new Map<number, PendingShard>();
  readonly #nowMs: () => number;
  #waitingSinceMs = Number.POSITIVE_INFINITY;
  #takenSinceMs = Number.POSITIVE_INFINITY;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Quick: it runs in the put. */
  readonly note: GrowthListener = (shardIndex, tip) => {
    const known = this.#shards.get(shardIndex);
    if (known !== undefined) {
      if (tip > known.tip) known.tip = tip;
      return;
    }
    this.set(shardIndex, { sinceMs: this.#nowMs(), from: tip, tip });
  };

  /** A put may have told of more meanwhile. */
  set(shardIndex: number, pending: PendingShard): void {
    const tip = Math.max(pending.tip, this.#shards.get(shardIndex)?.tip ?? 0);
    this.#shards.set(shardIndex, { ...pending, tip });
    if (pending.sinceMs < this.#waitingSinceMs) this.#waitingSinceMs = pending.sinceMs;
  }

  /** A batch takes what waits, as `advance` does. It is delivered at `endTaken()`. */
  take(shards: Iterable<DeliveredShard>, oldestMs: number): void {
    this.advance(shards);
    this.#takenSinceMs = oldestMs;
  }

  /** What was taken is delivered, or waits again. */
  endTaken(): void {
    this.#takenSinceMs = Number.POSITIVE_INFINITY;
  }

  /** Nothing waits in shards up to positions; what is behind them arrived at `sinceMs` or later. */
  advance(shards: Iterable<DeliveredShard>): void {
    for (const { shardIndex, position, sinceMs } of shards) {
      const known = this.#shards.get(shardIndex);
      if (known === undefined) continue;
      if (position >= known.tip) this.#shards.delete(shardIndex);
      else this.#shards.set(shardIndex, { sinceMs, from: position, tip: known.tip });
    }
    this.#waitingSinceMs = Number.POSITIVE_INFINITY;
    for (const { sinceMs } of this.#shards.values()) if (sinceMs < this.#waitingSinceMs) this.#waitingSinceMs = sinceMs;
  }

  /** Arrival of the oldest record that is not delivered, about; Infinity when there is none. */
  get oldestMs(): number {
    return Math.min(this.#waitingSinceMs, this.#takenSinceMs);
  }

  /** Arrival of the oldest record that no batch has taken, about; Infinity when there is none. */
  get waitingSinceMs(): number {
    return this.#waitingSinceMs;
  }

  /** Positions that no batch has taken, about. */
  get positionCount(): number {
    let count = 0;
    for (const { from, tip } of this.#shards.values()) count += tip - from;
    return count;
  }

  /** By the age of the oldest record, the oldest first: a batch that is full leaves the youngest shards to the next one. */
  shards(): readonly number[] {
    return [...this.#shards].sort(([, one], [, other]) => one.sinceMs - other.sinceMs).map(([index]) => index);
  }

  clear(): void {
    this.#shards.clear();
    this.#waitingSinceMs = Number.POSITIVE_INFINITY;
    this.endTaken();
  }
}
