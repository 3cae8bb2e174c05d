/** Many small refills add up to a little less than one large one; nobody is to be refused for that. */
const roundingTokens = 1e-6;

/** A rate with a burst: `perSecond` tokens come back each second until there are `capacity` of them. */
export interface BucketSize {
  readonly capacity: number;
  readonly perSecond: number;
}

/**
 * Tokens that come back at a steady rate. Time is an argument, in ms, from any clock: one that steps back gives nothing and
 * takes nothing, one that jumps ahead fills the bucket at most. There is no timer, and a full bucket is as good as a new one.
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

  /** Brings the bucket to `nowMs`; everything below speaks of that moment. */
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

  /** Also what is not there: whoever learns the price only afterwards runs into debt, which the refill pays off first. */
  spend(count: number): void {
    this.#tokens -= count;
  }

  get isFull(): boolean {
    return this.#tokens >= this.#capacity - roundingTokens;
  }

  /** Refills and takes `count` tokens, all or none. */
  take(count: number, nowMs: number): boolean {
    this.refill(nowMs);
    if (!this.has(count)) return false;
    this.spend(count);
    return true;
  }
}
