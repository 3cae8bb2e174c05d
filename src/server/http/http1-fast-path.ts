import type { Socket } from "node:net";
import { serverFault } from "../../telemetry/diagnostic-events.ts";
import type { ConnectionState } from "./connection-state.ts";
import { HttpExchange } from "./http-exchange.ts";
import { bodyLength } from "./http-message.ts";
import type { Http1Server } from "./http1-server.ts";
import { readOrdinaryHead } from "./ordinary-head.ts";
import type { ServerContext } from "./server-context.ts";
import { largeResponseBytesMin } from "./server-limits.ts";
import { writeDirect } from "./write-response.ts";

/** A request whose head has been read. */
interface OpenRequest {
  readonly exchange: HttpExchange;
  /** Bytes of head and body. */
  readonly length: number;
  readonly bodyStart: number;
  readonly startedMs: number;
  /** Bytes of the body reserved of the budget; 0 once they are released. */
  reservedBytes: number;
}

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
  #request: OpenRequest | undefined;
  /** What has come of a request whose body is incomplete. */
  #received: Buffer | undefined;
  #receivedBytes = 0;
  /** The request is being handled, or its response is being sent. */
  #isBusy = false;
  /** Bytes have come behind a request that is being handled. */
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
    const { timeoutCheckMs } = this.#context.limits;
    if (this.#received === undefined || this.#request === undefined) return;
    if (nowMs - this.#request.startedMs >= timeoutCheckMs) this.#handOver(this.#takeReceived());
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#isBusy) {
      // Read when the response has been sent.
      this.#isPipelined = true;
      this.#socket.pause();
      this.#socket.unshift(chunk);
    } else if (this.#request === undefined) this.#begin(chunk);
    else this.#receive(this.#request, chunk);
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
    if (chunk.length > length || !connection.responses.mayStart || !bodies.budget.reserve(share, head.bodyBytes)) {
      this.#handOver(chunk);
      return;
    }
    const exchange = new HttpExchange({ method: "POST", url: "/", headers: head.headers }, connection, { encoding });
    const request = {
      exchange,
      length,
      bodyStart: head.bodyStart,
      startedMs: clock.monotonicMs(),
      reservedBytes: head.bodyBytes,
    };
    exchange.ownBody({ release: () => this.#release(request) });
    this.#request = request;
    connection.begin(exchange);
    if (chunk.length === length) void this.#handle(request, chunk);
    else this.#receive(request, chunk);
  }

  #receive(request: OpenRequest, chunk: Buffer): void {
    const bytes = this.#receivedBytes + chunk.length;
    this.#received ??= Buffer.allocUnsafe(request.length);
    if (bytes > request.length) {
      this.#handOver(Buffer.concat([this.#takeReceived(), chunk]));
      return;
    }
    chunk.copy(this.#received, this.#receivedBytes);
    this.#receivedBytes = bytes;
    if (bytes === request.length) void this.#handle(request, this.#takeReceived());
  }

  #takeReceived(): Buffer {
    const bytes = this.#received?.subarray(0, this.#receivedBytes) ?? Buffer.alloc(0);
    this.#received = undefined;
    this.#receivedBytes = 0;
    return bytes;
  }

  async #handle(request: OpenRequest, bytes: Buffer): Promise<void> {
    const { exchange } = request;
    this.#isBusy = true;
    exchange.body = bytes.subarray(request.bodyStart);
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
    if (!isSmall) this.#limitStall();
    const sending = writeDirect(response, { exchange, socket: this.#socket, context: this.#context });
    if (sending === undefined) return;
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

  #release(request: OpenRequest): void {
    const { bodies, limits } = this.#context;
    if (request.reservedBytes === 0) return;
    bodies.budget.release(this.#connection.bodyShare({ budget: bodies.budget, limits }), request.reservedBytes);
    request.reservedBytes = 0;
  }

  #finish(exchange: HttpExchange): void {
    const socket = this.#socket;
    this.#connection.finish(exchange, this.#context.clock.monotonicMs());
    this.#request = undefined;
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
    this.#connection.abortExchanges();
    if (this.#isBusy) return;
    if (this.#request !== undefined) {
      this.#abandon(this.#request);
      this.#connection.endAfterResponses("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    } else if (!this.#connection.isEnding) this.#connection.endAfterResponses("");
  };

  /** The request was not handled, and its exchange ends without a response. */
  #abandon(request: OpenRequest): void {
    request.exchange.releaseBody();
    this.#connection.finish(request.exchange, this.#context.clock.monotonicMs());
    this.#request = undefined;
    this.#received = undefined;
  }

  #handOver(bytes?: Buffer): void {
    const socket = this.#socket;
    if (this.#request !== undefined) this.#abandon(this.#request);
    this.#connection.fastPath = undefined;
    socket.off("data", this.#onData);
    socket.off("end", this.#onEnd);
    socket.pause();
    if (bytes !== undefined && bytes.length > 0) socket.unshift(bytes);
    this.#http1.serve(socket, this.#connection);
    socket.resume();
  }
}
