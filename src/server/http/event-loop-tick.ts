/**
 * The turns of the event loop, as far as anybody asks. What one poll of the sockets brought is handled in one turn; at its
 * end nothing of it is left to be read.
 */
export class EventLoopTick {
  #number = 0;
  #end: PromiseWithResolvers<void> | undefined;

  /** The number of the turn that is under way. */
  get current(): number {
    this.#begin();
    return this.#number;
  }

  /** Resolves at the end of the turn that is under way. */
  end(): Promise<void> {
    return this.#begin().promise;
  }

  #begin(): PromiseWithResolvers<void> {
    if (this.#end !== undefined) return this.#end;
    const end = Promise.withResolvers<void>();
    this.#end = end;
    // Right after the poll, before the loop looks at its sockets again.
    setImmediate(() => {
      this.#number += 1;
      this.#end = undefined;
      end.resolve();
    });
    return end;
  }
}
