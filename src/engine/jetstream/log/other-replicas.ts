import { type DirectGet, type DirectGetAnswer, directGet } from "../api/direct-get.ts";
import { type NatsAddress, ServerConnection } from "../api/server-connection.ts";

/**
 * The replicas that the gateway's own connection does not reach: a server answers a read itself if it has a replica, so
 * each is asked over a connection to its own server.
 */
export class OtherReplicas {
  readonly #address: NatsAddress;
  readonly #own: ServerConnection;
  /** By `HOST:PORT`. */
  readonly #connections = new Map<string, ServerConnection>();

  constructor(address: NatsAddress, own: ServerConnection) {
    this.#address = address;
    this.#own = own;
  }

  /** What each other server answers to a read. Servers that do not answer are passed over. */
  async *answers(get: DirectGet): AsyncGenerator<DirectGetAnswer, undefined> {
    for (const server of this.#servers()) {
      let answer: DirectGetAnswer;
      try {
        answer = await directGet(await this.#connect(server), get);
      } catch {
        // This server is down or has no replica; the next one may have it.
        continue;
      }
      yield answer;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()));
  }

  #servers(): readonly string[] {
    const configured = this.#address.urls.map((url) => new URL(url).host);
    const all = new Set([...this.#own.knownServers, ...(this.#own.knownServers.length === 0 ? configured : [])]);
    return [...all].filter((server) => server !== this.#own.server);
  }

  /** With the login of the configured addresses. */
  async #connect(server: string): Promise<ServerConnection> {
    const known = this.#connections.get(server);
    if (known?.isConnected === true) return known;
    await known?.close();
    const url = new URL(this.#address.urls[0] ?? "nats://");
    url.host = server;
    const connection = await ServerConnection.openPinned({ ...this.#address, urls: [url.href] }, "millrace-replicas");
    this.#connections.set(server, connection);
    return connection;
  }
}
