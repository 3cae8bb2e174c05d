import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../src/time/clock.ts";

/** 2026-01-01T00:00:00Z: a plain, whole second that no test depends on. */
const startMsDefault = 1_767_225_600_000;
/** More delays than this in one run mean a loop that re-arms itself for ever. */
const delaysPerRunMax = 25_000;

interface PendingDelay {
  readonly dueMs: number;
  readonly resolve: () => void;
}

/**
 * A clock that moves only when a test says so. Delays run on monotonic time, so that a step of the wall clock neither
 * fires nor postpones them; those due at the same moment fire in the order in which they were asked for.
 */
export class SimulatedClock implements Clock {
  readonly #pending = new Set<PendingDelay>();
  #wallMs: number;
  #monotonicMs = 0;

  constructor(startMs: number = startMsDefault) {
    this.#wallMs = startMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** Delays that are neither aborted nor due. */
  get pendingDelayCount(): number {
    return this.#pending.size;
  }

  delay(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal?.aborted === true) {
      reject(signal.reason);
      return promise;
    }
    const abort = (): void => {
      this.#pending.delete(pending);
      reject(signal?.reason);
    };
    const pending: PendingDelay = {
      dueMs: this.#monotonicMs + Math.max(0, ms),
      resolve: () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      },
    };
    this.#pending.add(pending);
    signal?.addEventListener("abort", abort, { once: true });
    return promise;
  }

  /** Moves the wall clock alone, in either direction. */
  set(wallMs: number): void {
    this.#wallMs = wallMs;
  }

  /**
   * Moves both clocks on by `ms` and fires what falls due on the way, each at its own moment, with a turn of the event
   * loop after each so that delays asked for by the woken code are honoured too. Where no delay is due, the clocks have
   * moved when the call returns its promise.
   */
  async advance(ms: number): Promise<void> {
    assert(ms >= 0, "monotonic time never falls; use set() to step the wall clock back");
    const targetMs = this.#monotonicMs + ms;
    for (let fired = 0; ; fired++) {
      const due = this.#earliest();
      if (due === undefined || due.dueMs > targetMs) break;
      assert(fired < delaysPerRunMax, "delays keep coming: a loop re-arms itself without waiting");
      await this.#fire(due);
    }
    this.#moveTo(targetMs);
  }

  /** Moves time on from delay to delay until none is pending. */
  async runUntilIdle(): Promise<void> {
    await nextTurn();
    for (let fired = 0; ; fired++) {
      const due = this.#earliest();
      if (due === undefined) return;
      assert(fired < delaysPerRunMax, "delays keep coming: abort the loops that never end before running until idle");
      await this.#fire(due);
    }
  }

  async #fire(due: PendingDelay): Promise<void> {
    this.#pending.delete(due);
    this.#moveTo(due.dueMs);
    due.resolve();
    await nextTurn();
  }

  #moveTo(monotonicMs: number): void {
    // Another run may have moved further while this one waited for a turn.
    const stepMs = Math.max(0, monotonicMs - this.#monotonicMs);
    this.#monotonicMs += stepMs;
    this.#wallMs += stepMs;
  }

  #earliest(): PendingDelay | undefined {
    let earliest: PendingDelay | undefined;
    for (const pending of this.#pending) {
      if (earliest === undefined || pending.dueMs < earliest.dueMs) earliest = pending;
    }
    return earliest;
  }
}
