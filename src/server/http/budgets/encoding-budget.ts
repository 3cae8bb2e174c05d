import type { EventLoopTick } from "../../../time/event-loop-tick.ts";
import { awaitAccepted } from "./await-accepted.ts";

/**
 * Spreads the making of large responses over ticks of the event loop, so that what else has arrived is handled between two of
 * them. While connections arrive, large responses wait for them, or the last of a hundred would wait for a hundred large
 * responses.
 */
export class EncodingBudget {
  readonly #tick: EventLoopTick;
  readonly #tickBytesMax: number;
  readonly #acceptedCount: () => number;
  readonly #waiting: (() => void)[] = [];
  #tickNumber = -1;
  #tickBytes = 0;
  /** From the tick that had its bytes until everything that waits has had its turn. */
  isResting = false;

  /** `acceptedCount`: connections accepted so far. */
  constructor(tick: EventLoopTick, tickBytesMax: number, acceptedCount: () => number) {
    this.#tick = tick;
    this.#tickBytesMax = tickBytesMax;
    this.#acceptedCount = acceptedCount;
  }

  /** The number of the present tick. */
  get currentTick(): number {
    return this.#tick.current;
  }

  /** Undefined: the caller makes its response in the same turn of the microtasks, and calls `count()`. */
  take(): Promise<void> | undefined {
    if (!this.isResting) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    return promise;
  }

  /** A response of so many bytes has been made. */
  count(bytes: number): void {
    if (this.#tickNumber !== this.#tick.current) this.#tickBytes = 0;
    this.#tickNumber = this.#tick.current;
    this.#tickBytes += bytes;
    if (this.#tickBytes < this.#tickBytesMax) this.#waiting.shift()?.();
    else if (!this.isResting) void this.#rest();
  }

  async #rest(): Promise<void> {
    this.isResting = true;
    do {
      await awaitAccepted(this.#tick, this.#acceptedCount);
      this.#waiting.shift()?.();
    } while (this.#waiting.length > 0);
    this.isResting = false;
  }
}
