import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer, startTimeoutChecks } from "../../platform/http-module.ts";
import { requestRefused, serverFault } from "../../telemetry/diagnostic-events.ts";
import type { Connection } from "./connection.ts";
import { HttpExchange } from "./http-exchange.ts";
import { BodyReader } from "./read-body.ts";
import type { ServerContext } from "./server-context.ts";
import { rejectTooLargeHttp1, writeHttp1 } from "./write-response.ts";

/** Speaks HTTP/1.1 over sockets that the caller has accepted. */
export interface Http1Server {
  serve(socket: Duplex, connection: Connection): void;
  close(): void;
}

export function createHttp1Server(context: ServerContext): Http1Server {
  const { limits } = context;
  const connectionOf = new WeakMap<Duplex, Connection>();
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

  const onRequest = (req: IncomingMessage, res: ServerResponse): void => {
    const connection = connectionOf.get(req.socket);
    if (connection !== undefined) void exchangeHttp1({ req, res, connection, context });
  };
  server.on("request", onRequest);
  server.on("checkContinue", (req: IncomingMessage, res: ServerResponse) => {
    if ((declaredBytesOf(req) ?? 0) > limits.requestBytesMax) {
      // The client may or may not send the body after this response, so the connection cannot be kept.
      requestRefused.publish({ reason: "too_large" });
      rejectTooLargeHttp1(res, { mayKeepConnection: false });
      return;
    }
    res.writeContinue();
    onRequest(req, res);
  });
  server.on("timeout", (socket: Socket) => endStalled(socket, connectionOf.get(socket), context));
  startTimeoutChecks(server);

  return {
    serve(socket, connection) {
      connectionOf.set(socket, connection);
      connection.enter("http1", context.clock.monotonicMs());
      server.emit("connection", socket);
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
  readonly connection: Connection;
  readonly context: ServerContext;
}

async function exchangeHttp1({ req, res, connection, context }: Http1Exchange): Promise<void> {
  if (connection.exchanges.size >= context.limits.pipelinedRequestCountMax) {
    requestRefused.publish({ reason: "pipelined" });
    req.socket.destroy();
    return;
  }
  const exchange = new HttpExchange(req.method ?? "", req.url ?? "", req.headers, connection.peer);
  connection.begin(exchange);
  const tick = context.tick.current;
  const reader = hasBody(req)
    ? new BodyReader(req, declaredBytesOf(req), {
        bodies: context.bodies,
        nowMs: context.clock.monotonicMs(),
        ownsChunks: true,
      })
    : undefined;
  try {
    if (reader !== undefined) {
      exchange.ownBody(reader);
      const outcome = await reader.read();
      if (outcome === "aborted") return;
      if (outcome === "too_large") {
        requestRefused.publish({ reason: "too_large" });
        rejectTooLargeHttp1(res, { mayKeepConnection: !context.isDraining });
        return;
      }
      exchange.takeBody();
    }
    const response = await context.handler(exchange);
    // Responses that are ready in the tick that brought their requests are written together at its end: fewer wake-ups of
    // clients (docs/decisions/17-responses-per-tick.md).
    if (tick === context.tick.current) await context.tick.end();
    const streaming = writeHttp1(response, { exchange, res, context });
    if (streaming !== undefined) await streaming;
  } catch (error) {
    serverFault.publish({ where: "an HTTP/1.1 exchange", error });
    res.destroy();
  } finally {
    exchange.releaseBody();
    connection.finish(exchange, context.clock.monotonicMs());
  }
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

/**
 * Ends a connection over which no byte has moved for `stallMsMax`, but not one whose body waits for the budget, and not one
 * between two requests, which `enforceTimeouts` ends.
 */
function endStalled(socket: Socket, connection: Connection | undefined, context: ServerContext): void {
  const isWaiting = context.bodies.budget.waitingCount > 0 && connection !== undefined && connection.exchanges.size > 0;
  if (connection?.isIdle || isWaiting) {
    socket.setTimeout(context.limits.stallMsMax);
    return;
  }
  socket.destroy();
}
