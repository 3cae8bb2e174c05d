import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Peer } from "../../auth/policy-context.ts";
import type { HttpExchange } from "./http-exchange.ts";
import { SwapRemoveSet } from "./swap-remove-set.ts";

export type ConnectionPhase = "sniffing" | "handshaking" | "http1" | "http2";

/** One accepted socket and what goes on over it. */
export class Connection {
  readonly socket: Socket;
  /** What HTTP is spoken over: the socket itself, or the TLS on top of it. */
  carrier: Socket;
  readonly exchanges = new SwapRemoveSet<HttpExchange>();
  phase: ConnectionPhase = "sniffing";
  /** When the phase began, or the last exchange ended. */
  sinceMs: number;
  /** Whether any request has come over it. */
  hasServed = false;
  session: ServerHttp2Session | undefined;
  isClosing = false;
  /** What had been read when the sweep last looked. */
  #bytesSeen = 0;
  #peer: Peer | undefined;

  constructor(socket: Socket, nowMs: number) {
    this.socket = socket;
    this.carrier = socket;
    this.sinceMs = nowMs;
  }

  /** As it was when the first request came: a socket that is closed has forgotten it. */
  get peer(): Peer {
    this.#peer ??= { address: this.socket.remoteAddress ?? "", isEncrypted: this.carrier !== this.socket };
    return this.#peer;
  }

  enter(phase: ConnectionPhase, nowMs: number): void {
    this.phase = phase;
    this.sinceMs = nowMs;
  }

  begin(exchange: HttpExchange): void {
    this.hasServed = true;
    this.exchanges.add(exchange);
  }

  finish(exchange: HttpExchange, nowMs: number): void {
    this.exchanges.delete(exchange);
    this.sinceMs = nowMs;
  }

  /** Between two requests: all that was asked for has been answered, and the system has the last byte. */
  get isIdle(): boolean {
    return this.exchanges.size === 0 && this.carrier.writableLength === 0;
  }

  /** Whether anything has been read since the last call. */
  takeGrowth(): boolean {
    const { bytesRead } = this.socket;
    const hasGrown = bytesRead !== this.#bytesSeen;
    this.#bytesSeen = bytesRead;
    return hasGrown;
  }

  /** The socket is closed. */
  leave(): void {
    for (const exchange of this.exchanges.all()) exchange.end("the client closed the connection");
  }

  /** Lets what was answered reach the client, takes no more. */
  closeSoon(): void {
    if (this.isClosing) return;
    this.isClosing = true;
    if (this.session !== undefined && !this.session.destroyed) this.session.close();
    else this.carrier.destroySoon();
  }
}
