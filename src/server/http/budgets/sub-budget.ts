/** A body that waits for memory. `resume` is called once, when its bytes have been reserved. */
export interface WaitingBody {
  resume(): void;
}

/** The bodies of one peer, or of one HTTP/2 session of a peer, which share a bound. */
export class SubBudget {
  readonly bytesMax: number;
  /** The peer's, of a session. */
  readonly parent: SubBudget | undefined;
  /** Reserved by all bodies, and by small ones alone. */
  bytes = 0;
  smallBytes = 0;
  /** What paused streams may have received beyond their reservations. */
  unreadBytes = 0;
  connectionCount = 0;
  /** The bytes that each waits for, in the order of arrival. */
  readonly waitingSmall = new Map<WaitingBody, number>();
  readonly waitingLarge = new Map<WaitingBody, number>();

  constructor(bytesMax: number, parent?: SubBudget) {
    this.bytesMax = bytesMax;
    this.parent = parent;
  }

  get isWaiting(): boolean {
    return this.waitingSmall.size > 0 || this.waitingLarge.size > 0;
  }
}

/** The address of an IPv4 peer, the /64 network of an IPv6 peer: a host has as many addresses of it as it likes. */
export function peerKeyOf(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [before = "", after] = address.split("::");
  const leading = before === "" ? [] : before.split(":");
  const trailing = after === undefined || after === "" ? [] : after.split(":");
  const zeros = after === undefined ? 0 : 8 - leading.length - trailing.length;
  return [...leading, ...Array<string>(Math.max(0, zeros)).fill("0"), ...trailing].slice(0, 4).join(":");
}
