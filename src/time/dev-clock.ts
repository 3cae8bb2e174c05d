import type { Clock } from "./clock.ts";

/** The longest timer of Node; a longer one fires at once. */
const timerMsMax = 2 ** 31 - 1;

/**
 * A clock that can be moved (`--dev`), for tests of what takes hours. A jump ahead moves monotonic time too and ends the
 * delays that it passes, as on a machine that was suspended. A jump back moves the wall clock only, so delays keep their
 * length.
 */
export class DevClock implements Clock {
  readonly #base: Clock;
  #movedByMs = 0;
  /** Sum of all jumps ahead. */
  #aheadMs = 0;
  /** Aborts at the next jump ahead. */
  #jump = new AbortController();

  constructor(base: Clock) {
    this.#base = base;
  }

  /** Difference of the wall clock from the base clock; negative if it is behind. */
  get movedByMs(): number {
    return this.#movedByMs;
  }

  nowMs(): number {
    return this.#base.nowMs() + this.#movedByMs;
  }

  monotonicMs(): number {
    return this.#base.monotonicMs() + this.#aheadMs;
  }

  async delay(ms: number, signal?: AbortSignal): Promise<void> {
    const dueMs = this.monotonicMs() + ms;
    // At least one wait, so that a loop of empty delays does not block the event loop.
    for (let leftMs = ms, isFirst = true; isFirst || leftMs > 0; leftMs = dueMs - this.monotonicMs(), isFirst = false) {
      const jump = this.#jump.signal;
      const woken = signal === undefined ? jump : AbortSignal.any([signal, jump]);
      try {
        await this.#base.delay(Math.min(Math.max(leftMs, 0), timerMsMax), woken);
      } catch (error) {
        if (signal?.aborted === true) throw signal.reason;
        if (!jump.aborted) throw error;
      }
    }
  }

  /** Whole milliseconds, ahead or back. */
  moveBy(ms: number): void {
    this.#movedByMs += ms;
    if (ms <= 0) return;
    this.#aheadMs += ms;
    const jump = this.#jump;
    this.#jump = new AbortController();
    jump.abort();
  }
}
