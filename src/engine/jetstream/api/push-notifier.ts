/** Lets readers wait for the next push, and wakes them after a time without one, because a push may be lost. */
export class PushNotifier {
  readonly #waiting = new Set<() => void>();
  #version = 0;

  /** Grows with each `notify()`. */
  get version(): number {
    return this.#version;
  }

  /** Resolves when there has been a push since `version`, at an abort, or after `lookMs`, when `look` has been called. */
  changed(version: number, signal: AbortSignal, lookMs: number, look: () => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (version !== this.#version || signal.aborted) {
      resolve();
      return promise;
    }
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      this.#waiting.delete(wake);
      resolve();
    };
    const timer = setTimeout(() => {
      look();
      wake();
    }, lookMs);
    signal.addEventListener("abort", wake, { once: true });
    this.#waiting.add(wake);
    return promise;
  }

  notify(): void {
    this.#version += 1;
    for (const wake of [...this.#waiting]) wake();
  }
}
