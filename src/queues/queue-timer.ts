import type { Clock } from "../time/clock.ts";
import { tickMs } from "./state/timer-wheel.ts";

/** What is called at its tick, and says at which tick it is to be called again. */
export interface Timed {
  tick(nowTick: number): number | undefined;
}

/** One timer for all queues of a server, armed for the earliest of them. Ticks of 100 ms count from its start. */
export class QueueTimer {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #due = new Map<Timed, number>();
  #armedTick = Number.POSITIVE_INFINITY;
  #disarm = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
  }

  /** The tick that has begun. */
  get nowTick(): number {
    return Math.floor((this.#clock.monotonicMs() - this.#startMs) / tickMs);
  }

  /** The first tick that begins when so many ms are over. */
  tickAfter(ms: number): number {
    return Math.ceil((this.#clock.monotonicMs() - this.#startMs + ms) / tickMs);
  }

  /** Calls it at a tick, or earlier if it is to be called earlier already. */
  schedule(timed: Timed, tick: number): void {
    const due = this.#due.get(timed);
    if (due !== undefined && due <= tick) return;
    this.#due.set(timed, tick);
    if (tick < this.#armedTick) this.#arm(tick);
  }

  cancel(timed: Timed): void {
    this.#due.delete(timed);
  }

  close(): void {
    this.#due.clear();
    this.#disarm.abort();
  }

  #arm(tick: number): void {
    this.#disarm.abort();
    this.#disarm = new AbortController();
    this.#armedTick = tick;
    const waitMs = this.#startMs + tick * tickMs - this.#clock.monotonicMs();
    this.#clock.delay(Math.max(0, waitMs), this.#disarm.signal).then(
      () => this.#fire(),
      () => undefined,
    );
  }

  #fire(): void {
    this.#armedTick = Number.POSITIVE_INFINITY;
    const { nowTick } = this;
    for (const [timed, tick] of [...this.#due]) {
      if (tick > nowTick) continue;
      this.#due.delete(timed);
      const next = timed.tick(nowTick);
      if (next !== undefined) this.schedule(timed, next);
    }
    let first = Number.POSITIVE_INFINITY;
    for (const tick of this.#due.values()) first = Math.min(first, tick);
    if (first < this.#armedTick) this.#arm(first);
  }
}
