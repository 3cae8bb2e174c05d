import assert from "node:assert/strict";
import type { Readable } from "node:stream";
import { type Lease, messageBuffers } from "../../memory/buffer-pool.ts";
import { freeBuffer } from "../../platform/free-buffer.ts";
import type { BodyBudget } from "./budgets/body-budget.ts";
import type { SubBudget, WaitingBody } from "./budgets/sub-budget.ts";
import type { BodyAdmitter, RequestHead, WireResponse } from "./http-message.ts";
import type { SetMember, SwapRemoveSet } from "./swap-remove-set.ts";
import type { WasmBodyMemory } from "./wasm-body-memory.ts";

export const emptyBody = Buffer.alloc(0);

/** `refused`: `refusal` is the response. `full`: no memory is left for the stream. `aborted`: the connection ended before the last byte. */
export type BodyOutcome = "whole" | "too_large" | "refused" | "full" | "aborted";

export interface BodyReaderContext {
  readonly budget: BodyBudget;
  readonly memory: WasmBodyMemory;
  /** The bodies that are being received, refused ones included; `enforceTimeouts` limits their time. */
  readonly receiving: SwapRemoveSet<BodyReader>;
  readonly admitBody: BodyAdmitter;
  readonly smallBodyBytesMax: number;
  readonly requestBytesMax: number;
  readonly discardBytesMax: number;
}

/** Collects the body of one request within the budget of all of them. Its owner calls `release()` at the end. */
export class BodyReader implements WaitingBody, SetMember {
  index = -1;
  readonly startedMs: number;
  /** The last check of the timeouts at which bytes had come. */
  progressMs: number;
  readonly #source: Readable;
  readonly #declaredBytes: number | undefined;
  readonly #ownsChunks: boolean;
  readonly #bodies: BodyReaderContext;
  readonly #head: RequestHead;
  readonly #share: SubBudget;
  readonly #streamWindowBytes: number | undefined;
  readonly #onWanted: () => void;
  #isWanted = false;
  #bytesMax: number;
  #isAdmitted = false;
  #refusal: WireResponse | undefined;
  #settle: ((outcome: BodyOutcome) => void) | undefined;
  #first: Buffer = emptyBody;
  #rest: Buffer[] | undefined;
  /** The memory that chunks are copied to: as they come, or at the end. */
  #lease: Lease | undefined;
  #receivedBytes = 0;
  #reservedBytes = 0;
  /** What it waits for. */
  #wantedBytes = 0;
  #unreadBytes = 0;
  #rateSinceMs: number;
  #rateBytes = 0;
  #bytesPerSecond: number | undefined;
  #discardedBytes = 0;
  #hasProgressed = true;
  #isWaiting = false;

  constructor(
    source: Readable,
    declaredBytes: number | undefined,
    options: {
      readonly bodies: BodyReaderContext;
      readonly head: RequestHead;
      readonly share: SubBudget;
      /** Over HTTP/2: what a paused stream may receive. */
      readonly streamWindowBytes?: number;
      readonly nowMs: number;
      /** Whether no chunk shares its memory with another. */
      readonly ownsChunks: boolean;
      /** Called at most once, when the head has not refused the body and there is memory for it. */
      readonly onWanted: () => void;
    },
  ) {
    this.#source = source;
    this.#declaredBytes = declaredBytes;
    this.#ownsChunks = options.ownsChunks;
    this.#bodies = options.bodies;
    this.#head = options.head;
    this.#share = options.share;
    this.#streamWindowBytes = options.streamWindowBytes;
    this.#onWanted = options.onWanted;
    this.#rateSinceMs = options.nowMs;
    this.#bytesMax = options.bodies.requestBytesMax;
    this.startedMs = options.nowMs;
    this.progressMs = options.nowMs;
  }

  read(): Promise<BodyOutcome> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#bodies.receiving.add(this);
      const source = this.#source;
      source.on("error", () => this.#end("aborted"));
      source.on("close", () => this.#end("aborted"));
      source.on("end", () => this.#end("whole"));
      // One without a length reserves what a small one has, and all that it may have once it is larger.
      if (this.#isAllowed(this.#declaredBytes ?? 0)) {
        this.#reserve(this.#declaredBytes ?? Math.min(this.#bodies.smallBodyBytesMax, this.#bytesMax));
      }
      source.on("data", (chunk: Buffer) => this.#collect(chunk));
    });
  }

  /** The complete body; not a copy if it came in one chunk. */
  takeBytes(): Buffer {
    if (this.#rest === undefined) return this.#lease?.bytes.subarray(0, this.#receivedBytes) ?? this.#first;
    const lease = messageBuffers.take(this.#receivedBytes);
    const whole = lease.bytes;
    let end = this.#first.copy(whole);
    for (const chunk of this.#rest) end += chunk.copy(whole, end);
    this.#lease = lease;
    this.#first = emptyBody;
    this.#rest = undefined;
    return whole.subarray(0, end);
  }

  /** Whether `onWanted` has been called. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** The response of a refused body. */
  get refusal(): WireResponse {
    assert(this.#refusal !== undefined, "a refused body has a response");
    return this.#refusal;
  }

  get isWaitingForBudget(): boolean {
    return this.#isWaiting;
  }

  /**
   * Bytes a second in the last whole window; undefined before the first, and where the client is not what is waited for.
   * @param lateMs time since the last call that does not count
   */
  takeRate(
    nowMs: number,
    { windowMs, lateMs }: { readonly windowMs: number; readonly lateMs: number },
  ): number | undefined {
    this.#rateSinceMs = Math.min(nowMs, this.#rateSinceMs + lateMs);
    const elapsedMs = nowMs - this.#rateSinceMs;
    const isReading = this.#reservedBytes > 0 && !this.#isWaiting;
    if (isReading && elapsedMs < windowMs) return this.#bytesPerSecond;
    this.#bytesPerSecond = isReading ? (this.#rateBytes * 1000) / elapsedMs : undefined;
    this.#rateSinceMs = nowMs;
    this.#rateBytes = 0;
    return this.#bytesPerSecond;
  }

  /** Whether bytes have come since the last call. */
  takeProgress(): boolean {
    const hasProgressed = this.#hasProgressed;
    this.#hasProgressed = false;
    return hasProgressed;
  }

  /** Its bytes have been reserved. */
  resume(): void {
    const reservedBefore = this.#reservedBytes;
    this.#reservedBytes = this.#wantedBytes;
    this.#stopWaiting();
    if (reservedBefore > 0) this.#bodies.budget.release(this.#share, reservedBefore);
    this.#hasProgressed = true;
    this.#ask();
    this.#source.resume();
  }

  /** Ends the connection. */
  cut(): void {
    this.#end("aborted");
    this.#source.destroy();
  }

  /** Ends a body that is incomplete, and gives back what it has reserved. */
  abort(): void {
    this.#end("aborted");
  }

  /** Called once, when the result of `takeBytes()` is no longer used. */
  release(): void {
    this.#drop();
  }

  #drop(): void {
    this.#lease?.[Symbol.dispose]();
    this.#lease = undefined;
    this.#first = emptyBody;
    this.#rest = undefined;
    if (this.#isWaiting) {
      this.#stopWaiting();
      this.#bodies.budget.stopWaiting(this.#share, this);
    }
    const reservedBytes = this.#reservedBytes;
    this.#reservedBytes = 0;
    if (reservedBytes > 0) this.#bodies.budget.release(this.#share, reservedBytes);
  }

  #collect(chunk: Buffer): void {
    if (this.#settle === undefined) {
      this.#discard(chunk);
      return;
    }
    this.#hasProgressed = true;
    this.#receivedBytes += chunk.length;
    if (!this.#isAllowed(this.#receivedBytes)) return;
    this.#rateBytes += chunk.length;
    this.#keep(chunk);
    if (this.#receivedBytes > this.#reservedBytes && !this.#isWaiting) this.#reserve(this.#bytesMax);
  }

  #reserve(bytes: number): void {
    const { budget } = this.#bodies;
    const reservedBefore = this.#reservedBytes;
    if (budget.reserve(this.#share, bytes)) {
      this.#reservedBytes = bytes;
      if (reservedBefore > 0) budget.release(this.#share, reservedBefore);
      this.#ask();
      return;
    }
    if (this.#streamWindowBytes !== undefined) {
      const unreadBytes = Math.min(bytes, this.#streamWindowBytes);
      if (!budget.takeUnread(this.#share, unreadBytes)) {
        this.#refuse("full");
        return;
      }
      this.#unreadBytes = unreadBytes;
    }
    this.#wantedBytes = bytes;
    this.#isWaiting = true;
    this.#source.pause();
    budget.wait(this.#share, this, bytes);
  }

  /** For the body, if that has not been done. */
  #ask(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#onWanted();
  }

  #stopWaiting(): void {
    this.#isWaiting = false;
    if (this.#unreadBytes > 0) this.#bodies.budget.releaseUnread(this.#share, this.#unreadBytes);
    this.#unreadBytes = 0;
  }

  #keep(chunk: Buffer): void {
    const declared = this.#declaredBytes;
    const isFirst = this.#receivedBytes === chunk.length;
    if (isFirst && declared !== undefined && chunk.length < declared) this.#lease = this.#bodies.memory.take(declared);
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

  /** Whether the body may have so many bytes. If not, the outcome is settled. */
  #isAllowed(bytes: number): boolean {
    if (bytes <= this.#bodies.smallBodyBytesMax && bytes <= this.#bytesMax) return true;
    if (bytes > this.#bytesMax) return this.#refuse("too_large");
    if (this.#isAdmitted) return true;
    const admission = this.#bodies.admitBody(this.#head);
    this.#isAdmitted = true;
    if ("response" in admission) {
      this.#refusal = admission.response;
      return this.#refuse("refused");
    }
    this.#bytesMax = Math.min(this.#bytesMax, admission.bytesMax);
    return bytes <= this.#bytesMax || this.#refuse("too_large");
  }

  // It stays in `receiving`: a refused body has time limits too.
  #refuse(outcome: "too_large" | "refused" | "full"): false {
    this.#drop();
    this.#finish(outcome);
    return false;
  }

  /** To what has come of a body that did not say its length. */
  #shrinkReservation(): void {
    const bytes = this.#receivedBytes;
    const reservedBefore = this.#reservedBytes;
    if (bytes >= reservedBefore || !this.#bodies.budget.reserve(this.#share, bytes)) return;
    this.#reservedBytes = bytes;
    this.#bodies.budget.release(this.#share, reservedBefore);
  }

  // A client that still writes must be read, or its system drops the response together with the connection.
  #discard(chunk: Buffer): void {
    this.#hasProgressed = true;
    this.#discardedBytes += chunk.length;
    if (this.#ownsChunks) freeBuffer(chunk);
    if (this.#discardedBytes > this.#bodies.discardBytesMax) this.#source.destroy();
  }

  #end(outcome: BodyOutcome): void {
    this.#bodies.receiving.delete(this);
    this.#finish(outcome);
  }

  #finish(outcome: BodyOutcome): void {
    const settle = this.#settle;
    if (settle === undefined) return;
    this.#settle = undefined;
    if (outcome !== "whole") this.#drop();
    else if (this.#declaredBytes === undefined) this.#shrinkReservation();
    settle(outcome);
  }
}
