/** Lets readers wait for the next change. A change that no reader waits for is not remembered. */
export class ChangeNotifier {
  #waiters: (() => void)[] = [];

  /** Resolves at the next `notify()` or at the abort. In either case the caller checks again what it waits for. */
  wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal.aborted) {
      resolve();
      return promise;
    }
    const waiter = (): void => {
      signal.removeEventListener("abort", abort);
      resolve();
    };
    const abort = (): void => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
      resolve();
    };
    signal.addEventListener("abort", abort, { once: true });
    this.#waiters.push(waiter);
    return promise;
  }

  notify(): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}
