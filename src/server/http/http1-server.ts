import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer, serveHalfClosed, startTimeoutChecks } from "../../platform/http-module.ts";
import { requestRefused, serverFault } from "../../telemetry/diagnostic-events.ts";
import { requestMemory } from "./budgets/connection-budget.ts";
import type { ConnectionState } from "./connection-state.ts";
import { HttpExchange } from "./http-exchange.ts";
import { bodyLength } from "./http-message.ts";
import { Http1Reader } from "./http1-reader.ts";
import { type BodyOutcome, BodyReader } from "./read-body.ts";
import type { ServerContext } from "./server-context.ts";
import { largeResponseBytesMin } from "./server-limits.ts";
import { rejectLastHttp1, rejectTooLargeHttp1, writeHttp1 } from "./write-response.ts";

/** Speaks HTTP/1.1 over sockets that the caller has accepted. */
export interface Http1Server {
  serve(socket: Socket, connection: ConnectionState): void;
  close(): void;
}

export function createHttp1Server(context: ServerContext): Http1Server {
  const { limits } = context;
  const connectionOf = new WeakMap<Duplex, ConnectionState>();
  const server = createServer({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersMsMax,
    requestTimeout: limits.requestMsMax,
    // `enforceTimeouts` does that: node:http would make two timers for each request.
    keepAliveTimeout: 0,
    connectionsCheckingInterval: limits.timeoutCheckMs,
  });
  server.timeout = limits.stallMsMax;
  // None: before 24.18.1 and 26.5.1 Node drops the headers beyond the thousandth, which would hide an `Origin` behind them.
  // `maxHeaderSize` limits their number.
  server.maxHeadersCount = 0;
  serveHalfClosed(server);

  const onRequest = (req: IncomingMessage, res: ServerResponse, awaitsContinue: boolean): void => {
    const connection = connectionOf.get(req.socket);
    if (connection !== undefined) void exchangeHttp1({ req, res, awaitsContinue, connection, context });
  };
  server.on("request", (req: IncomingMessage, res: ServerResponse) => onRequest(req, res, false));
  server.on("checkContinue", (req: IncomingMessage, res: ServerResponse) => onRequest(req, res, true));
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    const connection = connectionOf.get(socket);
    if (connection !== undefined && !socket.destroyed) endUnparsed(connection, error.code);
    else socket.destroy();
  });
  server.on("connect", (_req: IncomingMessage, socket: Duplex) => {
    const connection = connectionOf.get(socket);
    if (connection === undefined) socket.destroy();
    else connection.endAfterResponses("");
  });
  server.on("timeout", (socket: Socket) => endStalled(socket, connectionOf.get(socket), context));
  startTimeoutChecks(server);

  return {
    serve(socket, connection) {
      connectionOf.set(socket, connection);
      connection.enter("http1", context.clock.monotonicMs());
      connection.transport.allowHalfOpen = true;
      server.emit("connection", socket);
      new Http1Reader(socket, connection, context.heads);
      // After node:http's own listener, which reports a request without its end.
      socket.on("end", () => {
        connection.abortExchanges();
        if (!connection.isEnding) connection.endAfterResponses("");
      });
    },
    close() {
      // Stops the check of timeouts; the error of a server that never listened is ignored.
      server.close(() => undefined);
    },
  };
}

interface Http1Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** The client sends the body only after a 100 Continue (`Expect: 100-continue`), or when it is tired of waiting. */
  readonly awaitsContinue: boolean;
  readonly connection: ConnectionState;
  readonly context: ServerContext;
}

async function exchangeHttp1(parts: Http1Exchange): Promise<void> {
  const { req, res, awaitsContinue, connection, context } = parts;
  if (connection.isEnding) return;
  connection.lastResponse = res;
  const { method = "", url = "", headers } = req;
  const requestBytes = memoryOf(req);
  if (!connection.admit(requestBytes)) {
    refuseLast({ res, connection });
    return;
  }
  const { encoding } = context;
  const exchange = new HttpExchange({ method, url, headers }, connection, { encoding, requestBytes, res });
  connection.begin(exchange);
  if (!exchange.tryStart() && !(await untilStarted(exchange, parts))) {
    connection.finish(exchange, context.clock.monotonicMs());
    return;
  }
  const tick = context.tick.current;
  const reader = hasBody(req)
    ? new BodyReader(req, declaredBytesOf(req), {
        bodies: context.bodies,
        head: exchange,
        share: connection.bodyShare({ budget: context.bodies.budget, limits: context.limits }),
        nowMs: context.clock.monotonicMs(),
        ownsChunks: true,
        onWanted: () => {
          if (awaitsContinue) res.writeContinue();
        },
      })
    : undefined;
  try {
    if (reader !== undefined) {
      exchange.ownBody({
        release: () => reader.release(),
        // node:http forgets a request whose response has ended: it closes without telling the body. One that has come
        // as a whole may not have been read yet, and its client may have closed its half of the connection.
        abort: () => {
          if (!req.complete) reader.abort();
        },
      });
      exchange.isReceiving = true;
      const outcome = await reader.read();
      exchange.isReceiving = false;
      if (outcome !== "whole") {
        // A client that was not told to continue may still send the body, or not: nothing can follow on the connection.
        const isLast = awaitsContinue && !reader.isWanted;
        await refuseBody(outcome, { reader, exchange, res, isLast, context });
        return;
      }
      exchange.body = reader.takeBytes();
    }
    const response = await context.handler(exchange);
    // Small responses that are ready in the tick that brought their requests are written together at its end: fewer wake-ups of
    // clients (docs/decisions/17-responses-per-tick.md).
    const isLarge = (bodyLength(response.body) ?? 0) >= largeResponseBytesMin;
    if (!isLarge && tick === context.tick.current) await context.tick.end();
    const sending = writeHttp1(response, { exchange, res, context });
    if (sending !== undefined) await sending;
  } catch (error) {
    serverFault.publish({ where: "an HTTP/1.1 exchange", error });
    res.destroy();
  } finally {
    exchange.releaseBody();
    exchange.releaseResponse();
    connection.finish(exchange, context.clock.monotonicMs());
  }
}

/** Meanwhile no further request is read. */
async function untilStarted(exchange: HttpExchange, { req, connection }: Http1Exchange): Promise<boolean> {
  const { socket } = req;
  socket.pause();
  const isStarted = await exchange.untilStarted(connection.closed);
  if (connection.responses.waitingStartCount === 0 && !connection.isEnding) socket.resume();
  return isStarted;
}

async function refuseBody(
  outcome: Exclude<BodyOutcome, "whole">,
  of: {
    readonly reader: BodyReader;
    readonly exchange: HttpExchange;
    readonly res: ServerResponse;
    /** Whether the connection ends with the response. */
    readonly isLast: boolean;
    readonly context: ServerContext;
  },
): Promise<void> {
  const { reader, exchange, res, isLast, context } = of;
  if (isLast) res.shouldKeepAlive = false;
  if (outcome === "refused") await writeHttp1(reader.refusal, { exchange, res, context });
  if (outcome !== "too_large") return;
  requestRefused.publish({ reason: "too_large" });
  rejectTooLargeHttp1(res, { mayKeepConnection: !isLast && !context.isDraining });
}

/** Nothing that follows on the connection gets a response. */
function refuseLast({ res, connection }: Pick<Http1Exchange, "res" | "connection">): void {
  requestRefused.publish({ reason: "connections" });
  connection.isEnding = true;
  rejectLastHttp1(res);
}

function memoryOf({ rawHeaders }: IncomingMessage): number {
  let characters = 0;
  for (const text of rawHeaders) characters += text.length;
  return requestMemory(rawHeaders.length / 2, characters);
}

function hasBody(req: IncomingMessage): boolean {
  const declared = req.headers["content-length"];
  return declared === undefined ? req.headers["transfer-encoding"] !== undefined : declared !== "0";
}

/** node:http's parser has refused what is not a number, and a length beside chunks. */
function declaredBytesOf(req: IncomingMessage): number | undefined {
  const declared = req.headers["content-length"];
  return declared === undefined ? undefined : Number(declared);
}

const statusOfError: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/**
 * The parser has refused bytes, or waited too long for them. The requests before them have been started, and may have stored
 * records: they get their responses, then a response to the refused bytes follows, as node:http words it.
 */
function endUnparsed(connection: ConnectionState, code = ""): void {
  if (connection.isEnding) return;
  const { lastResponse } = connection;
  const status = statusOfError[code] ?? "400 Bad Request";
  // The refused bytes belong to the body of a request, which is never handled.
  if (lastResponse !== undefined && !lastResponse.req.complete && !lastResponse.headersSent) {
    lastResponse.shouldKeepAlive = false;
    lastResponse.sendDate = false;
    lastResponse.writeHead(Number.parseInt(status, 10), ["Content-Length", "0"]);
    lastResponse.end();
    connection.endAfterResponses("");
    return;
  }
  connection.endAfterResponses(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
}

/**
 * Ends a connection over which no byte has moved for `stallMsMax`, but not one that waits for a budget, and not one
 * between two requests, which `enforceTimeouts` ends.
 */
function endStalled(socket: Socket, connection: ConnectionState | undefined, context: ServerContext): void {
  const isWaiting = context.bodies.budget.waitingCount > 0 && connection !== undefined && connection.exchanges.size > 0;
  const { waitingCount = 0, heldBytes = 0 } = connection?.responses ?? {};
  const isWaitingForOthers = waitingCount > 0 && heldBytes === 0;
  if (connection?.isIdle || isWaiting || isWaitingForOthers) {
    socket.setTimeout(context.limits.stallMsMax);
    return;
  }
  socket.destroy();
}
