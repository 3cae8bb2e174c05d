import { type DirectGet, directGet, type StoredMessage } from "../api/direct-get.ts";
import { type NatsAddress, ServerConnection } from "../api/server-connection.ts";

/**
 * The replicas that the gateway's own connection does not reach: a server answers a read itself if it has a replica, so
 * each is asked over a connection to its own server. Only for what is missing elsewhere.
 */
export class OtherReplicas {
  readonly #address: NatsAddress;
  readonly #connection: ServerConnection;

  constructor(address: NatsAddress, connection: ServerConnection) {
    this.#address = address;
    this.#connection = connection;
  }

  /** The first message that a server has and that is accepted. Undefined: none; servers that do not answer are passed over. */
  async find(get: DirectGet, accepts: (message: StoredMessage) => boolean): Promise<StoredMessage | undefined> {
    for (const url of this.#urls()) {
      try {
        const connection = await ServerConnection.open({ ...this.#address, urls: [url] }, "millrace-repair");
        try {
          const { messages } = await directGet(connection, get);
          const message = messages.find(accepts);
          if (message !== undefined) return message;
        } finally {
          await connection.close();
        }
      } catch {
        // This server is down or has no replica; the next one may have it.
      }
    }
    return undefined;
  }

  /** Those that were configured, which have user and password, and those that the servers tell of. */
  #urls(): readonly string[] {
    const configured = new Set(this.#address.urls);
    const known = [...configured].map((url) => url.replace(/^.*@|^[a-z]+:\/\//, ""));
    const told = this.#connection.knownServers.filter((server) => !known.includes(server));
    return [...configured, ...told];
  }
}
