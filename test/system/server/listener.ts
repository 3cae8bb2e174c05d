import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { connect, type Socket } from "node:net";
import type { TestContext } from "node:test";
import type { RequestHandler } from "../../../src/server/http/http-message.ts";
import { type Listening, type ListenOptions, listen } from "../../../src/server/http/listen.ts";
import { systemClock } from "../../../src/time/system-clock.ts";

/** Answers with what it was sent. */
export const echo: RequestHandler = async (request) => ({
  status: 200,
  headers: { "Content-Type": "application/octet-stream", "X-Seen": `${request.method} ${request.url}` },
  body: Buffer.from(request.body),
});

/** A listener on a free port of 127.0.0.1, closed at the end of the test. */
export async function startListener(t: TestContext, options: Partial<ListenOptions> = {}): Promise<Listening> {
  const listening = await listen({ hosts: ["127.0.0.1"], port: 0, clock: systemClock, handler: echo, ...options });
  t.after(() => listening.close({ graceMs: 0 }));
  return listening;
}

/** A raw connection; never throws on its own. */
export async function rawConnection(t: TestContext, port: number, firstBytes?: string): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined);
  t.after(() => socket.destroy());
  await once(socket, "connect");
  if (firstBytes !== undefined) socket.write(firstBytes);
  return socket;
}

/** Everything that the server sends until it closes. */
export async function readToClose(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    text += chunk;
  });
  socket.on("end", () => socket.end());
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
  return text;
}

/** Collects until `wanted` has come. */
export function readUntil(socket: Socket, wanted: string): Promise<string> {
  let text = "";
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      text += chunk.toString("latin1");
      if (!text.includes(wanted)) return;
      socket.off("data", onData);
      resolve(text);
    };
    socket.on("data", onData);
    socket.on("close", () => reject(new Error(`closed after ${JSON.stringify(text)}`)));
  });
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

/** One HTTP/1.1 request on a connection of its own. */
export async function request1(
  port: number,
  options: http.RequestOptions & { readonly payload?: Buffer | string } = {},
): Promise<HttpResponse> {
  const { payload, ...rest } = options;
  const request = http.request({ port, host: "127.0.0.1", method: "POST", path: "/", agent: false, ...rest });
  request.end(payload);
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

/** A session over plain text with prior knowledge. */
export function session2(t: TestContext, port: number): http2.ClientHttp2Session {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  t.after(() => session.destroy());
  return session;
}

export async function request2(
  session: http2.ClientHttp2Session,
  options: { readonly payload?: Buffer | string; readonly headers?: http2.OutgoingHttpHeaders } = {},
): Promise<HttpResponse> {
  const stream = session.request({ ":method": "POST", ":path": "/", ...options.headers });
  stream.end(options.payload);
  const [headers] = (await once(stream, "response")) as [http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader];
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return { status: headers[":status"] ?? 0, headers, body: Buffer.concat(chunks) };
}

/** A grace that no test outlives: a drain that waits for its end hangs, and the runner's limit names the test. */
export const endlessGraceMs = 600_000;

/** Resolves when `condition` holds; for states that no event announces. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await systemClock.delay(2);
}

export async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}
