import assert from "node:assert/strict";
import { connect, createServer, type Server, type Socket } from "node:net";

export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

/**
 * Passes the first connection on to the first address that takes it, and each later one to the next, as a client goes from
 * server to server. Until it is cut: then nothing passes, and nothing is closed, as behind a lost network.
 */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #connectionCount = 0;
  #isCut = false;
  /** Whether what the other side says is lost, with the connection. */
  losesResponses = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(targets: readonly ProxyTarget[]): Promise<TcpProxy> {
    const server = createServer((inbound) => void proxy.#pass(inbound, targets));
    const proxy = new TcpProxy(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    assert(address !== null && typeof address === "object");
    return address.port;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Connections from before the cut are closed: their bytes are lost. */
  mend(): void {
    this.#isCut = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #pass(inbound: Socket, targets: readonly ProxyTarget[]): Promise<void> {
    this.#sockets.add(inbound);
    inbound.pause().on("error", () => undefined);
    const first = this.#connectionCount++ % targets.length;
    const outbound = await firstOpen([...targets.slice(first), ...targets.slice(0, first)]);
    if (outbound === undefined || inbound.destroyed) {
      this.#sockets.delete(inbound);
      outbound?.destroy();
      return void inbound.destroy();
    }
    for (const [from, to] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      this.#sockets.add(from);
      from.on("data", (bytes) => {
        if (this.losesResponses && from === outbound) inbound.destroy();
        else if (!this.#isCut) to.write(bytes);
      });
      from.on("error", () => undefined);
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#isCut) from.pause();
      else from.resume();
    }
  }
}

async function firstOpen(targets: readonly ProxyTarget[]): Promise<Socket | undefined> {
  for (const target of targets) {
    const socket = connect(target).on("error", () => undefined);
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("close", () => resolve(false));
    });
    if (isOpen) return socket;
  }
  return undefined;
}
