/**
 * Numbers the ticks of the event loop on demand. Bytes of one poll of the sockets are handled in one tick; at its end all
 * of them have been read.
 */
export class EventLoopTick {
  #number = 0;
  #end: PromiseWithResolvers<void> | undefined;

  /** The number of the present tick. */
  get current(): number {
    this.#begin();
    return this.#number;
  }

  /** Resolves at the end of the present tick. */
  end(): Promise<void> {
    return this.#begin().promise;
  }

  #begin(): PromiseWithResolvers<void> {
    if (this.#end !== undefined) return this.#end;
    const end = Promise.withResolvers<void>();
    this.#end = end;
    // Runs right after the poll, before the loop polls its sockets again.
    setImmediate(() => {
      this.#number += 1;
      this.#end = undefined;
      end.resolve();
    });
    return end;
  }
}
