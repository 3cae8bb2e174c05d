import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { requestRefused, serverFault } from "../../telemetry/diagnostic-events.ts";
import type { Connection } from "./connection.ts";
import { HttpExchange } from "./http-exchange.ts";
import { BodyReader } from "./read-body.ts";
import type { ServerContext } from "./server-context.ts";
import { rejectTooLargeHttp1, writeHttp1 } from "./write-response.ts";

// An import would read every member of the module, and some of them load a whole HTTP client: 1 ms and 3 MB at each start.
const { createServer } = process.getBuiltinModule("node:http");

/** Speaks HTTP/1.1 over sockets that somebody else accepted. */
export interface Http1Server {
  serve(socket: Duplex, connection: Connection): void;
  close(): void;
}

export function createHttp1Server(serving: ServerContext): Http1Server {
  const { limits } = serving;
  const connectionOf = new WeakMap<Duplex, Connection>();
  const server = createServer({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersMsMax,
    requestTimeout: limits.requestMsMax,
    // The sweep sees to that: node:http would make two timers with each request.
    keepAliveTimeout: 0,
    connectionsCheckingInterval: limits.sweepMs,
  });
  server.timeout = limits.stallMsMax;

  const onRequest = (req: IncomingMessage, res: ServerResponse): void => {
    const connection = connectionOf.get(req.socket);
    if (connection !== undefined) void exchangeHttp1({ req, res, connection, serving });
  };
  server.on("request", onRequest);
  server.on("checkContinue", (req: IncomingMessage, res: ServerResponse) => {
    if ((declaredBytesOf(req) ?? 0) > limits.requestBytesMax) {
      // The client has not begun to send, and nobody can tell whether it still will: the connection ends here.
      requestRefused.publish({ reason: "too_large" });
      rejectTooLargeHttp1(res, { mayKeepConnection: false });
      return;
    }
    res.writeContinue();
    onRequest(req, res);
  });
  server.on("timeout", (socket: Socket) => endStalled(socket, connectionOf.get(socket), serving));
  watchTimes(server);

  return {
    serve(socket, connection) {
      connectionOf.set(socket, connection);
      connection.enter("http1", serving.clock.monotonicMs());
      server.emit("connection", socket);
    },
    close() {
      // Stops the watch; "not running" is what a server answers that never listened.
      server.close(() => undefined);
    },
  };
}

/**
 * node:http enforces its header and request timeouts from its `listening` event on. This server never listens, sockets
 * are handed to it, so it is told that it does; test/system/server/half-open.test.ts proves that the timeouts then work.
 */
function watchTimes(server: Server): void {
  server.emit("listening");
}

interface Http1Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly connection: Connection;
  readonly serving: ServerContext;
}

async function exchangeHttp1({ req, res, connection, serving }: Http1Exchange): Promise<void> {
  if (connection.exchanges.size >= serving.limits.pipelinedRequestCountMax) {
    requestRefused.publish({ reason: "pipelined" });
    req.socket.destroy();
    return;
  }
  const exchange = new HttpExchange(req.method ?? "", req.url ?? "", req.headers, connection.peer);
  connection.begin(exchange);
  const turn = serving.turn.current;
  const reader = hasBody(req)
    ? new BodyReader(req, declaredBytesOf(req), {
        room: serving.room,
        nowMs: serving.clock.monotonicMs(),
        ownsChunks: true,
      })
    : undefined;
  try {
    if (reader !== undefined) {
      const outcome = await reader.read();
      if (outcome === "gone") return;
      if (outcome === "too_large") {
        requestRefused.publish({ reason: "too_large" });
        rejectTooLargeHttp1(res, { mayKeepConnection: !serving.isDraining });
        return;
      }
      exchange.takeBody(reader);
    }
    const response = await serving.handler(exchange);
    // Answers that are ready in the turn that brought their requests leave together at its end: each that leaves alone
    // wakes a client that sleeps, and that costs more than the rest of a small request.
    if (turn === serving.turn.current) await serving.turn.end();
    const streaming = writeHttp1(response, { exchange, res, serving });
    if (streaming !== undefined) await streaming;
  } catch (error) {
    serverFault.publish({ where: "an HTTP/1.1 exchange", error });
    res.destroy();
  } finally {
    exchange.releaseBody();
    reader?.release();
    connection.finish(exchange, serving.clock.monotonicMs());
  }
}

function hasBody(req: IncomingMessage): boolean {
  const declared = req.headers["content-length"];
  return declared === undefined ? req.headers["transfer-encoding"] !== undefined : declared !== "0";
}

/** The parser has refused anything that is not a number, and a length beside chunks. */
function declaredBytesOf(req: IncomingMessage): number | undefined {
  const declared = req.headers["content-length"];
  return declared === undefined ? undefined : Number(declared);
}

/**
 * Nothing moved for a while. A body that waits for the budget does so at the server's own wish; between two requests it is
 * for the sweep to say how long is too long.
 */
function endStalled(socket: Socket, connection: Connection | undefined, serving: ServerContext): void {
  const isWaiting = serving.room.budget.waitingCount > 0 && connection !== undefined && connection.exchanges.size > 0;
  if (connection?.isIdle || isWaiting) {
    socket.setTimeout(serving.limits.stallMsMax);
    return;
  }
  socket.destroy();
}
