// Hot path.

/** What waits for memory. `resume` is called once, when there is some. */
export interface BudgetWaiter {
  resume(): void;
}

// One read of a socket; what a resumed request may add before it is asked to wait again.
const readBytes = 64 * 1024;

/**
 * The memory that request bodies may take, over all connections. It refuses nothing: who asks `mayRead` and is told
 * no stops reading its socket and is resumed later. One waiter at a time is let through however full the budget is,
 * until it is done; otherwise half-received bodies could fill the budget and all wait for one another. So the bound is
 * `bytesMax` + one body + one read of each connection.
 */
export class BodyBudget {
  readonly #bytesMax: number;
  readonly #waiting = new Set<BudgetWaiter>();
  #favoured: BudgetWaiter | undefined;
  #bytes = 0;

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

  /** False: stop reading; `waiter` is resumed when there is room. */
  mayRead(waiter: BudgetWaiter): boolean {
    if (this.#bytes < this.#bytesMax || this.#favoured === waiter) return true;
    if (this.#favoured === undefined) {
      this.#favoured = waiter;
      return true;
    }
    this.#waiting.add(waiter);
    return false;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#waiting.size > 0) this.#resumeSome();
  }

  /** The waiter has all it wanted, or is gone. Its bytes stay counted until released. */
  leave(waiter: BudgetWaiter): void {
    this.#waiting.delete(waiter);
    if (this.#favoured !== waiter) return;
    this.#favoured = undefined;
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#favoured = next;
    this.#waiting.delete(next);
    next.resume();
  }

  #resumeSome(): void {
    let room = this.#bytesMax - this.#bytes;
    for (const waiter of this.#waiting) {
      if (room <= 0) return;
      room -= readBytes;
      this.#waiting.delete(waiter);
      waiter.resume();
    }
  }
}
