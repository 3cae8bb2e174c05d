/** Lets readers sleep until the writer says that something has changed. A wake-up without a sleeper is forgotten. */
export class WakeUp {
  #sleepers: (() => void)[] = [];

  /** Resolves at the next wake(), or at the abort. The caller looks again at what it waits for, in either case. */
  wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal.aborted) {
      resolve();
      return promise;
    }
    const sleeper = (): void => {
      signal.removeEventListener("abort", abort);
      resolve();
    };
    const abort = (): void => {
      this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
      resolve();
    };
    signal.addEventListener("abort", abort, { once: true });
    this.#sleepers.push(sleeper);
    return promise;
  }

  wake(): void {
    if (this.#sleepers.length === 0) return;
    const sleepers = this.#sleepers;
    this.#sleepers = [];
    for (const sleeper of sleepers) sleeper();
  }
}
