import type { Socket } from "node:net";
import { serverFault } from "../../telemetry/diagnostic-events.ts";
import { requestMemory } from "./budgets/connection-budget.ts";
import type { ConnectionState } from "./connection-state.ts";
import { HttpExchange } from "./http-exchange.ts";
import { bodyLength } from "./http-message.ts";
import type { Http1Server } from "./http1-server.ts";
import { readOrdinaryHead } from "./ordinary-head.ts";
import type { ServerContext } from "./server-context.ts";
import { largeResponseBytesMin } from "./server-limits.ts";
import { writeDirect } from "./write-response.ts";

/**
 * Serves the ordinary requests of one HTTP/1.1 connection: heads as `readOrdinaryHead` takes them, with a small body, one after
 * the other. Where anything else comes, the connection and every byte that was not part of a served request are handed to
 * node:http, for good.
 */
export class Http1FastPath {
  readonly #socket: Socket;
  readonly #connection: ConnectionState;
  readonly #context: ServerContext;
  readonly #http1: Http1Server;
  /** The request whose head has been read. What follows is about it. */
  #exchange: HttpExchange | undefined;
  /** Bytes of its head and body. */
  #length = 0;
  #bodyStart = 0;
  #startedMs = 0;
  /** Bytes of its body reserved of the budget; 0 once they are released. */
  #reservedBytes = 0;
  /** What has come of it while its body is incomplete. */
  #received: Buffer | undefined;
  #receivedBytes = 0;
  /** It is being handled, or its response is being sent. */
  #isBusy = false;
  /** Bytes have come behind it while it is handled. */
  #isPipelined = false;
  #hasEnded = false;

  constructor(socket: Socket, connection: ConnectionState, options: { context: ServerContext; http1: Http1Server }) {
    this.#socket = socket;
    this.#connection = connection;
    this.#context = options.context;
    this.#http1 = options.http1;
  }

  /** Begins with the bytes that have been read already, if there are any. */
  serve(bytes?: Buffer): void {
    const { clock } = this.#context;
    this.#connection.enter("http1", clock.monotonicMs());
    this.#connection.fastPath = this;
    this.#socket.allowHalfOpen = true;
    this.#socket.on("data", this.#onData);
    this.#socket.on("end", this.#onEnd);
    if (bytes !== undefined) this.#onData(bytes);
  }

  /** Hands a connection to node:http whose request has been incomplete since the last check: it has limits for slow ones. */
  enforceTimeouts(nowMs: number): void {
    if (this.#received === undefined || nowMs - this.#startedMs < this.#context.limits.timeoutCheckMs) return;
    this.#handOver(this.#takeReceived());
  }

  /** Abandons a request that is incomplete. */
  abort(): void {
    if (this.#exchange !== undefined && !this.#isBusy) this.#abandon(this.#exchange);
  }

  /** Releases what the body of the request has reserved. */
  release(): void {
    const { bodies, limits } = this.#context;
    const bytes = this.#reservedBytes;
    if (bytes === 0) return;
    this.#reservedBytes = 0;
    bodies.budget.release(this.#connection.bodyShare({ budget: bodies.budget, limits }), bytes);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#isBusy) {
      // Read when the response has been sent.
      this.#isPipelined = true;
      this.#socket.pause();
      this.#socket.unshift(chunk);
    } else if (this.#exchange === undefined) this.#begin(chunk);
    else this.#receive(this.#exchange, chunk);
  };

  #begin(chunk: Buffer): void {
    const { limits, bodies, clock, encoding } = this.#context;
    const connection = this.#connection;
    const head = connection.isEnding ? undefined : readOrdinaryHead(chunk);
    if (head === undefined || head.bodyBytes > Math.min(limits.smallBodyBytesMax, limits.requestBytesMax)) {
      this.#handOver(chunk);
      return;
    }
    const length = head.bodyStart + head.bodyBytes;
    const share = connection.bodyShare({ budget: bodies.budget, limits });
    const requestBytes = requestMemory(0, head.bodyStart);
    if (chunk.length > length || !connection.responses.mayStart || !connection.admit(requestBytes)) {
      this.#handOver(chunk);
      return;
    }
    if (!bodies.budget.reserve(share, head.bodyBytes)) {
      connection.giveUp(requestBytes);
      this.#handOver(chunk);
      return;
    }
    const exchange = new HttpExchange({ method: "POST", url: "/", headers: head.headers }, connection, {
      encoding,
      requestBytes,
    });
    exchange.ownBody(this);
    this.#exchange = exchange;
    this.#length = length;
    this.#bodyStart = head.bodyStart;
    this.#startedMs = clock.monotonicMs();
    this.#reservedBytes = head.bodyBytes;
    connection.begin(exchange);
    if (chunk.length === length) void this.#handle(exchange, chunk);
    else {
      exchange.isReceiving = true;
      this.#receive(exchange, chunk);
    }
  }

  #receive(exchange: HttpExchange, chunk: Buffer): void {
    const bytes = this.#receivedBytes + chunk.length;
    this.#received ??= Buffer.allocUnsafe(this.#length);
    if (bytes > this.#length) {
      this.#handOver(Buffer.concat([this.#takeReceived(), chunk]));
      return;
    }
    chunk.copy(this.#received, this.#receivedBytes);
    this.#receivedBytes = bytes;
    if (bytes === this.#length) void this.#handle(exchange, this.#takeReceived());
  }

  #takeReceived(): Buffer {
    const bytes = this.#received?.subarray(0, this.#receivedBytes) ?? Buffer.alloc(0);
    this.#received = undefined;
    this.#receivedBytes = 0;
    return bytes;
  }

  async #handle(exchange: HttpExchange, bytes: Buffer): Promise<void> {
    this.#isBusy = true;
    exchange.isReceiving = false;
    exchange.body = bytes.subarray(this.#bodyStart);
    try {
      await this.#respond(exchange);
    } catch (error) {
      serverFault.publish({ where: "an HTTP/1.1 exchange", error });
      this.#socket.destroy();
    } finally {
      exchange.releaseBody();
      exchange.releaseResponse();
      this.#finish(exchange);
    }
  }

  async #respond(exchange: HttpExchange): Promise<void> {
    const { tick, handler } = this.#context;
    const tickNumber = tick.current;
    const response = await handler(exchange);
    const isSmall = (bodyLength(response.body) ?? largeResponseBytesMin) < largeResponseBytesMin;
    // As in `http1-server`: small responses of one tick leave together.
    if (isSmall && tickNumber === tick.current) await tick.end();
    const sending = writeDirect(response, { exchange, socket: this.#socket, context: this.#context });
    if (sending === undefined) return;
    this.#limitStall();
    await sending;
    this.#unlimitStall();
  }

  /** From here on the connection is cut when no byte moves for `stallMsMax`. */
  #limitStall(): void {
    this.#socket.on("timeout", this.#onStall);
    this.#socket.setTimeout(this.#context.limits.stallMsMax);
  }

  #unlimitStall(): void {
    this.#socket.off("timeout", this.#onStall);
    this.#socket.setTimeout(0);
  }

  readonly #onStall = (): void => {
    this.#socket.destroy();
  };

  #finish(exchange: HttpExchange): void {
    const socket = this.#socket;
    this.#connection.finish(exchange, this.#context.clock.monotonicMs());
    this.#exchange = undefined;
    this.#isBusy = false;
    if (this.#context.isDraining || this.#hasEnded) socket.destroySoon();
    else if (this.#isPipelined) this.#handOver();
    else if (socket.writableNeedDrain) this.#readAfterDrain();
  }

  /** A client that does not read its responses is not read either. */
  #readAfterDrain(): void {
    const socket = this.#socket;
    socket.pause();
    this.#limitStall();
    socket.once("drain", () => {
      this.#unlimitStall();
      socket.resume();
    });
  }

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    const isIncomplete = this.#exchange !== undefined;
    this.#connection.abortExchanges();
    if (this.#isBusy) return;
    if (isIncomplete) {
      this.#connection.endAfterResponses("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    } else if (!this.#connection.isEnding) this.#connection.endAfterResponses("");
  };

  /** The request was not handled, and its exchange ends without a response. */
  #abandon(exchange: HttpExchange): void {
    exchange.releaseBody();
    this.#connection.finish(exchange, this.#context.clock.monotonicMs());
    this.#exchange = undefined;
    this.#received = undefined;
  }

  #handOver(bytes?: Buffer): void {
    const socket = this.#socket;
    if (this.#exchange !== undefined) this.#abandon(this.#exchange);
    this.#connection.handToHttp1(bytes?.length ?? 0);
    socket.off("data", this.#onData);
    socket.off("end", this.#onEnd);
    socket.pause();
    if (bytes !== undefined && bytes.length > 0) socket.unshift(bytes);
    this.#http1.serve(socket, this.#connection);
    socket.resume();
  }
}
