import assert from "node:assert/strict";
import type { Readable } from "node:stream";
import { type Lease, requestBuffers } from "../../memory/buffer-pool.ts";
import { freeBuffer } from "../../platform/free-buffer.ts";
import type { BodyBudget, BudgetWaiter } from "./body-budget.ts";
import type { BodyMemory } from "./body-memory.ts";
import type { SetMember, SwapRemoveSet } from "./swap-remove-set.ts";

export const emptyBody = Buffer.alloc(0);

/** `gone`: the client left, or was cut off, before its last byte. */
export type BodyOutcome = "whole" | "too_large" | "gone";

export interface BodyReaderContext {
  readonly budget: BodyBudget;
  readonly memory: BodyMemory;
  /** The bodies that are on their way, wanted or not; the sweep looks at their times. */
  readonly arriving: SwapRemoveSet<BodyReader>;
  readonly requestBytesMax: number;
  readonly discardBytesMax: number;
}

/** Collects one request's body within the budget of all of them. Whoever made it calls `release()` in the end. */
export class BodyReader implements BudgetWaiter, SetMember {
  place = -1;
  readonly startedMs: number;
  /** When the sweep last saw the body grow. */
  progressMs: number;
  readonly #source: Readable;
  readonly #declaredBytes: number | undefined;
  readonly #ownsChunks: boolean;
  readonly #room: BodyReaderContext;
  #settle: ((outcome: BodyOutcome) => void) | undefined;
  #first: Buffer = emptyBody;
  #rest: Buffer[] | undefined;
  /** The memory that chunks are copied to: as they come, or in the end. */
  #lease: Lease | undefined;
  #receivedBytes = 0;
  #heldBytes = 0;
  #discardedBytes = 0;
  #hasGrown = true;
  #isWaiting = false;
  #isWhole = false;

  constructor(
    source: Readable,
    declaredBytes: number | undefined,
    options: {
      readonly room: BodyReaderContext;
      readonly nowMs: number;
      /** Whether each chunk is alone in its memory. */
      readonly ownsChunks: boolean;
    },
  ) {
    this.#source = source;
    this.#declaredBytes = declaredBytes;
    this.#ownsChunks = options.ownsChunks;
    this.#room = options.room;
    this.startedMs = options.nowMs;
    this.progressMs = options.nowMs;
  }

  read(): Promise<BodyOutcome> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#room.arriving.add(this);
      const source = this.#source;
      source.on("error", () => this.#end("gone"));
      source.on("close", () => this.#end("gone"));
      source.on("end", () => this.#end("whole"));
      if ((this.#declaredBytes ?? 0) > this.#room.requestBytesMax) this.#refuse();
      else if (!this.#room.budget.mayRead(this)) this.#wait();
      source.on("data", (chunk: Buffer) => this.#collect(chunk));
    });
  }

  /** The whole body; without a copy if it came in one piece. */
  takeBytes(): Buffer {
    if (this.#rest === undefined) return this.#lease?.bytes.subarray(0, this.#receivedBytes) ?? this.#first;
    const lease = requestBuffers.take(this.#receivedBytes);
    const whole = lease.bytes;
    let end = this.#first.copy(whole);
    for (const chunk of this.#rest) end += chunk.copy(whole, end);
    this.#lease = lease;
    this.#first = emptyBody;
    this.#rest = undefined;
    return whole.subarray(0, end);
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
    this.#end("gone");
    this.#source.destroy();
  }

  /** Nothing refers to what `takeBytes()` gave any more. May be called again. */
  release(): void {
    this.#lease?.[Symbol.dispose]();
    this.#lease = undefined;
    this.#first = emptyBody;
    this.#rest = undefined;
    const heldBytes = this.#heldBytes;
    const wasWhole = this.#isWhole;
    this.#heldBytes = 0;
    this.#isWhole = false;
    if (heldBytes > 0 || wasWhole) this.#room.budget.release(heldBytes, { wasWhole });
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
    this.#heldBytes += chunk.length;
    this.#room.budget.take(chunk.length);
    this.#keep(chunk);
    const isComplete = this.#receivedBytes === this.#declaredBytes;
    if (!isComplete && !this.#room.budget.mayRead(this)) this.#wait();
  }

  #keep(chunk: Buffer): void {
    const declared = this.#declaredBytes;
    const isFirst = this.#receivedBytes === chunk.length;
    if (isFirst && declared !== undefined && chunk.length < declared) this.#lease = this.#room.memory.take(declared);
    if (this.#lease !== undefined) {
      const { bytes } = this.#lease;
      // The parsers of both HTTP versions let no more bytes through than were declared.
      assert(this.#receivedBytes <= bytes.length, "a body is as long as it says");
      chunk.copy(bytes, this.#receivedBytes - chunk.length);
      if (this.#ownsChunks) freeBuffer(chunk);
    } else if (isFirst) this.#first = chunk;
    else if (this.#rest === undefined) this.#rest = [chunk];
    else this.#rest.push(chunk);
  }

  #wait(): void {
    this.#isWaiting = true;
    this.#source.pause();
  }

  // It stays among the arriving ones: what is discarded must end in time as well.
  #refuse(): void {
    this.release();
    this.#finish("too_large");
  }

  // A client that is still writing must be listened to, or its system drops the answer together with the connection.
  #discard(bytes: number): void {
    this.#hasGrown = true;
    this.#discardedBytes += bytes;
    if (this.#discardedBytes > this.#room.discardBytesMax) this.#source.destroy();
  }

  #end(outcome: BodyOutcome): void {
    this.#room.arriving.delete(this);
    this.#finish(outcome);
  }

  #finish(outcome: BodyOutcome): void {
    const settle = this.#settle;
    if (settle === undefined) return;
    this.#settle = undefined;
    this.#isWhole = outcome === "whole";
    if (this.#isWhole) this.#room.budget.becomeWhole(this);
    else this.#room.budget.giveUp(this);
    settle(outcome);
  }
}
