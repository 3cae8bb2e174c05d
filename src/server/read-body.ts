// Hot path.
import type { Readable } from "node:stream";
import type { BodyBudget, BudgetWaiter } from "./body-budget.ts";
import type { BodyMemory } from "./body-memory.ts";

export const emptyBody = Buffer.alloc(0);

/** `gone`: the client left, or was cut off, before its last byte. */
export type BodyOutcome = "whole" | "too_large" | "gone";

export interface BodyRoom {
  readonly budget: BodyBudget;
  readonly memory: BodyMemory;
  /** The bodies that are on their way; the sweep looks at their times. */
  readonly arriving: Set<BodyReader>;
  readonly requestBytesMax: number;
  readonly discardBytesMax: number;
}

/** Collects one request's body within the budget of all of them. Whoever made it calls `release()` once. */
export class BodyReader implements BudgetWaiter {
  readonly startedMs: number;
  /** When the sweep last saw the body grow. */
  progressMs: number;
  readonly #source: Readable;
  readonly #declaredBytes: number | undefined;
  readonly #room: BodyRoom;
  #settle: ((outcome: BodyOutcome) => void) | undefined;
  #first: Buffer = emptyBody;
  #rest: Buffer[] | undefined;
  #slab: Buffer | undefined;
  #receivedBytes = 0;
  #heldBytes = 0;
  #discardedBytes = 0;
  #hasGrown = true;
  #isWaiting = false;

  constructor(
    source: Readable,
    declaredBytes: number | undefined,
    options: { readonly room: BodyRoom; readonly nowMs: number },
  ) {
    this.#source = source;
    this.#declaredBytes = declaredBytes;
    this.#room = options.room;
    this.startedMs = options.nowMs;
    this.progressMs = options.nowMs;
  }

  read(): Promise<BodyOutcome> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#room.arriving.add(this);
      const source = this.#source;
      source.on("error", () => this.#finish("gone"));
      source.on("close", () => this.#finish("gone"));
      source.on("end", () => this.#finish("whole"));
      if ((this.#declaredBytes ?? 0) > this.#room.requestBytesMax) this.#refuse();
      else if (!this.#room.budget.mayRead(this)) this.#wait();
      source.on("data", (chunk: Buffer) => this.#collect(chunk));
    });
  }

  /** The whole body; without a copy if it came in one piece. */
  get bytes(): Buffer {
    if (this.#slab !== undefined) return this.#slab.subarray(0, this.#receivedBytes);
    if (this.#rest === undefined) return this.#first;
    return Buffer.concat([this.#first, ...this.#rest], this.#receivedBytes);
  }

  get isWaitingForBudget(): boolean {
    return this.#isWaiting;
  }

  /** Whether anything came since the last call. */
  takeGrowth(): boolean {
    const hasGrown = this.#hasGrown;
    this.#hasGrown = false;
    return hasGrown;
  }

  resume(): void {
    this.#isWaiting = false;
    this.#hasGrown = true;
    this.#source.resume();
  }

  /** Cuts the client off. */
  cut(): void {
    this.#finish("gone");
    this.#source.destroy();
  }

  /** Nothing refers to `bytes` any more. */
  release(): void {
    if (this.#slab !== undefined) this.#room.memory.giveBack(this.#slab);
    this.#slab = undefined;
    this.#first = emptyBody;
    this.#rest = undefined;
    const heldBytes = this.#heldBytes;
    this.#heldBytes = 0;
    if (heldBytes > 0) this.#room.budget.release(heldBytes);
  }

  #collect(chunk: Buffer): void {
    if (this.#settle === undefined) {
      this.#discard(chunk.length);
      return;
    }
    this.#hasGrown = true;
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes > this.#room.requestBytesMax) {
      this.#refuse();
      return;
    }
    this.#keep(chunk);
    const isComplete = this.#receivedBytes === this.#declaredBytes;
    if (!isComplete && !this.#room.budget.mayRead(this)) this.#wait();
  }

  #keep(chunk: Buffer): void {
    const before = this.#receivedBytes - chunk.length;
    if (before === 0) {
      this.#hold(chunk.length);
      this.#first = chunk;
      return;
    }
    if (this.#slab === undefined && this.#rest === undefined) this.#makeRoomForMore();
    if (this.#slab !== undefined && this.#receivedBytes <= this.#slab.length) {
      chunk.copy(this.#slab, before);
      return;
    }
    this.#hold(chunk.length);
    this.#rest?.push(chunk);
  }

  /** From the second piece on; a memory of the declared length is counted whole, since it is taken whole. */
  #makeRoomForMore(): void {
    const slab = this.#declaredBytes === undefined ? undefined : this.#room.memory.take(this.#declaredBytes);
    if (slab === undefined) {
      this.#rest = [];
      return;
    }
    this.#first.copy(slab, 0);
    this.#hold(slab.length - this.#first.length);
    this.#first = emptyBody;
    this.#slab = slab;
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes;
    this.#room.budget.take(bytes);
  }

  #wait(): void {
    this.#isWaiting = true;
    this.#source.pause();
  }

  #refuse(): void {
    this.release();
    this.#finish("too_large");
  }

  // A client that is still writing must be listened to, or its system drops the answer together with the connection.
  #discard(bytes: number): void {
    this.#discardedBytes += bytes;
    if (this.#discardedBytes > this.#room.discardBytesMax) this.#source.destroy();
  }

  #finish(outcome: BodyOutcome): void {
    const settle = this.#settle;
    if (settle === undefined) return;
    this.#settle = undefined;
    this.#room.arriving.delete(this);
    this.#room.budget.leave(this);
    settle(outcome);
  }
}
