import type { ServerResponse } from "node:http";
import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { ClientEndpoint } from "../../auth/policy-context.ts";
import { connectionCut } from "../../telemetry/diagnostic-events.ts";
import type { BodyBudget } from "./budgets/body-budget.ts";
import { type BudgetedConnection, connectionBytes, incompleteHeadMemory } from "./budgets/connection-budget.ts";
import type { ConnectionResponses } from "./budgets/response-budget.ts";
import { peerKeyOf, SubBudget } from "./budgets/sub-budget.ts";
import type { HttpExchange } from "./http-exchange.ts";
import type { Http1FastPath } from "./http1-fast-path.ts";
import type { ServerContext } from "./server-context.ts";
import type { ServerLimits } from "./server-limits.ts";
import { SwapRemoveSet } from "./swap-remove-set.ts";

export type ConnectionPhase = "detecting" | "handshaking" | "http1" | "http2";

/** One accepted socket and its exchanges. */
export class ConnectionState implements BudgetedConnection {
  readonly socket: Socket;
  /** What HTTP is spoken over: the socket, or the TLS socket on top of it. */
  transport: Socket;
  readonly exchanges = new SwapRemoveSet<HttpExchange>();
  phase: ConnectionPhase = "detecting";
  /** When the phase began, or the last exchange ended. */
  sinceMs: number;
  lastUsedMs: number;
  readonly peerKey: string;
  memoryBytes = 0;
  /** Whether any request has come over it. */
  hasServed = false;
  session: ServerHttp2Session | undefined;
  isClosing = false;
  /** Serves the connection until it is handed to node:http. */
  fastPath: Http1FastPath | undefined;
  /** Over HTTP/1.1: the response to the last request that was parsed. */
  lastResponse: ServerResponse | undefined;
  /** Over HTTP/1.1: no further request is started; the connection closes after `lastResponse`. */
  isEnding = false;
  /** `socket.bytesRead` at the last check of the timeouts. */
  #bytesSeen = 0;
  #closing: AbortController | undefined;
  /** `socket.bytesRead` when the last exchange over node:http ended. */
  #bytesBefore = 0;
  /** What the budget has for a head that node:http has in part. */
  #incompleteHeadBytes = 0;
  /** What the budget has for bytes that wait in the socket to be parsed. */
  #unreadBytes = 0;
  #peer: ClientEndpoint | undefined;
  #share: SubBudget | undefined;
  #peerShare: SubBudget | undefined;
  #responses: ConnectionResponses | undefined;
  readonly #context: ServerContext;

  constructor(socket: Socket, context: ServerContext) {
    this.#context = context;
    this.socket = socket;
    this.transport = socket;
    this.sinceMs = context.clock.monotonicMs();
    this.lastUsedMs = this.sinceMs;
    this.peerKey = peerKeyOf(socket.remoteAddress ?? "");
  }

  /** Read at the first request, because a closed socket has no remote address. */
  get peer(): ClientEndpoint {
    this.#peer ??= { address: this.socket.remoteAddress ?? "", isEncrypted: this.transport !== this.socket };
    return this.#peer;
  }

  /** The share of its bodies: the peer's, or the session's. */
  bodyShare({ budget, limits }: { readonly budget: BodyBudget; readonly limits: ServerLimits }): SubBudget {
    if (this.#share !== undefined) return this.#share;
    this.#peerShare = budget.join(this.peer.address);
    this.#share =
      this.session === undefined
        ? this.#peerShare
        : new SubBudget(limits.sessionRequestBytesInFlightMax, this.#peerShare);
    return this.#share;
  }

  /** Made at the first request, when the version of HTTP is known. */
  get responses(): ConnectionResponses {
    if (this.#responses !== undefined) return this.#responses;
    const { responses, limits } = this.#context;
    const own =
      this.session === undefined
        ? { bytesMax: limits.pipelinedResponseBytesMax, startedCountMax: limits.pipelinedStartedCountMax }
        : { bytesMax: limits.sessionResponseBytesMax, startedCountMax: Number.POSITIVE_INFINITY };
    this.#responses = responses.join(this.peer.address, own);
    return this.#responses;
  }

  /** Aborts when the socket has closed; a client that has closed its half still gets its responses. */
  get closed(): AbortSignal {
    this.#closing ??= new AbortController();
    return this.#closing.signal;
  }

  /** The socket has closed. */
  leaveBudgets(): void {
    this.#closing?.abort();
    const { bodies, responses } = this.#context;
    if (this.#peerShare !== undefined) bodies.budget.leave(this.peer.address, this.#peerShare);
    if (this.#responses !== undefined) responses.leave(this.peer.address, this.#responses);
    this.#context.connectionBudget.leave(this);
    this.#peerShare = undefined;
  }

  enter(phase: ConnectionPhase, nowMs: number): void {
    this.phase = phase;
    if (phase === "handshaking") this.#context.connectionBudget.add(this, connectionBytes.tls);
    if (phase === "http2") this.#context.connectionBudget.add(this, connectionBytes.http2);
    this.sinceMs = nowMs;
  }

  /** Whether there is memory for a request; `begin()` follows, and `finish()` gives it back. */
  admit(requestBytes: number): boolean {
    return this.#context.connectionBudget.admit(this, requestBytes);
  }

  /** The admitted request does not begin. */
  giveUp(requestBytes: number): void {
    this.#context.connectionBudget.add(this, -requestBytes);
  }

  begin(exchange: HttpExchange): void {
    this.hasServed = true;
    this.exchanges.add(exchange);
  }

  finish(exchange: HttpExchange, nowMs: number): void {
    this.exchanges.delete(exchange);
    exchange.finish();
    this.sinceMs = nowMs;
    this.lastUsedMs = nowMs;
    this.#context.connectionBudget.add(this, -exchange.requestBytes);
    if (this.fastPath === undefined) this.#bytesBefore = this.socket.bytesRead;
  }

  /** From here on node:http reads; it gets `unreadBytes` of what the socket has read already. */
  handToHttp1(unreadBytes: number): void {
    this.fastPath = undefined;
    this.#bytesBefore = this.socket.bytesRead - unreadBytes;
  }

  /** Counts what has come of a head that is not complete. */
  countIncompleteHead(): void {
    const isIncomplete = this.phase === "http1" && this.fastPath === undefined && this.exchanges.size === 0;
    const bytesRead = isIncomplete ? this.socket.bytesRead - this.#bytesBefore : 0;
    const bytes = incompleteHeadMemory(Math.min(bytesRead, this.#context.limits.headerBytesMax));
    if (bytes === this.#incompleteHeadBytes) return;
    this.#context.connectionBudget.add(this, bytes - this.#incompleteHeadBytes);
    this.#incompleteHeadBytes = bytes;
  }

  /** Counts what waits in the socket to be parsed. */
  countUnread(bytes: number): void {
    if (bytes === this.#unreadBytes) return;
    this.#context.connectionBudget.add(this, bytes - this.#unreadBytes);
    this.#unreadBytes = bytes;
  }

  get isBusy(): boolean {
    return this.exchanges.size > 0 && this.exchanges.all().some(({ isReceiving }) => !isReceiving);
  }

  cut(): void {
    connectionCut.publish({ reason: "evicted" });
    this.socket.destroy();
  }

  /** Between two requests: no exchange is open, and the system has the last byte of the last response. */
  get isIdle(): boolean {
    return this.exchanges.size === 0 && this.transport.writableLength === 0;
  }

  /** Whether anything has been read since the last call. */
  takeProgress(): boolean {
    const { bytesRead } = this.socket;
    const hasProgressed = bytesRead !== this.#bytesSeen;
    this.#bytesSeen = bytesRead;
    return hasProgressed;
  }

  /** To be called when the socket has closed. */
  abortExchanges(): void {
    for (const exchange of this.exchanges.all()) exchange.end("the client closed the connection");
  }

  /** Over HTTP/1.1: sends all responses of the requests that were started, then `farewell`, and closes. */
  endAfterResponses(farewell: string): void {
    this.isEnding = true;
    const close = (): void => {
      if (farewell !== "" && this.transport.writable) this.transport.write(farewell);
      this.transport.destroySoon();
    };
    const { lastResponse } = this;
    if (lastResponse === undefined || lastResponse.writableFinished) close();
    else lastResponse.once("finish", close);
  }

  /** Sends what has been written, takes no further request, and closes. */
  closeSoon(): void {
    if (this.isClosing) return;
    this.isClosing = true;
    if (this.session !== undefined && !this.session.destroyed) this.session.close();
    else this.transport.destroySoon();
  }
}
