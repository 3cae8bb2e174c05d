/** Rounding error of many small refills. */
const roundingTokens = 1e-6;

/** A rate with a burst: `perSecond` tokens are added each second, up to `capacity`. */
export interface BucketSize {
  readonly capacity: number;
  readonly perSecond: number;
}

/**
 * A token bucket without a timer. Time is an argument, in ms of any clock: a step back changes no tokens, a jump ahead fills
 * the bucket at most. A full bucket equals a new one.
 */
export class TokenBucket {
  readonly #capacity: number;
  readonly #perSecond: number;
  #tokens: number;
  #asOfMs: number;

  /** A new bucket is full. */
  constructor({ capacity, perSecond }: BucketSize, nowMs: number) {
    this.#capacity = capacity;
    this.#perSecond = perSecond;
    this.#tokens = capacity;
    this.#asOfMs = nowMs;
  }

  /** Adds the tokens up to `nowMs`. The methods below do not. */
  refill(nowMs: number): void {
    const elapsedMs = nowMs - this.#asOfMs;
    if (elapsedMs === 0) return;
    if (elapsedMs > 0) {
      this.#tokens = Math.min(this.#capacity, this.#tokens + (elapsedMs * this.#perSecond) / 1000);
    }
    this.#asOfMs = nowMs;
  }

  has(count: number): boolean {
    return this.#tokens >= count - roundingTokens;
  }

  /** Removes tokens. The count may become negative, for a cost that is known only afterwards. */
  spend(count: number): void {
    this.#tokens -= count;
  }

  get isFull(): boolean {
    return this.#tokens >= this.#capacity - roundingTokens;
  }

  /** Refills, then removes `count` tokens if there are enough. */
  take(count: number, nowMs: number): boolean {
    this.refill(nowMs);
    if (!this.has(count)) return false;
    this.spend(count);
    return true;
  }
}
