import { connectionsEvicted } from "../../../telemetry/diagnostic-events.ts";
import type { ServerLimits } from "../server-limits.ts";

const kib = 1024;

/** What a connection takes, as measured: each over HTTP/1.1, and what TLS and HTTP/2 add. */
export const connectionBytes = { http1: 16 * kib, tls: 48 * kib, http2: 24 * kib } as const;
/** What a request takes besides its head. */
const requestBytes = 8 * kib;
/** Memory of heads is freed by the garbage collector: what is in use and what is no longer count alike. */
const garbageFactor = 2;
/** What each header takes besides its text. */
const headerBytes = 80;
/** A head of many short headers takes so many times its bytes. */
const incompleteHeadFactor = 5;

/** An open connection is closed for others only when it has not been used for so long. */
const unusedMsMin = 1_000;
/** The part of the limits that is freed at once, so that a flood does not look at all connections for each new one. */
const freedPart = 1 / 64;
/** Time to the next look for the same peer when nothing could be freed. */
const retryMs = 250;
/** Least time between two reports. */
const reportMs = 60_000;

/** The memory of a request from its head to its response: `characters` of names and values. */
export function requestMemory(headerCount: number, characters: number): number {
  return requestBytes + garbageFactor * (headerCount * headerBytes + characters);
}

/** The memory of an incomplete head that the parser of HTTP/1.1 holds. */
export function incompleteHeadMemory(bytesRead: number): number {
  return garbageFactor * incompleteHeadFactor * bytesRead;
}

/** A connection as the budget sees it. */
export interface BudgetedConnection {
  /** Its peer: see `peerKeyOf`. */
  readonly peerKey: string;
  /** Whether a complete request of it is being handled. */
  readonly isBusy: boolean;
  /** When it was accepted, or its last request ended. */
  readonly lastUsedMs: number;
  /** What it takes, its requests included. Written by the budget only; 0 once it has left. */
  memoryBytes: number;
  cut(): void;
}

type Limits = Pick<ServerLimits, "connectionCountMax" | "connectionBytesMax">;

/**
 * Bounds how many connections are open, and what they and their requests take besides bodies and responses. When a limit is
 * reached, the peer that takes most loses connections: those that no request uses, longest unused first. A peer cannot keep
 * others out in this way, and a client that is cut between two requests connects again.
 */
export class ConnectionBudget {
  readonly #limits: Limits;
  readonly #nowMs: () => number;
  readonly #connections = new Set<BudgetedConnection>();
  #bytes = 0;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  /** The peer of that look. One is enough: the heaviest is refused, and for any other one its connections are closed. */
  #retryPeerKey: string | undefined;
  #evictedCount = 0;
  #nextReportMs = Number.NEGATIVE_INFINITY;

  constructor(limits: Limits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  get bytesHeld(): number {
    return this.#bytes;
  }

  /** Takes in an accepted connection; false: it has to be refused. */
  enter(connection: BudgetedConnection): boolean {
    const isFull = this.#connections.size >= this.#limits.connectionCountMax;
    if ((isFull || this.#isOver(connectionBytes.http1)) && !this.#makeRoom(connection.peerKey, connectionBytes.http1)) {
      return false;
    }
    this.#connections.add(connection);
    connection.memoryBytes = connectionBytes.http1;
    this.#bytes += connectionBytes.http1;
    return true;
  }

  /** The connection has closed. May be repeated. */
  leave(connection: BudgetedConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.#bytes -= connection.memoryBytes;
    connection.memoryBytes = 0;
  }

  /** The connection takes more, or with a negative number less. */
  add(connection: BudgetedConnection, bytes: number): void {
    // It has left.
    if (connection.memoryBytes === 0) return;
    connection.memoryBytes += bytes;
    this.#bytes += bytes;
  }

  /** As `add()`, for a request that can be refused: false if there is no room for it. */
  admit(connection: BudgetedConnection, bytes: number): boolean {
    if (this.#isOver(bytes) && !this.#makeRoom(connection.peerKey, bytes)) return false;
    this.add(connection, bytes);
    return true;
  }

  /** Closes connections while they take more than the limit, for instance because of heads that are still incomplete. */
  enforce(): void {
    if (this.#isOver(0)) this.#makeRoom(undefined, 0);
  }

  #isOver(bytes: number): boolean {
    return this.#bytes + bytes > this.#limits.connectionBytesMax;
  }

  /** Whether there is room now for `bytes` of a peer; undefined: of none. */
  #makeRoom(peerKey: string | undefined, bytes: number): boolean {
    const nowMs = this.#nowMs();
    if (nowMs < this.#retryAtMs && peerKey === this.#retryPeerKey) return false;
    const heaviest = this.#heaviestPeer();
    const { connectionCountMax, connectionBytesMax } = this.#limits;
    const countMax = connectionCountMax - Math.max(1, Math.floor(connectionCountMax * freedPart));
    const bytesMax = connectionBytesMax * (1 - freedPart) - bytes;
    for (const victim of victimsOf(heaviest, { nowMs, mayBeBusy: peerKey !== heaviest.peerKey })) {
      if (this.#connections.size <= countMax && this.#bytes <= bytesMax) break;
      this.leave(victim);
      victim.cut();
      this.#evictedCount++;
    }
    this.#report(heaviest.peerKey, nowMs);
    const hasRoom = this.#connections.size < connectionCountMax && !this.#isOver(bytes);
    if (!hasRoom) {
      this.#retryAtMs = nowMs + retryMs;
      this.#retryPeerKey = peerKey;
    }
    return hasRoom;
  }

  #heaviestPeer(): HeavyPeer {
    const peers = new Map<string, HeavyPeer>();
    let heaviest: HeavyPeer = { peerKey: "", bytes: 0, connections: [] };
    for (const connection of this.#connections) {
      const { peerKey } = connection;
      const peer = peers.get(peerKey) ?? { peerKey, bytes: 0, connections: [] };
      peers.set(peerKey, peer);
      peer.bytes += connection.memoryBytes;
      peer.connections.push(connection);
      if (peer.bytes > heaviest.bytes) heaviest = peer;
    }
    return heaviest;
  }

  #report(peer: string, nowMs: number): void {
    if (this.#evictedCount === 0 || nowMs < this.#nextReportMs) return;
    connectionsEvicted.publish({ peer, count: this.#evictedCount });
    this.#evictedCount = 0;
    this.#nextReportMs = nowMs + reportMs;
  }
}

interface HeavyPeer {
  readonly peerKey: string;
  bytes: number;
  readonly connections: BudgetedConnection[];
}

/** In the order in which they are cut. Where another peer needs the room, those that handle a request come last, the largest first. */
function victimsOf(
  { connections }: HeavyPeer,
  { nowMs, mayBeBusy }: { readonly nowMs: number; readonly mayBeBusy: boolean },
): readonly BudgetedConnection[] {
  const unused = connections.filter(({ isBusy, lastUsedMs }) => !isBusy && nowMs - lastUsedMs >= unusedMsMin);
  unused.sort((one, other) => one.lastUsedMs - other.lastUsedMs);
  if (!mayBeBusy) return unused;
  const chosen = new Set(unused);
  const others = connections.filter((connection) => !chosen.has(connection));
  return [...unused, ...others.sort((one, other) => other.memoryBytes - one.memoryBytes)];
}
