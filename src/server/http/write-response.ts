import type { ServerResponse } from "node:http";
import type { OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import { BufferLease } from "../../memory/buffer-pool.ts";
import { statusTexts } from "../../platform/http-module.ts";
import { ChunkedBody } from "./chunked-body.ts";
import type { HttpExchange } from "./http-exchange.ts";
import { type BodyBytes, bytesOf, type WireResponse } from "./http-message.ts";
import { isPreflight } from "./origin-rules.ts";
import type { ServerContext } from "./server-context.ts";
import { largeResponseBytesMin } from "./server-limits.ts";

/**
 * Writes a response with AWS's headers: `x-amzn-RequestId` on each, `x-amz-id-2` on all but CORS preflights, `Date`, an
 * exact `Content-Length` unless the body is a stream, and no `Connection` header while the connection is kept. A body in
 * one piece is written to the socket before it returns. The promise of a stream resolves after its last byte, that of a large
 * body when the system has all of it, or when the client has disconnected.
 */
export function writeHttp1(
  response: WireResponse,
  target: { readonly exchange: HttpExchange; readonly res: ServerResponse; readonly context: ServerContext },
): Promise<void> | undefined {
  const { exchange, res, context } = target;
  if (res.destroyed) return abandon(response);
  const headers = ["x-amzn-RequestId", context.ids.next()];
  if (!isPreflight(exchange)) headers.push("x-amz-id-2", context.ids.extended());
  for (const name in response.headers) headers.push(name, response.headers[name] ?? "");
  headers.push("Date", httpDate(context.clock.nowMs()));

  if (context.isDraining) res.shouldKeepAlive = false;
  else if (res.shouldKeepAlive && res.req.httpVersionMinor > 0) res.removeHeader("connection");

  const { body } = response;
  if (isStream(body)) {
    res.writeHead(response.status, headers);
    res.flushHeaders();
    if (res.req.socket.readableEnded) exchange.end("the client closed the connection");
    return pump(body, { exchange, sink: res, transport: res.req.socket, context });
  }
  const bytes = typeof body === "string" ? body : bytesOf(body);
  const length = Buffer.byteLength(bytes);
  headers.push("Content-Length", String(length));
  res.writeHead(response.status, headers);
  const { socket } = res.req;
  // Behind other responses Node keeps it.
  const isUnsent = res.socket === null || socket.writableLength > 0;
  if (length < largeResponseBytesMin && !isUnsent) {
    exchange.holdResponse(0);
    res.end(bytes);
    return undefined;
  }
  exchange.releaseBody();
  exchange.holdResponse(length);
  return new Promise((resolve) => {
    res.on("close", resolve);
    res.end(bytes, () => {
      if (isPooled(body)) releaseSent(body, null, socket);
      exchange.releaseResponse();
      resolve();
    });
  });
}

/** As `writeHttp1`, on a socket that node:http does not have: no other response is in flight on it. */
export function writeDirect(
  response: WireResponse,
  target: { readonly exchange: HttpExchange; readonly socket: Socket; readonly context: ServerContext },
): Promise<void> | undefined {
  const { exchange, socket, context } = target;
  if (socket.destroyed) return abandon(response);
  const { body } = response;
  if (isStream(body)) {
    socket.write(`${headText(response, context)}Transfer-Encoding: chunked\r\n\r\n`, "latin1");
    if (socket.readableEnded) exchange.end("the client closed the connection");
    return pump(body, { exchange, sink: new ChunkedBody(socket), transport: socket, context });
  }
  const length = Buffer.byteLength(typeof body === "string" ? body : bytesOf(body));
  const head = `${headText(response, context)}Content-Length: ${length}\r\n\r\n`;
  if (length < largeResponseBytesMin && socket.writableLength === 0) {
    exchange.holdResponse(0);
    writeSmall(socket, head, body);
    return undefined;
  }
  exchange.releaseBody();
  exchange.holdResponse(length);
  return new Promise((resolve) => {
    socket.once("close", resolve);
    socket.cork();
    socket.write(head, "latin1");
    socket.write(typeof body === "string" ? body : bytesOf(body), (error) => {
      socket.off("close", resolve);
      if (isPooled(body)) releaseSent(body, error, socket);
      resolve();
    });
    socket.uncork();
  });
}

/** Head and body in one write. */
function writeSmall(socket: Socket, head: string, body: BodyBytes | string): void {
  if (typeof body === "string") {
    socket.write(head + body);
    return;
  }
  const bytes = bytesOf(body);
  const whole = Buffer.allocUnsafe(head.length + bytes.length);
  whole.write(head, "latin1");
  whole.set(bytes, head.length);
  if (isPooled(body)) body[Symbol.dispose]();
  socket.write(whole);
}

/** Status line and headers but for those of the body, in the order of `writeHttp1`. */
function headText({ status, headers }: WireResponse, { ids, clock, isDraining }: ServerContext): string {
  let text = `HTTP/1.1 ${status} ${statusTexts[status] ?? ""}\r\nx-amzn-RequestId: ${ids.next()}\r\nx-amz-id-2: ${ids.extended()}\r\n`;
  for (const name in headers) text += `${name}: ${headers[name] ?? ""}\r\n`;
  text += `Date: ${httpDate(clock.nowMs())}\r\n`;
  return isDraining ? `${text}Connection: close\r\n` : text;
}

/** As `writeHttp1`, over one HTTP/2 stream. */
export async function writeHttp2(
  response: WireResponse,
  target: { readonly exchange: HttpExchange; readonly stream: ServerHttp2Stream; readonly context: ServerContext },
): Promise<void> {
  const { exchange, stream, context } = target;
  if (stream.destroyed || stream.closed) return abandon(response);
  const headers: OutgoingHttpHeaders = { ":status": response.status, "x-amzn-requestid": context.ids.next() };
  if (!isPreflight(exchange)) headers["x-amz-id-2"] = context.ids.extended();
  for (const name in response.headers) headers[name.toLowerCase()] = response.headers[name];
  headers["date"] = httpDate(context.clock.nowMs());

  const { body } = response;
  if (isStream(body)) {
    stream.respond(headers);
    return pump(body, { exchange, sink: stream, transport: stream, context });
  }
  const bytes = typeof body === "string" ? body : bytesOf(body);
  const length = Buffer.byteLength(bytes);
  headers["content-length"] = String(length);
  exchange.holdResponse(length);
  const isWithoutBody = length === 0 || exchange.method === "HEAD";
  stream.respond(headers, { endStream: isWithoutBody });
  if (isWithoutBody) return;
  if (!isPooled(body)) {
    stream.end(bytes);
    return;
  }
  // The memory of the body may be reused only when the system has its bytes. A stream that has sent its end emits `close`
  // before that, the callback of a write comes after it: so the end is a frame of its own.
  stream.write(bytes, (error) => {
    releaseSent(body, error, stream);
    if (!stream.destroyed) stream.end();
  });
}

/** 413 as AWS sends it, before its pipeline: chunked, empty, without request ids. */
export function rejectTooLargeHttp1(res: ServerResponse, options: { readonly mayKeepConnection: boolean }): void {
  if (res.destroyed) return;
  if (options.mayKeepConnection) res.removeHeader("connection");
  else res.shouldKeepAlive = false;
  res.writeHead(413, ["Transfer-Encoding", "chunked"]);
  res.end();
}

/** 503 to a request that there is no room for; the connection closes after it. */
export function rejectLastHttp1(res: ServerResponse): void {
  if (res.destroyed) return;
  res.shouldKeepAlive = false;
  res.writeHead(503, ["Content-Length", "0"]);
  res.end();
}

export function rejectTooLargeHttp2(stream: ServerHttp2Stream): void {
  if (stream.destroyed || stream.closed) return;
  stream.respond({ ":status": 413 }, { endStream: true });
}

let dateSecond = -1;
let dateText = "";

/** RFC 1123 in GMT. */
function httpDate(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(nowMs).toUTCString();
  }
  return dateText;
}

function isStream(body: WireResponse["body"]): body is AsyncIterable<BodyBytes> {
  return typeof body === "object" && Symbol.asyncIterator in body;
}

/** The client has disconnected: a streamed body must still be ended. */
async function abandon(response: WireResponse): Promise<void> {
  if (isStream(response.body)) await response.body[Symbol.asyncIterator]().return?.();
}

async function pump(
  body: AsyncIterable<BodyBytes>,
  target: {
    readonly exchange: HttpExchange;
    readonly sink: Writable;
    /** Destroyed when the bytes can no longer reach the client. */
    readonly transport: Writable;
    readonly context: ServerContext;
  },
): Promise<void> {
  const { exchange, sink, transport } = target;
  exchange.beginStreaming();
  if (target.context.isDraining) exchange.end("the server is stopping");
  try {
    for await (const chunk of body) {
      if (sink.destroyed) return;
      const sent = isPooled(chunk) ? (error?: Error | null) => releaseSent(chunk, error, transport) : undefined;
      if (!sink.write(bytesOf(chunk), sent)) await untilWritable(sink);
    }
  } catch (error) {
    // A body that is ended early may end by throwing; the client must not take any other failure for the end.
    if (!exchange.isEnded) throw error;
  }
  if (!sink.destroyed) sink.end();
}

function isPooled(body: WireResponse["body"]): body is BufferLease {
  return body instanceof BufferLease && body.isPooled;
}

/**
 * Called at the end of a write, when the system has taken the bytes. If their transport died, something may still read them:
 * then they are left to the garbage collector.
 */
function releaseSent(lease: BufferLease, error: Error | null | undefined, transport: Writable): void {
  if (!error && !transport.destroyed) lease[Symbol.dispose]();
}

function untilWritable(sink: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (sink.destroyed) return resolve();
    const done = (): void => {
      sink.off("drain", done);
      sink.off("close", done);
      resolve();
    };
    sink.on("drain", done);
    sink.on("close", done);
  });
}
