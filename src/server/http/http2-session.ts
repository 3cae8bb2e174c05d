import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { constants, performServerHandshake } from "node:http2";
import type { Socket } from "node:net";
import { connectionCut, requestRefused, serverFault } from "../../telemetry/diagnostic-events.ts";
import type { Connection } from "./connection.ts";
import { HttpExchange } from "./http-exchange.ts";
import { BodyReader } from "./read-body.ts";
import type { ServerContext } from "./server-context.ts";
import { rejectTooLargeHttp2, writeHttp2 } from "./write-response.ts";

/**
 * Speaks HTTP/2 over one socket, through the `stream` API: the compatibility API of node:http2 costs three times as
 * much for a large body.
 */
export function serveHttp2(socket: Socket, connection: Connection, serving: ServerContext): void {
  const { limits } = serving;
  const session: ServerHttp2Session = performServerHandshake(socket, {
    maxSessionMemory: limits.sessionMemoryMiBMax,
    streamResetBurst: limits.resetCountMax,
    streamResetRate: Math.ceil((limits.resetCountMax * 1000) / limits.resetWindowMs),
    settings: {
      maxConcurrentStreams: limits.streamCountMax,
      initialWindowSize: limits.streamWindowBytes,
      maxFrameSize: limits.frameBytesMax,
      maxHeaderListSize: limits.headerBytesMax,
      enableConnectProtocol: false,
    },
  });
  connection.session = session;
  connection.enter("http2", serving.clock.monotonicMs());
  const resets = new ResetGuard(serving);

  // What goes wrong in a session ends it; its streams hear of it by their own `close`.
  session.on("error", () => undefined);
  session.setTimeout(limits.stallMsMax, () => {
    if (serving.room.budget.waitingCount === 0) session.destroy();
  });
  session.on("stream", (stream, headers, flags) => {
    const isBodiless = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    void exchangeHttp2({ stream, headers, isBodiless, connection, resets, serving });
  });
  session.setLocalWindowSize(limits.sessionWindowBytes);
}

interface Http2Exchange {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly isBodiless: boolean;
  readonly connection: Connection;
  readonly resets: ResetGuard;
  readonly serving: ServerContext;
}

async function exchangeHttp2(parts: Http2Exchange): Promise<void> {
  const { stream, isBodiless, connection, resets, serving } = parts;
  stream.on("error", () => undefined);
  const exchange = begin(parts);
  if (exchange === undefined) return;
  let isHandled = false;
  stream.on("close", () => {
    exchange.end("the client cancelled the request");
    if (stream.aborted) resets.count(connection);
    if (isHandled) connection.finish(exchange, serving.clock.monotonicMs());
  });
  const reader = isBodiless
    ? undefined
    : new BodyReader(stream, declaredBytesOf(parts.headers), {
        room: serving.room,
        nowMs: serving.clock.monotonicMs(),
        // Frames that came together are parts of one piece of memory.
        ownsChunks: false,
      });
  try {
    if (reader === undefined || (await receive(reader, exchange, parts))) {
      await writeHttp2(await serving.handler(exchange), { exchange, stream, serving });
    }
  } catch (error) {
    serverFault.publish({ where: "an HTTP/2 exchange", error });
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  } finally {
    exchange.releaseBody();
    reader?.release();
    isHandled = true;
    // An exchange is in flight until the client has taken the answer, or has had its time for that.
    if (stream.destroyed) connection.finish(exchange, serving.clock.monotonicMs());
    else stream.setTimeout(serving.limits.stallMsMax, () => stream.close(constants.NGHTTP2_CANCEL));
  }
}

/** Undefined: the stream is refused. */
function begin({ stream, headers, connection, serving }: Http2Exchange): HttpExchange | undefined {
  // A cancelled stream no longer counts for nghttp2 while its handler still works; here it does, with a margin for
  // those that cancel in good faith.
  if (connection.exchanges.size >= 2 * serving.limits.streamCountMax) {
    requestRefused.publish({ reason: "streams" });
    stream.close(constants.NGHTTP2_REFUSED_STREAM);
    return undefined;
  }
  const { ":method": method, ":path": path, ":authority": authority } = headers;
  if (method === undefined || path === undefined) {
    stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
    return undefined;
  }
  if (headers.host === undefined && authority !== undefined) headers.host = authority;
  const exchange = new HttpExchange(method, path, headers, connection.peer);
  connection.begin(exchange);
  return exchange;
}

/** Whether the exchange has its body; if not, all that there is to answer is answered. */
async function receive(
  reader: BodyReader,
  exchange: HttpExchange,
  { stream, headers, serving }: Http2Exchange,
): Promise<boolean> {
  const isWelcome = (declaredBytesOf(headers) ?? 0) <= serving.limits.requestBytesMax;
  if (headers.expect === "100-continue" && isWelcome) stream.additionalHeaders({ ":status": 100 });
  const outcome = await reader.read();
  if (outcome === "whole") {
    exchange.takeBody(reader);
    return true;
  }
  if (outcome === "too_large") {
    requestRefused.publish({ reason: "too_large" });
    rejectTooLargeHttp2(stream);
  }
  return false;
}

function declaredBytesOf(headers: IncomingHttpHeaders): number | undefined {
  const declared = headers["content-length"];
  return declared === undefined ? undefined : Number(declared);
}

/** Against a client that opens streams only to cancel them: beyond a rate the session ends. */
class ResetGuard {
  readonly #serving: ServerContext;
  #windowStartMs = 0;
  #count = 0;

  constructor(serving: ServerContext) {
    this.#serving = serving;
  }

  count(connection: Connection): void {
    const { clock, limits } = this.#serving;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#windowStartMs >= limits.resetWindowMs) {
      this.#windowStartMs = nowMs;
      this.#count = 0;
    }
    this.#count++;
    if (this.#count <= limits.resetCountMax || connection.session === undefined) return;
    connectionCut.publish({ reason: "rapid_reset" });
    connection.session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }
}
