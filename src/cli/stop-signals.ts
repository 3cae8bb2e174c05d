import type { EventEmitter } from "node:events";

/** A second SIGINT within this time is the same key press, which a shell and npm both pass on. */
export const forceExitAfterMs = 1_000;

/**
 * The first SIGTERM or SIGINT starts a drain. Later SIGTERMs are ignored, because npm sends two; a SIGINT more than
 * `forceExitAfterMs` after the first signal ends the process at once.
 */
export class StopSignals {
  /** Resolves at the first signal. */
  readonly stopped: Promise<void>;
  readonly #stop: () => void;
  readonly #forceExit: () => void;
  readonly #nowMs: () => number;
  #firstMs: number | undefined;

  constructor(source: EventEmitter, forceExit: () => void, nowMs: () => number = () => performance.now()) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stopped = promise;
    this.#stop = resolve;
    this.#forceExit = forceExit;
    this.#nowMs = nowMs;
    source.on("SIGTERM", () => this.#receive(false));
    source.on("SIGINT", () => this.#receive(true));
  }

  #receive(fromKeyboard: boolean): void {
    if (this.#firstMs === undefined) {
      this.#firstMs = this.#nowMs();
      this.#stop();
    } else if (fromKeyboard && this.#nowMs() - this.#firstMs > forceExitAfterMs) this.#forceExit();
  }
}
