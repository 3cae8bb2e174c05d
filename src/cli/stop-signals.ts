import type { EventEmitter } from "node:events";

/** A repeated SIGINT sooner than this is the same key press, which a shell and npm both pass on. */
export const forceExitAfterMs = 1_000;

/**
 * The first SIGTERM or SIGINT asks for a drain. Later SIGTERMs are ignored, as npm sends two; a SIGINT that comes more
 * than a second after the first signal is a person who does not want to wait.
 */
export class StopSignals {
  /** Resolves at the first signal. */
  readonly stopped: Promise<void>;
  readonly #stop: () => void;
  readonly #giveUp: () => void;
  readonly #nowMs: () => number;
  #firstMs: number | undefined;

  constructor(source: EventEmitter, giveUp: () => void, nowMs: () => number = () => performance.now()) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stopped = promise;
    this.#stop = resolve;
    this.#giveUp = giveUp;
    this.#nowMs = nowMs;
    source.on("SIGTERM", () => this.#receive(false));
    source.on("SIGINT", () => this.#receive(true));
  }

  #receive(fromKeyboard: boolean): void {
    if (this.#firstMs === undefined) {
      this.#firstMs = this.#nowMs();
      this.#stop();
    } else if (fromKeyboard && this.#nowMs() - this.#firstMs > forceExitAfterMs) this.#giveUp();
  }
}
