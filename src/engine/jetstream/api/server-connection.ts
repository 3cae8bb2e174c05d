import type { MsgHdrs, NatsConnection, NodeConnectionOptions, Subscription } from "@nats-io/transport-node";
import { EngineError } from "../../engine-error.ts";
import { PendingRequests, type RequestOutcome } from "./pending-requests.ts";

/** How the gateway reaches the servers, and as whom. */
export interface NatsAddress {
  /** `nats://HOST:PORT` or `tls://HOST:PORT`; with a user and password, or a token, if the servers ask for them. */
  readonly urls: readonly string[];
  /** The text of a credentials file (a JWT and a seed). */
  readonly credentials?: string;
  readonly tls?: { readonly ca?: string; readonly certificate?: string; readonly key?: string };
}

/** A silent connection is given up after three pings, and another server is tried. */
const pingMs = 2_000;
const pingsUnansweredMax = 3;
const reconnectPauseMs = 100;
const connectMsMax = 5_000;

export interface NatsReply {
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
}

/** One connection of this gateway to the servers. It is made again by itself for as long as it is not closed. */
export class ServerConnection {
  readonly #connection: NatsConnection;
  readonly #makeHeaders: () => MsgHdrs;
  readonly #makeInbox: () => string;
  readonly #requests: PendingRequests;
  readonly #reconnected = new Set<() => void>();
  readonly #closed = new Set<() => void>();
  #isConnected = true;
  #isClosed = false;

  private constructor(connection: NatsConnection, makeHeaders: () => MsgHdrs, makeInbox: () => string) {
    this.#connection = connection;
    this.#makeHeaders = makeHeaders;
    this.#makeInbox = makeInbox;
    this.#requests = new PendingRequests(connection, makeInbox());
    void this.#watchStatus();
  }

  /** Rejects with `unavailable`. */
  static async open(address: NatsAddress, name: string): Promise<ServerConnection> {
    return await ServerConnection.#open(address, name, {});
  }

  /** One that ends when its server does, and never goes to another one. */
  static async openPinned(address: NatsAddress, name: string): Promise<ServerConnection> {
    return await ServerConnection.#open(address, name, { reconnect: false, ignoreClusterUpdates: true });
  }

  /** The client is loaded here, so that servers with another engine never load it. */
  static async #open(address: NatsAddress, name: string, more: NodeConnectionOptions): Promise<ServerConnection> {
    const { connect, createInbox, headers } = await import("@nats-io/transport-node");
    try {
      const connection = await connect({ ...(await connectOptions(address, name)), ...more });
      return new ServerConnection(connection, headers, () => createInbox());
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const where = address.urls.map(withoutSecrets).join(", ");
      throw new EngineError("unavailable", `No NATS server can be reached at ${where}: ${why}`, { cause: error });
    }
  }

  get isConnected(): boolean {
    return this.#isConnected && !this.#isClosed;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** `HOST:PORT` of the server that this is connected to. */
  get server(): string {
    return this.#connection.getServer();
  }

  get serverName(): string {
    return this.#connection.info?.server_name ?? "";
  }

  get serverVersion(): string {
    return this.#connection.info?.version ?? "";
  }

  get payloadBytesMax(): number {
    return this.#connection.info?.max_payload ?? 0;
  }

  /** `HOST:PORT` of all servers of the cluster that are known. */
  get knownServers(): readonly string[] {
    return this.#connection.info?.connect_urls ?? [];
  }

  /** Sends a request that has one reply. */
  request(
    subject: string,
    data: Uint8Array | string,
    { timeoutMs, headers }: { readonly timeoutMs: number; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<RequestOutcome> {
    const more = headers === undefined ? {} : { headers: this.#headers(headers) };
    return this.#requests.request(subject, data, { timeoutMs, ...more });
  }

  /** Sends a request that has several replies. */
  requestMany(
    subject: string,
    data: string,
    {
      headers,
      onReply,
    }: { readonly headers: Readonly<Record<string, string>>; readonly onReply: (reply: NatsReply) => void },
  ): Disposable {
    const inbox = this.#makeInbox();
    const subscription = this.subscribe(inbox, onReply);
    const hasHeaders = Object.keys(headers).length > 0;
    this.#connection.publish(subject, data, {
      reply: inbox,
      ...(hasHeaders ? { headers: this.#headers(headers) } : {}),
    });
    return subscription;
  }

  subscribe(subject: string, receive: (message: NatsReply) => void): Disposable {
    const subscription: Subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) receive({ data: message.data, headers: message.headers });
      },
    });
    return { [Symbol.dispose]: () => subscription.unsubscribe() };
  }

  /** Resolves when the server has processed everything that was sent before, such as a subscription, or at the close. */
  async flush(): Promise<void> {
    const closed = Promise.withResolvers<void>();
    using _ = this.onClose(closed.resolve);
    await Promise.race([this.#connection.flush(), closed.promise]);
  }

  /** Calls `notify` when this is closed: requests with several replies get no more of them. */
  onClose(notify: () => void): Disposable {
    this.#closed.add(notify);
    return { [Symbol.dispose]: () => this.#closed.delete(notify) };
  }

  /** Calls `notify` after each reconnection: pushes may have been missed meanwhile. */
  onReconnect(notify: () => void): Disposable {
    this.#reconnected.add(notify);
    return { [Symbol.dispose]: () => this.#reconnected.delete(notify) };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const notify of [...this.#closed]) notify();
    this.#requests.close();
    await this.#connection.close();
  }

  #headers(values: Readonly<Record<string, string>>): MsgHdrs {
    const headers = this.#makeHeaders();
    for (const [name, value] of Object.entries(values)) headers.set(name, value);
    return headers;
  }

  async #watchStatus(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === "disconnect" || status.type === "close") this.#isConnected = false;
      if (status.type !== "reconnect") continue;
      this.#isConnected = true;
      for (const notify of this.#reconnected) notify();
    }
  }
}

async function connectOptions({ urls, credentials, tls }: NatsAddress, name: string): Promise<NodeConnectionOptions> {
  const { credsAuthenticator } = await import("@nats-io/transport-node");
  const [first] = urls.map((url) => new URL(url));
  const secured = urls.some((url) => url.startsWith("tls:"));
  return {
    servers: urls.map((url) => new URL(url).host),
    name,
    ...loginOf(first),
    timeout: connectMsMax,
    pingInterval: pingMs,
    maxPingOut: pingsUnansweredMax,
    reconnectTimeWait: reconnectPauseMs,
    maxReconnectAttempts: -1,
    ...(credentials === undefined ? {} : { authenticator: credsAuthenticator(new TextEncoder().encode(credentials)) }),
    ...(tls === undefined && !secured
      ? {}
      : {
          tls: {
            ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls?.certificate === undefined ? {} : { cert: tls.certificate }),
            ...(tls?.key === undefined ? {} : { key: tls.key }),
          },
        }),
  };
}

/** `nats://USER:PASSWORD@HOST`, or `nats://TOKEN@HOST`; all servers of a cluster take the same. */
function loginOf(url: URL | undefined): NodeConnectionOptions {
  if (url === undefined || url.username === "") return {};
  const [user, pass] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  return pass === "" ? { token: user } : { user, pass };
}

function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//");
}
