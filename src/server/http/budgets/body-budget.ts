import type { ServerLimits } from "../server-limits.ts";
import { peerKeyOf, SubBudget, type WaitingBody } from "./sub-budget.ts";

export type BodyBudgetLimits = Pick<
  ServerLimits,
  | "requestBytesInFlightMax"
  | "peerRequestBytesInFlightMax"
  | "smallBodyBytesMax"
  | "smallBodyReserveBytes"
  | "unreadStreamBytesMax"
  | "sessionUnreadStreamBytesMax"
>;

/** Most of a budget or of a reserve that one peer gets, however small they are. */
const peerPartMax = 3 / 4;
/** Most of a budget that is kept for small bodies. */
const reservePartMax = 1 / 4;

/**
 * Bounds the memory of request bodies over all connections. A body reserves all that it may have before it is read, so that
 * no two bodies that are half received wait for each other; one for which there is no memory waits, and is resumed when
 * others have released theirs. Large bodies leave a reserve for small ones; a peer and a session have a share each. A body
 * that is larger than the budget or its share proceeds alone. The bound is `requestBytesInFlightMax` and one body.
 */
export class BodyBudget {
  readonly #limits: BodyBudgetLimits;
  readonly #reserveBytes: number;
  readonly #peers = new Map<string, SubBudget>();
  /** In the order in which they get freed memory. */
  readonly #waitingShares = new Set<SubBudget>();
  #waitingCount = 0;
  #bytes = 0;
  #smallBytes = 0;
  #unreadBytes = 0;
  /** A large body waits for what all hold: no later one overtakes it, or it could wait for ever. */
  #isLargeBlocked = false;

  constructor(limits: BodyBudgetLimits) {
    this.#limits = limits;
    this.#reserveBytes = Math.min(limits.smallBodyReserveBytes, limits.requestBytesInFlightMax * reservePartMax);
  }

  get bytesHeld(): number {
    return this.#bytes;
  }

  get waitingCount(): number {
    return this.#waitingCount;
  }

  /** The share of a peer, for one more connection of it. */
  join(address: string): SubBudget {
    const key = peerKeyOf(address);
    const { requestBytesInFlightMax, peerRequestBytesInFlightMax } = this.#limits;
    const bytesMax = Math.min(peerRequestBytesInFlightMax, requestBytesInFlightMax * peerPartMax);
    const share = this.#peers.get(key) ?? new SubBudget(bytesMax);
    this.#peers.set(key, share);
    share.connectionCount++;
    return share;
  }

  /** The connection has closed; its bodies may still be held. */
  leave(address: string, share: SubBudget): void {
    share.connectionCount--;
    if (share.connectionCount === 0) this.#peers.delete(peerKeyOf(address));
  }

  /** False: there is no memory for the body now. */
  reserve(share: SubBudget, bytes: number): boolean {
    const hasMemory = this.#isSmall(bytes)
      ? this.#hasForSmall(share, bytes)
      : !this.#isLargeBlocked && hasPartForLarge(share, bytes) && this.#hasForLarge(bytes);
    if (hasMemory) this.#add(share, bytes);
    return hasMemory;
  }

  /** Reserves the bytes as soon as there is memory, then resumes the body. */
  wait(share: SubBudget, body: WaitingBody, bytes: number): void {
    (this.#isSmall(bytes) ? share.waitingSmall : share.waitingLarge).set(body, bytes);
    this.#waitingShares.add(share);
    this.#waitingCount++;
  }

  /** The body is given up. Does nothing if it does not wait. */
  stopWaiting(share: SubBudget, body: WaitingBody): void {
    if (!share.waitingSmall.delete(body) && !share.waitingLarge.delete(body)) return;
    this.#waitingCount--;
    if (!share.isWaiting) this.#waitingShares.delete(share);
    this.#resumeSome();
  }

  release(share: SubBudget, bytes: number): void {
    this.#add(share, -bytes);
    if (this.#waitingCount > 0) this.#resumeSome();
  }

  /** Counts what a paused stream may receive; false: it is too much, and the stream has to be refused. */
  takeUnread(session: SubBudget, bytes: number): boolean {
    const { unreadStreamBytesMax, sessionUnreadStreamBytesMax } = this.#limits;
    if (this.#unreadBytes + bytes > unreadStreamBytesMax) return false;
    if (session.unreadBytes + bytes > sessionUnreadStreamBytesMax) return false;
    this.#unreadBytes += bytes;
    session.unreadBytes += bytes;
    return true;
  }

  releaseUnread(session: SubBudget, bytes: number): void {
    this.#unreadBytes -= bytes;
    session.unreadBytes -= bytes;
  }

  #isSmall(bytes: number): boolean {
    return Math.abs(bytes) <= this.#limits.smallBodyBytesMax;
  }

  #hasForSmall(share: SubBudget, bytes: number): boolean {
    if (this.#bytes + bytes <= this.#limits.requestBytesInFlightMax && hasPart(share, bytes)) return true;
    const { smallBytes } = share.parent ?? share;
    const reserve = this.#reserveBytes;
    return smallBytes === 0 || (this.#smallBytes + bytes <= reserve && smallBytes + bytes <= reserve * peerPartMax);
  }

  #hasForLarge(bytes: number): boolean {
    const isAlone = this.#bytes === this.#smallBytes;
    const unusedReserve = Math.max(0, this.#reserveBytes - this.#smallBytes);
    return isAlone || this.#bytes + bytes + unusedReserve <= this.#limits.requestBytesInFlightMax;
  }

  /** Negative bytes are those of a body that ends. */
  #add(share: SubBudget, bytes: number): void {
    const smallBytes = this.#isSmall(bytes) ? bytes : 0;
    this.#bytes += bytes;
    this.#smallBytes += smallBytes;
    for (let part: SubBudget | undefined = share; part !== undefined; part = part.parent) {
      part.bytes += bytes;
      part.smallBytes += smallBytes;
    }
  }

  /** Shares take turns. */
  #resumeSome(): void {
    this.#isLargeBlocked = false;
    for (const share of this.#waitingShares) {
      if (!this.#resumeNext(share)) continue;
      this.#waitingShares.delete(share);
      // At the end, so that it is visited again.
      if (share.isWaiting) this.#waitingShares.add(share);
    }
  }

  #resumeNext(share: SubBudget): boolean {
    const [small] = share.waitingSmall;
    if (small !== undefined && this.#hasForSmall(share, small[1])) {
      share.waitingSmall.delete(small[0]);
      this.#resume(share, small);
      return true;
    }
    const [large] = share.waitingLarge;
    if (large === undefined || this.#isLargeBlocked || !hasPartForLarge(share, large[1])) return false;
    this.#isLargeBlocked = !this.#hasForLarge(large[1]);
    if (this.#isLargeBlocked) return false;
    share.waitingLarge.delete(large[0]);
    this.#resume(share, large);
    return true;
  }

  #resume(share: SubBudget, [body, bytes]: readonly [WaitingBody, number]): void {
    this.#waitingCount--;
    this.#add(share, bytes);
    body.resume();
  }
}

function hasPart(share: SubBudget, bytes: number): boolean {
  for (let part: SubBudget | undefined = share; part !== undefined; part = part.parent) {
    if (part.bytes + bytes > part.bytesMax) return false;
  }
  return true;
}

/** A share without large bodies takes one, however large it is. */
function hasPartForLarge(share: SubBudget, bytes: number): boolean {
  for (let part: SubBudget | undefined = share; part !== undefined; part = part.parent) {
    if (part.bytes !== part.smallBytes && part.bytes + bytes > part.bytesMax) return false;
  }
  return true;
}
