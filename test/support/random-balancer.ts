/** Passes each request on to one of several servers, chosen at random, over HTTP/1.1; clients may speak HTTP/2 and TLS. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

/** The first bytes of HTTP/2 without TLS. */
const http2Preface = "PRI * HTTP/2";
/** What one hop says to the next, and HTTP/2 forbids. */
const hopHeaders = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection"]);

type Incoming = IncomingMessage | Http2ServerRequest;
type Outgoing = ServerResponse | Http2ServerResponse;

export interface RandomBalancerOptions {
  /** Origins of the servers. */
  readonly endpoints: readonly string[];
  /** 0 to 1, exclusive. */
  readonly random: () => number;
  /** PEM, of `localhost`; with it a second port takes TLS. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

export class RandomBalancer implements AsyncDisposable {
  /** Requests by server, in the order of the endpoints. */
  readonly counts: number[];
  readonly #options: RandomBalancerOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #secureServer: Server | undefined;

  private constructor(options: RandomBalancerOptions) {
    this.#options = options;
    this.counts = options.endpoints.map(() => 0);
    const http1 = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => this.#pass(incoming, outgoing));
    const http2 = createHttp2Server((incoming, outgoing) => this.#pass(incoming, outgoing));
    const accept = (socket: Socket): void => {
      this.#track(socket);
      socket.once("readable", () => {
        const first = socket.read() as Buffer | null;
        if (first === null) return;
        socket.unshift(first);
        const isHttp2 = first.toString("latin1", 0, http2Preface.length) === http2Preface;
        (isHttp2 ? http2 : http1).emit("connection", socket);
      });
    };
    this.#server = createTcpServer(accept);
    const { certificate } = options;
    if (certificate === undefined) return;
    this.#secureServer = createTlsServer({ ...certificate, ALPNProtocols: ["h2", "http/1.1"] }, (socket) => {
      // The AWS SDK for Java speaks HTTP/2 without ALPN, which Node's server refuses.
      Object.defineProperty(socket, "alpnProtocol", { value: "h2" });
      accept(socket);
    });
    this.#secureServer.on("connection", (socket: Socket) => this.#track(socket));
  }

  static async start(options: RandomBalancerOptions): Promise<RandomBalancer> {
    const balancer = new RandomBalancer(options);
    balancer.#server.listen(0, "127.0.0.1");
    await once(balancer.#server, "listening");
    if (balancer.#secureServer !== undefined) {
      balancer.#secureServer.listen(0, "127.0.0.1");
      await once(balancer.#secureServer, "listening");
    }
    return balancer;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** For clients that trust the certificate. */
  get secureEndpoint(): string {
    assert(this.#secureServer !== undefined);
    return `https://localhost:${(this.#secureServer.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await new Promise<void>((resolve) => {
      if (this.#secureServer === undefined) resolve();
      else this.#secureServer.close(() => resolve());
    });
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  }

  #pass(incoming: Incoming, outgoing: Outgoing): void {
    const { endpoints, random } = this.#options;
    const index = Math.floor(random() * endpoints.length);
    const endpoint = endpoints[index];
    assert(endpoint !== undefined);
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    const headers = Object.entries(incoming.headers).filter(([name]) => !name.startsWith(":") && !hopHeaders.has(name));
    const authority = incoming.headers[":authority"];
    const host = authority === undefined ? {} : { host: String(authority) };
    const passed = request(endpoint, {
      method: incoming.method,
      path: incoming.url,
      headers: { ...Object.fromEntries(headers), ...host },
      agent: this.#agent,
    });
    outgoing.once("close", () => passed.destroy());
    passed.once("error", () => {
      // As a balancer does whose server has gone.
      if (!outgoing.headersSent) outgoing.statusCode = 502;
      outgoing.end();
    });
    passed.once("response", (response) => {
      outgoing.statusCode = response.statusCode ?? 502;
      for (const [name, value] of Object.entries(response.headers)) {
        if (value !== undefined && !hopHeaders.has(name)) outgoing.setHeader(name, value);
      }
      response.pipe(outgoing as NodeJS.WritableStream);
    });
    incoming.pipe(passed);
  }
}
