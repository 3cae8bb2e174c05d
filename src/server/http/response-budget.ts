import type { ServerLimits } from "./server-limits.ts";
import { peerKeyOf } from "./sub-budget.ts";

export type ResponseBudgetLimits = Pick<
  ServerLimits,
  "responseBytesInFlightMax" | "peerResponseBytesInFlightMax" | "responseBytesMin"
>;

/** Waits for memory for a response, or to be started at all. */
interface Waiter {
  readonly connection: ConnectionResponses;
  /** What its response may take; 0: the request is only to be started. */
  readonly bytesMax: number;
  resume(grantedBytes: number | undefined): void;
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
  heldBytes = 0;
  waitingCount = 0;

  constructor(budget: ResponseBudget, peer: Peer, bytesMax: number) {
    this.budget = budget;
    this.peer = peer;
    this.#bytesMax = bytesMax;
  }

  get isFull(): boolean {
    return this.heldBytes >= this.#bytesMax;
  }

  /** Whether a further request may be started. */
  get mayStart(): boolean {
    if (this.heldBytes === 0) return true;
    return this.waitingCount === 0 && !this.isFull && this.budget.freeFor(this) > 0;
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

  /** For one more connection of a peer, which may hold up to `bytesMax` before its further requests wait. */
  join(address: string, bytesMax: number): ConnectionResponses {
    const key = peerKeyOf(address);
    const peer = this.#peers.get(key) ?? { heldBytes: 0, connectionCount: 0 };
    this.#peers.set(key, peer);
    peer.connectionCount++;
    return new ConnectionResponses(this, peer, bytesMax);
  }

  /** The connection has closed; its responses may still be held. */
  leave(address: string, { peer }: ConnectionResponses): void {
    peer.connectionCount--;
    if (peer.connectionCount === 0) this.#peers.delete(peerKeyOf(address));
  }

  add(bytes: number): void {
    this.#heldBytes += bytes;
    if (bytes < 0 && this.#waiting.size > 0) this.#resumeSome();
  }

  freeFor({ peer }: ConnectionResponses): number {
    const { responseBytesInFlightMax, peerResponseBytesInFlightMax } = this.#limits;
    return Math.min(responseBytesInFlightMax - this.#heldBytes, peerResponseBytesInFlightMax - peer.heldBytes);
  }

  /** Whether it would get all of `bytesMax`. Where nothing is held, it does, however much that is. */
  isAmpleFor(connection: ConnectionResponses, bytesMax: number): boolean {
    const free = this.freeFor(connection);
    const isAmple = free >= this.#limits.responseBytesInFlightMax * amplePart && free >= bytesMax;
    return isAmple || this.#heldBytes === 0;
  }

  /** Bytes that are held for the connection from now on, up to `bytesMax`; undefined: it has to wait. */
  take(connection: ConnectionResponses, bytesMax: number): number | undefined {
    // Earlier requests of other peers wait for what those peers may hold.
    if (connection.isFull || connection.waitingCount > 0) return undefined;
    const bytes = this.#grantOf(connection, bytesMax);
    if (bytes < bytesMax) this.#wasShort = true;
    if (bytes === 0) return undefined;
    connection.add(bytes);
    return bytes;
  }

  /**
   * Resolves with the bytes that are held for the connection; with 0 for `bytesMax` 0, once it may start a further request.
   * Resolves with undefined when the signal aborts.
   */
  async wait(connection: ConnectionResponses, bytesMax: number, signal: AbortSignal): Promise<number | undefined> {
    if (signal.aborted) return undefined;
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const waiter: Waiter = { connection, bytesMax, resume: resolve };
    const cancel = (): void => this.#resume(waiter, undefined);
    this.#waiting.add(waiter);
    connection.waitingCount++;
    signal.addEventListener("abort", cancel, { once: true });
    const grantedBytes = await promise;
    signal.removeEventListener("abort", cancel);
    return grantedBytes;
  }

  /** Whether a response has waited or got less than it asked for since the last call. */
  takeShortage(): boolean {
    const wasShort = this.#wasShort || this.#waiting.size > 0;
    this.#wasShort = false;
    return wasShort;
  }

  /** 0: not enough for any response. */
  #grantOf(connection: ConnectionResponses, bytesMax: number): number {
    if (this.isAmpleFor(connection, bytesMax)) return bytesMax;
    const part = Math.floor(this.freeFor(connection) * shortPart);
    return part < this.#limits.responseBytesMin ? 0 : Math.min(bytesMax, part);
  }

  #resumeSome(): void {
    for (const waiter of this.#waiting) {
      const { connection, bytesMax } = waiter;
      if (bytesMax === 0) {
        if (connection.heldBytes === 0 || (!connection.isFull && this.freeFor(connection) > 0)) this.#resume(waiter, 0);
      } else if (!connection.isFull) {
        const bytes = this.#grantOf(connection, bytesMax);
        if (bytes > 0) this.#resume(waiter, bytes);
      }
    }
  }

  #resume(waiter: Waiter, grantedBytes: number | undefined): void {
    if (!this.#waiting.delete(waiter)) return;
    waiter.connection.waitingCount--;
    if (grantedBytes !== undefined && grantedBytes > 0) waiter.connection.add(grantedBytes);
    waiter.resume(grantedBytes);
  }
}
