import type { ReceivedRecords, ReceiveRequest } from "./queue-calls.ts";
import { noReceivedRecords } from "./received-builder.ts";

/** A receive that found nothing visible. */
export interface WaitingReceive {
  readonly request: ReceiveRequest;
  /** The tick at which it ends with nothing. */
  readonly dueTick: number;
  /** How often records were read for it. */
  readCount: number;
  resolve(records: ReceivedRecords): void;
  reject(error: unknown): void;
}

/** The waiting receives of one kind of records of one queue, served in the order in which they came. */
export class WaitingReceives {
  readonly #waiting = new Set<WaitingReceive>();
  readonly #byDueTick = new Map<number, Set<WaitingReceive>>();

  get count(): number {
    return this.#waiting.size;
  }

  get first(): WaitingReceive | undefined {
    for (const receive of this.#waiting) return receive;
    return undefined;
  }

  /** The tick at which `endDue()` has something to do. */
  get nextTick(): number | undefined {
    let next: number | undefined;
    for (const tick of this.#byDueTick.keys()) if (next === undefined || tick < next) next = tick;
    return next;
  }

  /** An aborted receive ends with nothing, like one whose time is over. */
  add(request: ReceiveRequest, dueTick: number): Promise<ReceivedRecords> {
    const { promise, resolve, reject } = Promise.withResolvers<ReceivedRecords>();
    const end = (): void => {
      request.signal.removeEventListener("abort", abort);
      this.#forget(receive);
    };
    const receive: WaitingReceive = {
      request,
      dueTick,
      readCount: 0,
      resolve: (records) => {
        end();
        resolve(records);
      },
      reject: (error) => {
        end();
        reject(error);
      },
    };
    const abort = (): void => receive.resolve(noReceivedRecords);
    request.signal.addEventListener("abort", abort, { once: true });
    this.#waiting.add(receive);
    const due = this.#byDueTick.get(dueTick) ?? new Set();
    this.#byDueTick.set(dueTick, due.add(receive));
    return promise;
  }

  /** Ends the receives whose time is over. Returns how many. */
  endDue(nowTick: number): number {
    let count = 0;
    for (const [tick, due] of this.#byDueTick) {
      if (tick > nowTick) continue;
      count += due.size;
      for (const receive of [...due]) receive.resolve(noReceivedRecords);
    }
    return count;
  }

  endAll(): void {
    for (const receive of [...this.#waiting]) receive.resolve(noReceivedRecords);
  }

  #forget(receive: WaitingReceive): void {
    this.#waiting.delete(receive);
    const due = this.#byDueTick.get(receive.dueTick);
    due?.delete(receive);
    if (due?.size === 0) this.#byDueTick.delete(receive.dueTick);
  }
}
