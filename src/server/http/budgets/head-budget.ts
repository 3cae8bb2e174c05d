import type { EventLoopTick } from "../../../time/event-loop-tick.ts";
import type { ServerLimits } from "../server-limits.ts";
import { awaitAccepted } from "./await-accepted.ts";

/** What a head counts at least: a short one costs more than its bytes. */
const headBytesMin = 1024;

/**
 * Bounds the heads of HTTP/1.1 that are parsed in one tick of the event loop. Each connection may have one parsed in each tick;
 * what else it has sent shares the budget with all connections, and waits for a later tick when that is used up or connections
 * arrive. So clients that send requests as fast as they can, however many, do not delay one that waits for its response before
 * it sends the next.
 */
export class HeadBudget {
  readonly #tick: EventLoopTick;
  readonly #limits: Pick<ServerLimits, "headBytesPerTickMax" | "resumedPerTickMax">;
  readonly #acceptedCount: () => number;
  readonly #waiting = new Set<() => void>();
  #tickNumber = -1;
  #tickBytes = 0;
  /** Connections that had been accepted when some were last resumed. */
  #acceptedBefore = 0;
  #isResuming = false;

  /** `acceptedCount`: connections accepted so far. */
  constructor(
    tick: EventLoopTick,
    limits: Pick<ServerLimits, "headBytesPerTickMax" | "resumedPerTickMax">,
    acceptedCount: () => number,
  ) {
    this.#acceptedCount = acceptedCount;
    this.#tick = tick;
    this.#limits = limits;
  }

  /** The number of the present tick. */
  get currentTick(): number {
    return this.#tick.current;
  }

  /** Whether no second head of a connection may be parsed in this tick: also while some wait and connections arrive. */
  get isSpent(): boolean {
    if (this.#waiting.size > 0 && this.#acceptedCount() !== this.#acceptedBefore) return true;
    return this.#tickNumber === this.#tick.current && this.#tickBytes >= this.#limits.headBytesPerTickMax;
  }

  /** A head of so many bytes, or a part of one, has been parsed. */
  count(bytes: number): void {
    const tickNumber = this.#tick.current;
    if (this.#tickNumber !== tickNumber) this.#tickBytes = 0;
    this.#tickNumber = tickNumber;
    this.#tickBytes += Math.max(bytes, headBytesMin);
  }

  /** Calls back in a later tick, after those that wait already. */
  wait(resume: () => void): void {
    this.#waiting.add(resume);
    if (!this.#isResuming) void this.#resumeSome();
  }

  /** The connection has closed. */
  leave(resume: () => void): void {
    this.#waiting.delete(resume);
  }

  async #resumeSome(): Promise<void> {
    this.#isResuming = true;
    while (this.#waiting.size > 0) {
      await awaitAccepted(this.#tick, this.#acceptedCount);
      this.#acceptedBefore = this.#acceptedCount();
      let count = 0;
      for (const resume of this.#waiting) {
        if (count++ === this.#limits.resumedPerTickMax) break;
        this.#waiting.delete(resume);
        resume();
      }
    }
    this.#isResuming = false;
  }
}
