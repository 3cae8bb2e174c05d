/** Gives each of many pieces of work a tick of the event loop, in the order in which they ask, so that others go on between two. */
export class TickTurns {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves in a tick in which no other turn is given. */
  next(): Promise<void> {
    const turn = this.#last.then(() => new Promise<void>((resolve) => setImmediate(resolve)));
    this.#last = turn;
    return turn;
  }
}
