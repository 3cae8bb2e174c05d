import type { Clock } from "./clock.ts";

/** A timer set further ahead than this fires at once. */
const timerMsMax = 2 ** 31 - 1;

/**
 * A clock that can be moved, for tests of what takes hours: a jump is what a machine sees that was asleep. A jump ahead
 * moves monotonic time too and ends the delays that it passes; a jump back steps the wall clock alone, so that delays
 * last as long as they were asked to.
 */
export class DevClock implements Clock {
  readonly #base: Clock;
  #movedByMs = 0;
  /** All jumps ahead together. */
  #aheadMs = 0;
  /** Aborts at the next jump ahead. */
  #jump = new AbortController();

  constructor(base: Clock) {
    this.#base = base;
  }

  /** Distance of the wall clock from the one underneath; negative when it is behind. */
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
    // At least one wait, so that a loop of empty delays leaves others their turn.
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
