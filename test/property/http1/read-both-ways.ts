/** Gives the same bytes to the fast path and to node:http, and says where they differ. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { BodyBudget } from "../../../src/server/http/budgets/body-budget.ts";
import { ConnectionBudget } from "../../../src/server/http/budgets/connection-budget.ts";
import { EncodingBudget } from "../../../src/server/http/budgets/encoding-budget.ts";
import { HeadBudget } from "../../../src/server/http/budgets/head-budget.ts";
import { ResponseBudget } from "../../../src/server/http/budgets/response-budget.ts";
import { ConnectionState } from "../../../src/server/http/connection-state.ts";
import type { WireRequest } from "../../../src/server/http/http-message.ts";
import { Http1FastPath } from "../../../src/server/http/http1-fast-path.ts";
import { createHttp1Server } from "../../../src/server/http/http1-server.ts";
import type { BodyReader } from "../../../src/server/http/read-body.ts";
import { RequestIds } from "../../../src/server/http/request-ids.ts";
import type { ServerContext } from "../../../src/server/http/server-context.ts";
import { defaultServerLimits } from "../../../src/server/http/server-limits.ts";
import { SwapRemoveSet } from "../../../src/server/http/swap-remove-set.ts";
import { WasmBodyMemory } from "../../../src/server/http/wasm-body-memory.ts";
import { EventLoopTick } from "../../../src/time/event-loop-tick.ts";
import { systemClock } from "../../../src/time/system-clock.ts";

/** What a server has made of a request. */
interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Requests that the fast path served, and the bytes that it handed over. */
export interface FastResult {
  readonly requests: readonly SeenRequest[];
  readonly rest: Buffer;
}

/** The bytes of one connection, in the pieces that arrive. */
export type Pieces = readonly Buffer[];

/** One end of a connection in memory. */
class MemorySocket extends Duplex {
  written = "";
  readonly remoteAddress = "127.0.0.1";
  readonly bytesRead = 0;

  constructor() {
    super({ allowHalfOpen: true });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString("latin1");
    done();
  }

  setTimeout(): this {
    return this;
  }

  destroySoon(): void {
    this.destroy();
  }

  asSocket(): Socket {
    return this as unknown as Socket;
  }
}

const quietTurnsMin = 3;
const nextTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Sends the pieces to the fast path, each in a turn of its own where `isSlow`, else as fast as they are read. */
export async function readFast(pieces: Pieces, { isSlow }: { readonly isSlow: boolean }): Promise<FastResult> {
  const requests: SeenRequest[] = [];
  const rest: Buffer[] = [];
  const context = contextWith((request) => requests.push(seen(request)));
  const socket = new MemorySocket();
  const http1 = {
    serve: (transport: Duplex): void => {
      transport.on("data", (chunk: Buffer) => rest.push(chunk));
    },
    close: (): void => {},
  };
  const connection = new ConnectionState(socket.asSocket(), context);
  new Http1FastPath(socket.asSocket(), connection, { context, http1 }).serve();
  for (const piece of pieces) {
    socket.push(piece);
    if (isSlow) await settled(() => requests.length + rest.length);
  }
  // Each served request ends with a turn of the loop.
  await settled(() => requests.length + rest.length);
  // An incomplete request is handed over by the check of the timeouts.
  connection.fastPath?.enforceTimeouts(Number.POSITIVE_INFINITY);
  await nextTick();
  socket.destroy();
  return { requests, rest: Buffer.concat(rest) };
}

/** Requests that were handled, and whether a response closed the connection. */
export interface ServedResult {
  readonly requests: readonly SeenRequest[];
  readonly isClosed: boolean;
}

/** Serves the pieces by node:http as the listener does, head by head. */
export async function readByHeads(pieces: Pieces): Promise<ServedResult> {
  const requests: SeenRequest[] = [];
  // Few heads in a tick, so that most wait.
  const limits = { ...defaultServerLimits, headBytesPerTickMax: 1, resumedPerTickMax: 2 };
  const context = contextWith((request) => requests.push(seen(request)), limits);
  const http1 = createHttp1Server(context);
  const socket = new MemorySocket();
  http1.serve(socket.asSocket(), new ConnectionState(socket.asSocket(), context));
  for (const piece of pieces) socket.push(piece);
  socket.push(null);
  // A tick for each piece brings no request before its end.
  while (!socket.readableEnded && !socket.closed) await nextTick();
  await settled(() => requests.length);
  socket.destroy();
  http1.close();
  return { requests, isClosed: /^connection: close\r$/im.test(socket.written) };
}

function seen({ method, url, headers, body }: WireRequest): SeenRequest {
  return { method, url, headers: { ...headers } as Record<string, string>, body: body.toString("latin1") };
}

function contextWith(onRequest: (request: WireRequest) => void, limits = defaultServerLimits): ServerContext {
  const tick = new EventLoopTick();
  return {
    handler: async (request) => {
      onRequest(request);
      return { status: 200, headers: {}, body: "" };
    },
    limits,
    clock: systemClock,
    ids: new RequestIds((bytes) => bytes.fill(7)),
    bodies: {
      budget: new BodyBudget(limits),
      memory: new WasmBodyMemory(),
      receiving: new SwapRemoveSet<BodyReader>(),
      admitBody: () => ({ bytesMax: limits.requestBytesMax }),
      smallBodyBytesMax: limits.smallBodyBytesMax,
      requestBytesMax: limits.requestBytesMax,
      discardBytesMax: limits.discardBytesMax,
    },
    responses: new ResponseBudget(limits),
    encoding: new EncodingBudget(tick, limits.encodedBytesPerTickMax, () => 0),
    heads: new HeadBudget(tick, limits, () => 0),
    tick,
    connections: new Set(),
    connectionBudget: new ConnectionBudget(limits, () => systemClock.monotonicMs()),
    checkedMs: 0,
    isDraining: false,
  };
}

/** What node:http has made of one connection. */
interface NodeResult {
  readonly requests: SeenRequest[];
  hasError: boolean;
}

/** node:http with the settings of the listener. */
export class NodeReader {
  readonly #server: Server;
  readonly #results = new WeakMap<object, NodeResult>();

  constructor() {
    this.#server = createServer({ maxHeaderSize: defaultServerLimits.headerBytesMax, keepAliveTimeout: 0 });
    this.#server.maxHeadersCount = 0;
    this.#server.on("request", (req: IncomingMessage, res: ServerResponse) => {
      const result = this.#resultOf(req.socket);
      const chunks: Buffer[] = [];
      req.on("data", (chunk: Buffer) => chunks.push(chunk));
      req.on("end", () => {
        const { method = "", url = "", headers } = req;
        const body = Buffer.concat(chunks).toString("latin1");
        result.requests.push({ method, url, headers: { ...headers } as Record<string, string>, body });
        res.end();
      });
    });
    this.#server.on("clientError", (_error, socket: Duplex) => {
      this.#resultOf(socket).hasError = true;
    });
  }

  /** The requests in the bytes; undefined if there is an error, or a request is incomplete. */
  async read(bytes: Buffer): Promise<readonly SeenRequest[] | undefined> {
    const { hasError, requests } = await this.readUpToError(bytes);
    return hasError ? undefined : requests;
  }

  /** The requests in the bytes, and whether an error ended them. */
  async readUpToError(bytes: Buffer): Promise<Readonly<NodeResult>> {
    const socket = new MemorySocket();
    const result: NodeResult = { requests: [], hasError: false };
    this.#results.set(socket, result);
    this.#server.emit("connection", socket.asSocket());
    socket.push(bytes);
    socket.push(null);
    await settled(() => result.requests.length);
    socket.destroy();
    return result;
  }

  #resultOf(socket: object): NodeResult {
    const result = this.#results.get(socket);
    assert(result !== undefined, "a connection of read()");
    return result;
  }
}

/** Resolves when a count has stayed the same for some turns of the loop. */
async function settled(countOf: () => number): Promise<void> {
  let last = -1;
  for (let quietTurns = 0; quietTurns < quietTurnsMin; ) {
    await nextTick();
    const count = countOf();
    quietTurns = count === last ? quietTurns + 1 : 0;
    last = count;
  }
}

/**
 * What is wrong with the result for the pieces; undefined if nothing. Every byte must be either part of a served request or
 * handed over, and node:http must find exactly the served requests in the bytes that were not handed over.
 */
export async function faultOf(
  pieces: Pieces,
  { requests, rest }: FastResult,
  node: Pick<NodeReader, "read">,
): Promise<string | undefined> {
  const all = Buffer.concat(pieces);
  const served = all.subarray(0, all.length - rest.length);
  if (rest.length > all.length || !rest.equals(all.subarray(served.length)))
    return "the bytes handed over are not the end of what came";
  if (served.length === 0) return requests.length === 0 ? undefined : "a request was served without its bytes";
  const expected = await node.read(served);
  if (expected === undefined) return "node:http refuses the bytes of the served requests";
  if (JSON.stringify(expected) !== JSON.stringify(requests)) return `node:http reads ${JSON.stringify(expected)}`;
  return undefined;
}
