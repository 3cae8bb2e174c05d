/** Lets so many batches be at work at once, in the order in which they ask. */
export class BatchSlots {
  #freeCount: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#freeCount = count;
  }

  /** Resolves with a slot, to be disposed of; rejects with the reason of the signal. */
  async take(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#freeCount > 0) this.#freeCount -= 1;
    else await this.#wait(signal);
    let isFree = false;
    return {
      [Symbol.dispose]: () => {
        if (isFree) return;
        isFree = true;
        this.#giveBack();
      },
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (): void => {
      this.#waiting.delete(next);
      reject(signal.reason);
    };
    const next = (): void => {
      signal.removeEventListener("abort", abort);
      resolve();
    };
    this.#waiting.add(next);
    signal.addEventListener("abort", abort, { once: true });
    return promise;
  }

  #giveBack(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      next();
      return;
    }
    this.#freeCount += 1;
  }
}
