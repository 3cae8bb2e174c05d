/** A request that waits for memory. `resume` is called once, when there is some. */
export interface BudgetWaiter {
  resume(): void;
}

// One read of a socket: what a resumed request may add before it has to wait again.
const readBytes = 64 * 1024;

/**
 * Bounds the memory of request bodies over all connections. It refuses no request: one for which `mayRead` returns false
 * stops reading its socket and is resumed later. While complete bodies are being handled, each frees memory at its end.
 * Without any, the incomplete ones would wait for one another, so one of them at a time is favoured and reads on however
 * full the budget is. The bound is `bytesMax` + one body + one read of each connection.
 */
export class BodyBudget {
  readonly #bytesMax: number;
  readonly #waiting = new Set<BudgetWaiter>();
  #favoured: BudgetWaiter | undefined;
  #bytes = 0;
  #wholeCount = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytesHeld(): number {
    return this.#bytes;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  take(bytes: number): void {
    this.#bytes += bytes;
  }

  /** False: stop reading; `waiter` is resumed when there is memory. */
  mayRead(waiter: BudgetWaiter): boolean {
    if (this.#bytes < this.#bytesMax || this.#favoured === waiter) return true;
    if (this.#favoured === undefined && this.#wholeCount === 0) {
      this.#favoured = waiter;
      return true;
    }
    this.#waiting.add(waiter);
    return false;
  }

  /** The body is complete; `release` follows when it has been handled. */
  becomeWhole(waiter: BudgetWaiter): void {
    this.#wholeCount++;
    this.#forget(waiter);
  }

  /** The body will not be completed. Its bytes are released separately. */
  giveUp(waiter: BudgetWaiter): void {
    this.#forget(waiter);
    this.#resumeSome();
  }

  release(bytes: number, { wasWhole }: { readonly wasWhole: boolean }): void {
    this.#bytes -= bytes;
    if (wasWhole) this.#wholeCount--;
    if (this.#waiting.size > 0) this.#resumeSome();
  }

  #forget(waiter: BudgetWaiter): void {
    if (this.#waiting.size > 0) this.#waiting.delete(waiter);
    if (this.#favoured === waiter) this.#favoured = undefined;
  }

  #resumeSome(): void {
    let freeBytes = this.#bytesMax - this.#bytes;
    for (const waiter of this.#waiting) {
      const isFavoured = freeBytes <= 0;
      if (isFavoured && (this.#favoured !== undefined || this.#wholeCount > 0)) return;
      if (isFavoured) this.#favoured = waiter;
      freeBytes -= readBytes;
      this.#waiting.delete(waiter);
      waiter.resume();
    }
  }
}
