import { createServer, type Server, type Socket } from "node:net";
import { connectionCut, connectionsRefused } from "../../telemetry/diagnostic-events.ts";
import type { Clock } from "../../time/clock.ts";
import { EventLoopTick } from "../../time/event-loop-tick.ts";
import type { CertificateAndKeyPem } from "../tls/certificate-and-key-pem.ts";
import { TlsHandshaker } from "../tls/tls-handshaker.ts";
import { bindPorts } from "./bind-ports.ts";
import { BodyBudget } from "./budgets/body-budget.ts";
import { ConnectionBudget } from "./budgets/connection-budget.ts";
import { EncodingBudget } from "./budgets/encoding-budget.ts";
import { HeadBudget } from "./budgets/head-budget.ts";
import { ResponseBudget } from "./budgets/response-budget.ts";
import { ConnectionState } from "./connection-state.ts";
import { detectConnectionProtocol } from "./detect-connection-protocol.ts";
import { enforceTimeouts } from "./enforce-timeouts.ts";
import type { BodyAdmitter, RequestHandler } from "./http-message.ts";
import { Http1FastPath } from "./http1-fast-path.ts";
import { createHttp1Server, type Http1Server } from "./http1-server.ts";
import { serveHttp2 } from "./http2-session.ts";
import type { BodyReader } from "./read-body.ts";
import { RequestIds } from "./request-ids.ts";
import type { ServerContext } from "./server-context.ts";
import { defaultServerLimits, type ServerLimits } from "./server-limits.ts";
import { SwapRemoveSet } from "./swap-remove-set.ts";
import { WasmBodyMemory } from "./wasm-body-memory.ts";

export interface ListenOptions {
  /** Addresses or names; all get the same port. Default: 127.0.0.1 and ::1. */
  readonly hosts?: readonly string[];
  /** 0: any port that is free on all hosts. */
  readonly port: number;
  /** Further ports, on the same hosts. Default: none. */
  readonly alsoPorts?: readonly number[];
  readonly handler: RequestHandler;
  /** Default: all bodies are read up to the limit of a request. */
  readonly admitBody?: BodyAdmitter;
  readonly clock: Clock;
  /** Undefined: a self-signed one is made, in `dataDir` if given, when the first client asks for TLS. */
  readonly tls?: CertificateAndKeyPem | undefined;
  readonly dataDir?: string | undefined;
  readonly limits?: Partial<ServerLimits>;
  /** Source of the request ids' randomness; default: the system's. */
  readonly fillRandom?: (bytes: Uint8Array) => unknown;
}

export interface Listening {
  readonly port: number;
  /** The hosts that were bound; `::1` is missing on a machine without IPv6. */
  readonly hosts: readonly string[];
  /** For later handshakes. */
  useCertificate(certificate: CertificateAndKeyPem): void;
  /** Figures for /metrics by name. */
  figures(): Readonly<Record<string, number>>;
  /**
   * Stops accepting, closes idle connections, ends streams, waits at most `graceMs` for exchanges in flight, then cuts.
   * Calling it again joins the first call.
   */
  close(options: { readonly graceMs: number }): Promise<void>;
}

const loopback = ["127.0.0.1", "::1"];
// The system finds peers that disappeared without closing.
const tcpKeepAliveMs = 60_000;
const drainTimeoutCheckMs = 25;
const acceptedPerCheck = 512;
/** Least time between two reports of refused connections. */
const refusalReportMs = 60_000;

/** Opens one port that speaks TLS, HTTP/2 and HTTP/1.1, distinguished by the first bytes. Throws `StartError`. */
export async function listen(options: ListenOptions): Promise<Listening> {
  const listener = new Listener(options);
  await listener.open();
  return listener;
}

class Listener implements Listening {
  readonly #options: ListenOptions;
  readonly #limits: ServerLimits;
  readonly #connections = new Set<ConnectionState>();
  readonly #context: ServerContext;
  readonly #http1: Http1Server;
  readonly #tls: TlsHandshaker;
  #servers: readonly Server[] = [];
  #port = 0;
  #hosts: readonly string[] = [];
  #acceptedCount = 0;
  /** Connections over the limit since the last report. */
  #refusedCount = 0;
  #nextRefusalReportMs = Number.NEGATIVE_INFINITY;
  #timeoutChecks: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  /** Resolves when the last connection has closed; used after accepting has stopped. */
  #emptied = Promise.withResolvers<void>();

  constructor(options: ListenOptions) {
    this.#options = options;
    this.#limits = { ...defaultServerLimits, ...options.limits };
    const tick = new EventLoopTick();
    this.#context = {
      handler: options.handler,
      limits: this.#limits,
      clock: options.clock,
      ids: new RequestIds(options.fillRandom),
      bodies: {
        budget: new BodyBudget(this.#limits),
        memory: new WasmBodyMemory(),
        receiving: new SwapRemoveSet<BodyReader>(),
        admitBody: options.admitBody ?? (() => ({ bytesMax: this.#limits.requestBytesMax })),
        smallBodyBytesMax: this.#limits.smallBodyBytesMax,
        requestBytesMax: this.#limits.requestBytesMax,
        discardBytesMax: this.#limits.discardBytesMax,
      },
      responses: new ResponseBudget(this.#limits),
      encoding: new EncodingBudget(tick, this.#limits.encodedBytesPerTickMax, () => this.#acceptedCount),
      heads: new HeadBudget(tick, this.#limits, () => this.#acceptedCount),
      tick,
      connections: this.#connections,
      connectionBudget: new ConnectionBudget(this.#limits, () => options.clock.monotonicMs()),
      checkedMs: options.clock.monotonicMs(),
      isDraining: false,
    };
    this.#http1 = createHttp1Server(this.#context);
    this.#tls = new TlsHandshaker({
      certificate: options.tls,
      dataDir: options.dataDir,
      handshakeMsMax: this.#limits.tlsHandshakeMsMax,
      nowMs: () => options.clock.nowMs(),
    });
  }

  get port(): number {
    return this.#port;
  }

  get hosts(): readonly string[] {
    return this.#hosts;
  }

  async open(): Promise<void> {
    const makeServer = (): Server =>
      createServer(
        { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: tcpKeepAliveMs },
        (socket) => this.#accept(socket),
      );
    const { hosts = loopback, port, alsoPorts = [] } = this.#options;
    const bound = await bindPorts(makeServer, { hosts, port, alsoPorts });
    this.#servers = bound.servers;
    this.#port = bound.port;
    this.#hosts = bound.hosts;
    this.#checkTimeoutsEvery(this.#limits.timeoutCheckMs);
  }

  useCertificate(certificate: CertificateAndKeyPem): void {
    this.#tls.useCertificate(certificate);
  }

  figures(): Readonly<Record<string, number>> {
    let requestsInFlight = 0;
    const inPhase = { detecting: 0, handshaking: 0, http1: 0, http2: 0 };
    for (const connection of this.#connections) {
      requestsInFlight += connection.exchanges.size;
      inPhase[connection.phase]++;
    }
    return {
      connections: this.#connections.size,
      connections_detecting: inPhase.detecting,
      connections_handshaking: inPhase.handshaking,
      connections_http1: inPhase.http1,
      connections_http2: inPhase.http2,
      requests_in_flight: requestsInFlight,
      connection_bytes: this.#context.connectionBudget.bytesHeld,
      request_bytes_in_flight: this.#context.bodies.budget.bytesHeld,
      requests_waiting_for_memory: this.#context.bodies.budget.waitingCount,
      response_bytes_in_flight: this.#context.responses.bytesHeld,
      responses_waiting_for_memory: this.#context.responses.waitingCount,
    };
  }

  close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#closing ??= this.#drain(graceMs);
    return this.#closing;
  }

  #accept(socket: Socket): void {
    // Resets and timeouts of clients are common; `close` follows and is handled.
    socket.on("error", () => undefined);
    this.#acceptedCount++;
    if (this.#acceptedCount % acceptedPerCheck === 0) this.#checkIncompleteHeads();
    const connection = new ConnectionState(socket, this.#context);
    if (this.#context.isDraining || !this.#context.connectionBudget.enter(connection)) {
      connectionCut.publish({ reason: "too_many" });
      if (!this.#context.isDraining) this.#reportRefusal();
      socket.destroy();
      return;
    }
    this.#connections.add(connection);
    socket.on("close", () => {
      this.#connections.delete(connection);
      connection.abortExchanges();
      connection.leaveBudgets();
      if (this.#connections.size === 0) this.#emptied.resolve();
    });
    this.#detect(connection, socket);
  }

  /** Besides the check of the timeouts: a flood of connections may bring much in its interval. */
  #checkIncompleteHeads(): void {
    for (const connection of this.#connections) connection.countIncompleteHead();
    this.#context.connectionBudget.enforce();
  }

  /** At once for the first, then with the number of all that followed, at intervals: a flood is not a flood of lines. */
  #reportRefusal(): void {
    this.#refusedCount++;
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs < this.#nextRefusalReportMs) return;
    connectionsRefused.publish({ limit: this.#limits.connectionCountMax, count: this.#refusedCount });
    this.#refusedCount = 0;
    this.#nextRefusalReportMs = nowMs + refusalReportMs;
  }

  /** `socket` is the accepted one, or the TLS socket on top of it where ALPN has not decided the protocol. */
  #detect(connection: ConnectionState, socket: Socket): void {
    let seen: Buffer | undefined;
    const onEnd = (): void => {
      socket.destroy();
    };
    const onData = (chunk: Buffer): void => {
      seen = seen === undefined ? chunk : Buffer.concat([seen, chunk]);
      const protocol = detectConnectionProtocol(seen);
      if (protocol === undefined) return;
      socket.off("data", onData);
      socket.off("end", onEnd);
      if (protocol === "http1") {
        this.#serveHttp1(socket, connection, seen);
        return;
      }
      socket.pause();
      // HTTP/2 and TLS read the handle themselves, and take the bytes back.
      socket.unshift(seen);
      if (protocol === "http2") this.#serveHttp2(socket, connection);
      else if (socket === connection.socket) this.#serveTls(connection);
      else socket.destroy();
    };
    socket.on("data", onData);
    socket.on("end", onEnd);
  }

  #serveHttp1(socket: Socket, connection: ConnectionState, firstBytes?: Buffer): void {
    new Http1FastPath(socket, connection, { context: this.#context, http1: this.#http1 }).serve(firstBytes);
  }

  #serveHttp2(socket: Socket, connection: ConnectionState): void {
    socket.allowHalfOpen = false;
    serveHttp2(socket, connection, this.#context);
  }

  #serveTls(connection: ConnectionState): void {
    connection.socket.allowHalfOpen = false;
    connection.enter("handshaking", this.#options.clock.monotonicMs());
    this.#tls.shakeHands(connection.socket, (secured, protocol) => {
      connection.transport = secured;
      if (this.#context.isDraining) secured.destroy();
      else if (protocol === "h2") serveHttp2(secured, connection, this.#context);
      else if (protocol === "http/1.1") this.#serveHttp1(secured, connection);
      else this.#detectInside(connection, secured);
    });
  }

  /** The AWS SDK for Java, and with it the KCL, speaks HTTP/2 over TLS without ALPN. */
  #detectInside(connection: ConnectionState, secured: Socket): void {
    connection.enter("detecting", this.#options.clock.monotonicMs());
    this.#detect(connection, secured);
  }

  #checkTimeoutsEvery(ms: number): void {
    clearInterval(this.#timeoutChecks);
    this.#timeoutChecks = setInterval(() => enforceTimeouts(this.#context), ms);
    this.#timeoutChecks.unref();
  }

  async #drain(graceMs: number): Promise<void> {
    this.#context.isDraining = true;
    this.#emptied = Promise.withResolvers<void>();
    const stopped = Promise.all(
      this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
    for (const connection of this.#connections) {
      for (const exchange of connection.exchanges.all())
        if (exchange.isStreaming) exchange.end("the server is stopping");
      if (connection.phase === "detecting" || connection.phase === "handshaking") connection.socket.destroy();
      else if (connection.session !== undefined || connection.exchanges.size === 0) connection.closeSoon();
    }
    this.#checkTimeoutsEvery(Math.min(drainTimeoutCheckMs, this.#limits.timeoutCheckMs));
    const grace = setTimeout(() => {
      for (const connection of this.#connections) connection.socket.destroy();
    }, graceMs);
    await stopped;
    if (this.#connections.size > 0) await this.#emptied.promise;
    clearTimeout(grace);
    clearInterval(this.#timeoutChecks);
    this.#http1.close();
  }
}
