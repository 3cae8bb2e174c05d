/** Waits for memory for a response, or to be started at all. */
interface Waiter {
  readonly connection: ConnectionResponses;
  /** What its response may take; 0: the request is only to be started. */
  readonly bytes: number;
  resume(isAdmitted: boolean): void;
}

/** The part of the reserve that one response may take. */
const reserveShareMax = 1 / 8;

/** Responses of one connection that are being made, or of which the system does not have the last byte yet. */
export class ConnectionResponses {
  readonly budget: ResponseBudget;
  readonly #bytesMax: number;
  unsentBytes = 0;
  waitingCount = 0;

  constructor(budget: ResponseBudget, bytesMax: number) {
    this.budget = budget;
    this.#bytesMax = bytesMax;
  }

  get isFull(): boolean {
    return this.unsentBytes >= this.#bytesMax;
  }

  /** Whether a further request may be started. */
  get mayStart(): boolean {
    if (this.unsentBytes === 0) return true;
    return this.waitingCount === 0 && !this.isFull && !this.budget.isFull;
  }

  /** More, or with a negative count fewer, bytes are held. */
  add(bytes: number): void {
    this.unsentBytes += bytes;
    this.budget.add(bytes);
  }
}

/**
 * Bounds the memory of responses over all connections. A response that may be large reserves what it may take before it is
 * made; every other one is counted once it is there, and no further request of its connection is started while the budget
 * is full. The bound is `bytesMax` + `reserveBytes`, which small responses may use as well, + one such response of each connection.
 */
export class ResponseBudget {
  readonly #bytesMax: number;
  readonly #reserveBytes: number;
  readonly #waiting = new Set<Waiter>();
  #bytes = 0;

  constructor(bytesMax: number, reserveBytes: number) {
    this.#bytesMax = bytesMax;
    this.#reserveBytes = reserveBytes;
  }

  get bytesHeld(): number {
    return this.#bytes;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#bytesMax;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (bytes < 0 && this.#waiting.size > 0) this.#resumeSome();
  }

  /** Holds `bytes` for the connection at once if they are free and no earlier request waits for them. */
  tryReserve(connection: ConnectionResponses, bytes: number): boolean {
    if (connection.isFull || connection.waitingCount > 0 || !this.#fits(bytes)) return false;
    if (this.#waiting.size > 0 && !this.#isSmall(bytes)) return false;
    connection.add(bytes);
    return true;
  }

  /**
   * Resolves with true once `bytes` are held for the connection; with 0 bytes, once it may start a further request. Resolves
   * with false when the signal aborts.
   */
  async wait(connection: ConnectionResponses, bytes: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiter: Waiter = { connection, bytes, resume: resolve };
    const cancel = (): void => this.#resume(waiter, false);
    this.#waiting.add(waiter);
    connection.waitingCount++;
    signal.addEventListener("abort", cancel, { once: true });
    const isAdmitted = await promise;
    signal.removeEventListener("abort", cancel);
    return isAdmitted;
  }

  /** A response larger than the whole budget is made when nothing else is held. */
  #fits(bytes: number): boolean {
    const bytesMax = this.#isSmall(bytes) ? this.#bytesMax + this.#reserveBytes : this.#bytesMax;
    return this.#bytes === 0 || this.#bytes + bytes <= bytesMax;
  }

  /** Several of them fit into the reserve: they need not wait for pages. */
  #isSmall(bytes: number): boolean {
    return bytes <= this.#reserveBytes * reserveShareMax;
  }

  /** In the order of arrival; but a connection that is full itself keeps no other one waiting, and a page no small response. */
  #resumeSome(): void {
    let isPageWaiting = false;
    for (const waiter of this.#waiting) {
      const { connection, bytes } = waiter;
      if (connection.isFull) continue;
      const isPage = !this.#isSmall(bytes);
      if (isPage && isPageWaiting) continue;
      if (this.#mayResume(waiter)) this.#resume(waiter, true);
      else isPageWaiting ||= isPage;
    }
  }

  #mayResume({ connection, bytes }: Waiter): boolean {
    return bytes === 0 ? connection.unsentBytes === 0 || !this.isFull : this.#fits(bytes);
  }

  #resume(waiter: Waiter, isAdmitted: boolean): void {
    if (!this.#waiting.delete(waiter)) return;
    waiter.connection.waitingCount--;
    if (isAdmitted && waiter.bytes > 0) waiter.connection.add(waiter.bytes);
    waiter.resume(isAdmitted);
  }
}
