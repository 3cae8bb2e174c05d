import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { constants, performServerHandshake } from "node:http2";
import type { Socket } from "node:net";
import { connectionCut, requestRefused, serverFault } from "../../telemetry/diagnostic-events.ts";
import { requestMemory } from "./budgets/connection-budget.ts";
import type { ConnectionState } from "./connection-state.ts";
import { HttpExchange } from "./http-exchange.ts";
import { BodyReader } from "./read-body.ts";
import type { ServerContext } from "./server-context.ts";
import { rejectTooLargeHttp2, writeHttp2 } from "./write-response.ts";

/**
 * Speaks HTTP/2 over one socket, with the `stream` API of node:http2: its compatibility API costs three times as much for a
 * large body.
 */
export function serveHttp2(socket: Socket, connection: ConnectionState, context: ServerContext): void {
  const { limits } = context;
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
  connection.enter("http2", context.clock.monotonicMs());
  const resets = new ResetGuard(context);

  // An error ends the session, and each of its streams emits `close`.
  session.on("error", () => undefined);
  session.setTimeout(limits.stallMsMax, () => {
    if (context.bodies.budget.waitingCount === 0 && context.responses.waitingCount === 0) session.destroy();
  });
  session.on("stream", (stream, headers, flags) => {
    const isBodiless = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    void exchangeHttp2({ stream, headers, isBodiless, connection, resets, context });
  });
  session.setLocalWindowSize(limits.sessionWindowBytes);
}

interface Http2Exchange {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly isBodiless: boolean;
  readonly connection: ConnectionState;
  readonly resets: ResetGuard;
  readonly context: ServerContext;
}

async function exchangeHttp2(parts: Http2Exchange): Promise<void> {
  const { stream, isBodiless, connection, resets, context } = parts;
  stream.on("error", () => undefined);
  const exchange = begin(parts);
  if (exchange === undefined) return;
  let isHandled = false;
  stream.on("close", () => {
    exchange.end("the client cancelled the request");
    if (stream.aborted) resets.count(connection);
    if (isHandled) finish(exchange, parts);
  });
  const reader = isBodiless
    ? undefined
    : new BodyReader(stream, declaredBytesOf(parts.headers), {
        bodies: context.bodies,
        head: exchange,
        share: connection.bodyShare({ budget: context.bodies.budget, limits: context.limits }),
        streamWindowBytes: context.limits.streamWindowBytes,
        nowMs: context.clock.monotonicMs(),
        // Frames that came in one read share its memory.
        ownsChunks: false,
        onWanted: () => {
          const isOpen = !stream.destroyed && !stream.headersSent;
          if (isOpen && parts.headers.expect === "100-continue") stream.additionalHeaders({ ":status": 100 });
        },
      });
  try {
    if (!exchange.tryStart() && !(await exchange.untilStarted(exchange.signal))) return;
    if (reader === undefined || (await receive(reader, exchange, parts))) {
      await writeHttp2(await context.handler(exchange), { exchange, stream, context });
    }
  } catch (error) {
    serverFault.publish({ where: "an HTTP/2 exchange", error });
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  } finally {
    exchange.releaseBody();
    isHandled = true;
    // An exchange is in flight until the client has read the response or the time for that is over.
    if (stream.destroyed) finish(exchange, parts);
    else stream.setTimeout(context.limits.stallMsMax, () => stream.close(constants.NGHTTP2_CANCEL));
  }
}

function finish(exchange: HttpExchange, { connection, context }: Http2Exchange): void {
  exchange.releaseResponse();
  connection.finish(exchange, context.clock.monotonicMs());
}

/** Undefined: the stream is refused. */
function begin({ stream, headers, connection, context }: Http2Exchange): HttpExchange | undefined {
  // nghttp2 no longer counts a cancelled stream whose handler still works. Here it counts, up to twice the limit so that
  // clients may cancel.
  if (connection.exchanges.size >= 2 * context.limits.streamCountMax) return refuseStream(stream, "streams");
  const { ":method": method, ":path": path, ":authority": authority } = headers;
  if (method === undefined || path === undefined) {
    stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
    return undefined;
  }
  const requestBytes = memoryOf(headers);
  const isOver = connection.memoryBytes + requestBytes > context.limits.sessionHeadBytesMax;
  if (isOver || !connection.admit(requestBytes)) return refuseStream(stream, "connections");
  if (headers.host === undefined && authority !== undefined) headers.host = authority;
  const { encoding } = context;
  const exchange = new HttpExchange({ method, url: path, headers }, connection, { encoding, requestBytes });
  connection.begin(exchange);
  return exchange;
}

function refuseStream(stream: ServerHttp2Stream, reason: string): undefined {
  requestRefused.publish({ reason });
  stream.close(constants.NGHTTP2_REFUSED_STREAM);
}

function memoryOf(headers: IncomingHttpHeaders): number {
  let characters = 0;
  let count = 0;
  for (const name in headers) {
    characters += name.length + (headers[name]?.length ?? 0);
    count++;
  }
  return requestMemory(count, characters);
}

/** Whether the exchange has its body; if not, it needs no further response. */
async function receive(
  reader: BodyReader,
  exchange: HttpExchange,
  { stream, context }: Http2Exchange,
): Promise<boolean> {
  exchange.ownBody(reader);
  exchange.isReceiving = true;
  const outcome = await reader.read();
  exchange.isReceiving = false;
  if (outcome === "whole") {
    exchange.body = reader.takeBytes();
    return true;
  }
  if (outcome === "refused") await writeHttp2(reader.refusal, { exchange, stream, context });
  if (outcome === "full") {
    requestRefused.publish({ reason: "memory" });
    stream.close(constants.NGHTTP2_REFUSED_STREAM);
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

/** Ends the session of a client that cancels more streams than the limit (the "rapid reset" attack). */
class ResetGuard {
  readonly #context: ServerContext;
  #windowStartMs = 0;
  #count = 0;

  constructor(context: ServerContext) {
    this.#context = context;
  }

  count(connection: ConnectionState): void {
    const { clock, limits } = this.#context;
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
