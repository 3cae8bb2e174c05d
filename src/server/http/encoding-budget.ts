import type { EventLoopTick } from "./event-loop-tick.ts";

/**
 * Spreads the making of large responses over ticks of the event loop, so that what else has arrived is handled between two of
 * them.
 */
export class EncodingBudget {
  readonly #tick: EventLoopTick;
  readonly #tickBytesMax: number;
  readonly #waiting: (() => void)[] = [];
  #tickNumber = -1;
  #tickBytes = 0;
  #isResuming = false;

  constructor(tick: EventLoopTick, tickBytesMax: number) {
    this.#tick = tick;
    this.#tickBytesMax = tickBytesMax;
  }

  /** Undefined: the caller encodes in the same turn of the microtasks, and calls `count()`. */
  take(): Promise<void> | undefined {
    const isFree = this.#tickBytes < this.#tickBytesMax || this.#tickNumber !== this.#tick.current;
    if (isFree && this.#waiting.length === 0) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    if (!this.#isResuming) void this.#resumeOnePerTick();
    return promise;
  }

  /** A response of so many bytes has been encoded. */
  count(bytes: number): void {
    if (this.#tickNumber !== this.#tick.current) this.#tickBytes = 0;
    this.#tickNumber = this.#tick.current;
    this.#tickBytes += bytes;
  }

  async #resumeOnePerTick(): Promise<void> {
    this.#isResuming = true;
    while (this.#waiting.length > 0) {
      await this.#tick.end();
      this.#waiting.shift()?.();
    }
    this.#isResuming = false;
  }
}
