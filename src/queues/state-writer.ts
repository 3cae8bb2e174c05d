import { EngineError } from "../engine/engine-error.ts";
import { ChangeWriter } from "./log/change-writer.ts";
import type { StateLog } from "./log/state-log.ts";
import type { EntryRefusal } from "./queue-calls.ts";
import type { QueueState } from "./state/queue-state.ts";

/** Changes of one turn of the event loop, which are written together. Positions behind the index of their shard. */
interface PendingWrite {
  readonly done: number[];
  readonly restored: number[];
  readonly ended: PromiseWithResolvers<EntryRefusal | undefined>;
}

export interface StateWriterOptions {
  readonly state: QueueState;
  readonly stateLog: StateLog;
  /** Called when there may be room for other records in flight; with true when some of them are in flight again. */
  readonly changed: (isReverted: boolean) => void;
}

/** Writes the changes of one queue: those of one turn of the event loop as one entry, however many requests they are of. */
export class StateWriter {
  readonly #state: QueueState;
  readonly #stateLog: StateLog;
  readonly #changed: (isReverted: boolean) => void;
  readonly #changes = new ChangeWriter();
  #pending: PendingWrite | undefined;
  #acknowledgedCount = 0;

  constructor({ state, stateLog, changed }: StateWriterOptions) {
    this.#state = state;
    this.#stateLog = stateLog;
    this.#changed = changed;
  }

  get acknowledgedCount(): number {
    return this.#acknowledgedCount;
  }

  /** Whether there are changes that no request waits for. */
  get hasGathered(): boolean {
    return !this.#changes.isEmpty;
  }

  /** Resolves when the change is durable, or with the reason why it is not. */
  acknowledge(shardIndex: number, position: number): Promise<EntryRefusal | undefined> {
    this.#changes.done(shardIndex, position);
    const { done, ended } = this.#open();
    done.push(shardIndex, position);
    return ended.promise;
  }

  /** Resolves as `acknowledge()` does. */
  restore(shardIndex: number, position: number, firstReceiveSecond: number): Promise<EntryRefusal | undefined> {
    this.#changes.counted(shardIndex, position, 0, firstReceiveSecond);
    const { restored, ended } = this.#open();
    restored.push(shardIndex, position);
    return ended.promise;
  }

  /** A delivery ended without acknowledgement. Written with the next change that a request waits for, or by `flush()`. */
  deliveryEnded(slot: number): void {
    const { table } = this.#state;
    const { shardIndex } = this.#state.cursorOfSlot(slot);
    const position = table.position[slot] as number;
    const count = table.receiveCount[slot] as number;
    const second = table.firstReceiveSecond[slot] as number;
    if (table.isDead[slot] === 1) this.#changes.dead(shardIndex, position, count, second);
    else this.#changes.counted(shardIndex, position, count, second);
  }

  /** Writes what has come together. */
  flush(): void {
    const bodies = this.#changes.take();
    const pending = this.#pending;
    this.#pending = undefined;
    if (bodies.length === 0) return;
    void this.#stateLog.append(bodies, (error) => this.#ended(pending, error));
  }

  #open(): PendingWrite {
    if (this.#pending !== undefined) return this.#pending;
    this.#pending = { done: [], restored: [], ended: Promise.withResolvers() };
    // Runs right after the poll of the sockets: the changes of all requests that it brought are written together.
    setImmediate(() => this.flush());
    return this.#pending;
  }

  #ended(pending: PendingWrite | undefined, error: unknown): void {
    // Ended deliveries count in memory; a snapshot makes them durable too.
    if (error !== undefined) this.#stateLog.markIncomplete();
    if (pending === undefined) return;
    const { done, restored, ended } = pending;
    for (let i = 0; i < done.length; i += 2) {
      const shardIndex = done[i] as number;
      const position = done[i + 1] as number;
      if (error !== undefined) this.#state.revert(shardIndex, position);
      else if (this.#state.finish(shardIndex, position)) this.#acknowledgedCount += 1;
    }
    for (let i = 0; i < restored.length; i += 2) {
      const shardIndex = restored[i] as number;
      const position = restored[i + 1] as number;
      if (error === undefined) this.#state.restore(shardIndex, position);
      else this.#state.revert(shardIndex, position);
    }
    ended.resolve(error === undefined ? undefined : refusalOf(error));
    this.#changed(error !== undefined);
  }
}

function refusalOf(error: unknown): EntryRefusal {
  return error instanceof EngineError && error.kind === "throttled" ? "throttled" : "failed";
}
