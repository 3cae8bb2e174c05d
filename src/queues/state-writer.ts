import { EngineError } from "../engine/engine-error.ts";
import { ChangeWriter } from "./log/change-writer.ts";
import type { StateLog } from "./log/state-log.ts";
import type { EntryRefusal } from "./queue-calls.ts";
import type { QueueState } from "./state/queue-state.ts";

/** Changes of one turn of the event loop, which are written together. Positions behind the index of their shard. */
interface PendingWrite {
  readonly done: number[];
  readonly restored: number[];
  /** Called when the changes are durable, or with the reason why they are not. */
  readonly answers: ((refusal: EntryRefusal | undefined) => void)[];
}

export interface StateWriterOptions {
  readonly state: QueueState;
  readonly stateLog: StateLog;
  /** Called when there may be room for other records in flight; with true when some of them are in flight again. */
  readonly changed: (isReverted: boolean) => void;
}

/** Writes the changes of one queue: those of one turn of the event loop as one entry, however many requests they are of. The queue ends each turn. */
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

  /** `whenWritten()` tells when it is durable. */
  acknowledge(shardIndex: number, position: number): void {
    this.#changes.done(shardIndex, position);
    this.#begun.done.push(shardIndex, position);
  }

  /** As `acknowledge()`. */
  restore(shardIndex: number, position: number, firstReceiveSecond: number): void {
    this.#changes.counted(shardIndex, position, 0, firstReceiveSecond);
    this.#begun.restored.push(shardIndex, position);
  }

  /** Calls back when the changes of this turn are durable, or with the reason why they are not. */
  whenWritten(answer: (refusal: EntryRefusal | undefined) => void): void {
    this.#begun.answers.push(answer);
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

  /** Ends a turn: writes what has come together if a request waits for some of it. */
  flushAwaited(): void {
    if (this.#pending !== undefined) this.flush();
  }

  /** Writes what has come together. */
  flush(): void {
    const bodies = this.#changes.take();
    const pending = this.#pending;
    this.#pending = undefined;
    if (bodies.length === 0) return;
    void this.#stateLog.append(bodies, (error) => this.#ended(pending, error));
  }

  get #begun(): PendingWrite {
    this.#pending ??= { done: [], restored: [], answers: [] };
    return this.#pending;
  }

  #ended(pending: PendingWrite | undefined, error: unknown): void {
    // Ended deliveries count in memory; a snapshot makes them durable too.
    if (error !== undefined) this.#stateLog.markIncomplete();
    if (pending === undefined) return;
    const { done, restored, answers } = pending;
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
    const refusal = error === undefined ? undefined : refusalOf(error);
    for (const answer of answers) answer(refusal);
    this.#changed(error !== undefined);
  }
}

function refusalOf(error: unknown): EntryRefusal {
  return error instanceof EngineError && error.kind === "throttled" ? "throttled" : "failed";
}
