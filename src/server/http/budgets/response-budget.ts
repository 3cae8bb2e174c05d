import type { ServerLimits } from "../server-limits.ts";
import { peerKeyOf } from "./sub-budget.ts";

export type ResponseBudgetLimits = Pick<
  ServerLimits,
  | "responseBytesInFlightMax"
  | "peerResponseBytesInFlightMax"
  | "responseBytesMin"
  | "smallResponseReserveBytes"
  | "responsesMadeAtOnceMax"
>;

export interface ResponseDemand {
  /** What the response may take; 0: the request is only to be started. */
  readonly bytesMax: number;
  /**
   * It is made as soon as memory is granted, and may turn out larger: one record is returned however large it is. Therefore
   * few are made at the same time. `endMaking()` follows.
   */
  readonly isMade?: boolean;
  /** A subscription asks, which waits beside the other requests of its connection. */
  readonly isPush?: boolean;
}

/** Waits for memory for a response, or to be started at all. */
interface Waiter {
  readonly connection: ConnectionResponses;
  readonly demand: ResponseDemand;
  resume(grantedBytes: number | undefined): void;
}

export interface ConnectionLimits {
  /** Bytes that it may hold before its further requests wait. */
  readonly bytesMax: number;
  /** Requests of it that are handled, or whose responses wait behind others, before its further requests wait. */
  readonly startedCountMax: number;
}

/** The connections of one peer, which share a bound. */
interface Peer {
  heldBytes: number;
  connectionCount: number;
}

/** While less than this part is free, a response gets `shortPart` of what is free. */
const amplePart = 3 / 8;
const shortPart = 1 / 8;

/** Responses of one connection that are being made, or of which the system does not have the last byte yet. */
export class ConnectionResponses {
  readonly budget: ResponseBudget;
  readonly peer: Peer;
  readonly #bytesMax: number;
  readonly #startedCountMax: number;
  heldBytes = 0;
  waitingCount = 0;
  /** Requests that wait to be started. */
  waitingStartCount = 0;
  /** Requests that were started and have not ended. */
  #startedCount = 0;

  constructor(budget: ResponseBudget, peer: Peer, { bytesMax, startedCountMax }: ConnectionLimits) {
    this.budget = budget;
    this.peer = peer;
    this.#bytesMax = bytesMax;
    this.#startedCountMax = startedCountMax;
  }

  get isFull(): boolean {
    return this.heldBytes >= this.#bytesMax;
  }

  /** Whether a further request may be started. */
  get mayStart(): boolean {
    if (this.waitingStartCount > 0 || !this.mayStartNext) return false;
    return this.heldBytes === 0 || this.waitingCount === 0;
  }

  /** Whether the first of those that wait may be started. */
  get mayStartNext(): boolean {
    if (this.#startedCount >= this.#startedCountMax) return false;
    return this.heldBytes === 0 || (!this.isFull && this.budget.freeFor(this) > 0);
  }

  /** A request is started; `endRequest()` follows. */
  startRequest(): void {
    this.#startedCount++;
  }

  endRequest(): void {
    this.#startedCount--;
    if (this.waitingStartCount > 0) this.budget.resumeSome();
  }

  /** More, or with a negative count fewer, bytes are held. */
  add(bytes: number): void {
    this.heldBytes += bytes;
    this.peer.heldBytes += bytes;
    this.budget.add(bytes);
  }
}

/**
 * Bounds the memory of responses over all connections, and of those of one peer. A response that may be large is granted
 * memory before it is made: all that it asks for while there is plenty, a part of what is free when memory is short, so that
 * many responses that are not read leave something to others. It waits when that part is too small. Every other response
 * counts once it has been made, and no further request of its connection is started while the budget is full.
 */
export class ResponseBudget {
  readonly #limits: ResponseBudgetLimits;
  readonly #peers = new Map<string, Peer>();
  /** In the order of arrival. */
  readonly #waiting = new Set<Waiter>();
  #heldBytes = 0;
  #makingCount = 0;
  #wasShort = false;

  constructor(limits: ResponseBudgetLimits) {
    this.#limits = limits;
  }

  get bytesHeld(): number {
    return this.#heldBytes;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** For one more connection of a peer. */
  join(address: string, limits: ConnectionLimits): ConnectionResponses {
    const key = peerKeyOf(address);
    const peer = this.#peers.get(key) ?? { heldBytes: 0, connectionCount: 0 };
    this.#peers.set(key, peer);
    peer.connectionCount++;
    return new ConnectionResponses(this, peer, limits);
  }

  /** The connection has closed; its responses may still be held. */
  leave(address: string, { peer }: ConnectionResponses): void {
    peer.connectionCount--;
    if (peer.connectionCount === 0) this.#peers.delete(peerKeyOf(address));
  }

  add(bytes: number): void {
    this.#heldBytes += bytes;
    if (bytes < 0 && this.#waiting.size > 0) this.resumeSome();
  }

  freeFor({ peer }: ConnectionResponses): number {
    const { responseBytesInFlightMax, peerResponseBytesInFlightMax } = this.#limits;
    return Math.min(responseBytesInFlightMax - this.#heldBytes, peerResponseBytesInFlightMax - peer.heldBytes);
  }

  /** Whether it would get all of `bytesMax` at once. Where nothing is held, it does, however much that is. */
  isAmpleFor(connection: ConnectionResponses, bytesMax: number): boolean {
    return this.#mayMake && this.#isAmple(connection, bytesMax);
  }

  /** Bytes that are held for the connection from now on, up to `bytesMax`; undefined: it has to wait. */
  take(connection: ConnectionResponses, demand: ResponseDemand): number | undefined {
    const { bytesMax, isMade = false, isPush = false } = demand;
    // Earlier requests of other peers wait for what those peers may hold.
    if (connection.isFull || (connection.waitingCount > 0 && !isPush)) return undefined;
    if (isMade && !this.#mayMake) return undefined;
    const bytes = this.#grantOf(connection, bytesMax);
    if (bytes < bytesMax) this.#wasShort = true;
    if (bytes === 0) return undefined;
    if (isMade) this.#makingCount++;
    connection.add(bytes);
    return bytes;
  }

  /**
   * Resolves with the bytes that are held for the connection; with 0 for `bytesMax` 0, when its next request is started.
   * Resolves with undefined when the signal aborts.
   */
  async wait(
    connection: ConnectionResponses,
    demand: ResponseDemand,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    if (signal.aborted) return undefined;
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const waiter: Waiter = { connection, demand, resume: resolve };
    const cancel = (): void => this.#resume(waiter, undefined);
    this.#waiting.add(waiter);
    this.#countWaiting(waiter, 1);
    signal.addEventListener("abort", cancel, { once: true });
    const grantedBytes = await promise;
    signal.removeEventListener("abort", cancel);
    return grantedBytes;
  }

  /** A response whose demand said `isMade` has been made, and what it holds is known. */
  endMaking(): void {
    this.#makingCount--;
    if (this.#waiting.size > 0) this.resumeSome();
  }

  /** Whether a response waits for memory. */
  get isShort(): boolean {
    return this.#waiting.values().some((waiter) => !this.#hasMemoryFor(waiter));
  }

  /** Whether a response has waited for memory or got less than it asked for since the last call. */
  takeShortage(): boolean {
    const wasShort = this.#wasShort || this.isShort;
    this.#wasShort = false;
    return wasShort;
  }

  get #mayMake(): boolean {
    return this.#makingCount < this.#limits.responsesMadeAtOnceMax;
  }

  #isAmple(connection: ConnectionResponses, bytesMax: number): boolean {
    const free = this.freeFor(connection);
    const isAmple = free >= this.#limits.responseBytesInFlightMax * amplePart && free >= bytesMax;
    return isAmple || this.#heldBytes === 0;
  }

  /** 0: not enough for any response. */
  #grantOf(connection: ConnectionResponses, bytesMax: number): number {
    const { responseBytesMin, smallResponseReserveBytes } = this.#limits;
    if (this.#isAmple(connection, bytesMax)) return bytesMax;
    const free = this.freeFor(connection);
    if (bytesMax < responseBytesMin) return free >= bytesMax ? bytesMax : 0;
    const part = Math.floor((free - smallResponseReserveBytes) * shortPart);
    return part < responseBytesMin ? 0 : Math.min(bytesMax, part);
  }

  #hasMemoryFor({ connection, demand: { bytesMax } }: Waiter): boolean {
    if (bytesMax === 0) return connection.mayStartNext;
    return !connection.isFull && this.#grantOf(connection, bytesMax) > 0;
  }

  /** Resumes all that need not wait any more. */
  resumeSome(): void {
    for (const waiter of this.#waiting) {
      const { connection, demand } = waiter;
      if ((demand.isMade === true && !this.#mayMake) || !this.#hasMemoryFor(waiter)) continue;
      this.#resume(waiter, demand.bytesMax === 0 ? 0 : this.#grantOf(connection, demand.bytesMax));
    }
  }

  #resume(waiter: Waiter, grantedBytes: number | undefined): void {
    if (!this.#waiting.delete(waiter)) return;
    const { connection, demand } = waiter;
    this.#countWaiting(waiter, -1);
    if (grantedBytes === 0) connection.startRequest();
    if (grantedBytes !== undefined && grantedBytes > 0) {
      if (demand.isMade === true) this.#makingCount++;
      connection.add(grantedBytes);
    }
    waiter.resume(grantedBytes);
  }

  #countWaiting({ connection, demand }: Waiter, count: 1 | -1): void {
    if (demand.bytesMax === 0) connection.waitingStartCount += count;
    else if (demand.isPush !== true) connection.waitingCount += count;
  }
}
