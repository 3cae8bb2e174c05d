import { EventLoopTick } from "./event-loop-tick.ts";

/** Ends when a tick of the event loop brings nothing more, so that what comes together is handled together. */
export class QuietTick {
  readonly #ticksMax: number;
  readonly #tick = new EventLoopTick();
  #count = 0;
  #end: Promise<void> | undefined;

  constructor(ticksMax: number) {
    this.#ticksMax = ticksMax;
  }

  /** Notes that something has come. Resolves at the end of the first tick without another one, or after `ticksMax` ticks. */
  come(): Promise<void> {
    this.#count += 1;
    this.#end ??= this.#wait();
    return this.#end;
  }

  async #wait(): Promise<void> {
    for (let [ticks, count] = [0, 0]; ticks < this.#ticksMax && count < this.#count; ticks++) {
      count = this.#count;
      await this.#tick.end();
    }
    this.#end = undefined;
  }
}
