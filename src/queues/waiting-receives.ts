import type { ReceivedRecords } from "../records/received-records.ts";
import type { ReceiveRequest } from "./queue-calls.ts";
import { noReceivedRecords } from "./received-builder.ts";

/** A receive that is not answered yet. */
export class WaitingReceive {
  readonly request: ReceiveRequest;
  /** The tick at which it ends with nothing. */
  readonly dueTick: number;
  readonly promise: Promise<ReceivedRecords>;
  /** How often records were read for it. */
  readCount = 0;
  resolve!: (records: ReceivedRecords) => void;
  reject!: (error: unknown) => void;
  /** Set once it listens to its caller's signal. */
  abort: (() => void) | undefined;

  constructor(request: ReceiveRequest, dueTick: number) {
    this.request = request;
    this.dueTick = dueTick;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/**
 * The receives of one kind of records of one queue, served in the order in which they came. Those that have just come are in a
 * list, since most are served in the same turn; the others listen to their callers' signals and end when their time is over.
 */
export class WaitingReceives {
  #arrived: WaitingReceive[] = [];
  /** Arrived receives before this one have been taken out. */
  #firstArrived = 0;
  readonly #waiting = new Set<WaitingReceive>();
  readonly #byDueTick = new Map<number, Set<WaitingReceive>>();

  get count(): number {
    return this.#waiting.size + this.#arrived.length - this.#firstArrived;
  }

  get first(): WaitingReceive | undefined {
    for (const receive of this.#waiting) return receive;
    return this.#arrived[this.#firstArrived];
  }

  /** The tick at which `endDue()` has something to do. */
  get nextTick(): number | undefined {
    let next: number | undefined;
    for (const tick of this.#byDueTick.keys()) if (next === undefined || tick < next) next = tick;
    return next;
  }

  /** An aborted receive ends with nothing, like one whose time is over. */
  add(request: ReceiveRequest, dueTick: number): Promise<ReceivedRecords> {
    const receive = new WaitingReceive(request, dueTick);
    this.#arrived.push(receive);
    return receive.promise;
  }

  /** Takes out a receive that is about to be answered: the first one, or one that waits. */
  remove(receive: WaitingReceive): void {
    if (receive.abort === undefined) {
      if (this.#arrived[this.#firstArrived] !== receive) return;
      this.#firstArrived += 1;
      if (this.#firstArrived === this.#arrived.length) {
        this.#arrived.length = 0;
        this.#firstArrived = 0;
      }
      return;
    }
    receive.request.signal.removeEventListener("abort", receive.abort);
    this.#waiting.delete(receive);
    const due = this.#byDueTick.get(receive.dueTick);
    due?.delete(receive);
    if (due?.size === 0) this.#byDueTick.delete(receive.dueTick);
  }

  /** Lets the receives that have arrived wait for as long as they may. */
  wait(): void {
    const arrived = this.#arrived.slice(this.#firstArrived);
    this.#arrived.length = 0;
    this.#firstArrived = 0;
    for (const receive of arrived) this.#wait(receive);
  }

  /** Ends the receives whose time is over. Returns how many. */
  endDue(nowTick: number): number {
    this.wait();
    let count = 0;
    for (const [tick, due] of this.#byDueTick) {
      if (tick > nowTick) continue;
      count += due.size;
      for (const receive of [...due]) this.#end(receive);
    }
    return count;
  }

  endAll(): void {
    this.wait();
    for (const receive of [...this.#waiting]) this.#end(receive);
  }

  #wait(receive: WaitingReceive): void {
    const { request, dueTick } = receive;
    if (request.signal.aborted) {
      receive.resolve(noReceivedRecords);
      return;
    }
    receive.abort = () => this.#end(receive);
    request.signal.addEventListener("abort", receive.abort, { once: true });
    this.#waiting.add(receive);
    const due = this.#byDueTick.get(dueTick) ?? new Set();
    this.#byDueTick.set(dueTick, due.add(receive));
  }

  #end(receive: WaitingReceive): void {
    this.remove(receive);
    receive.resolve(noReceivedRecords);
  }
}
