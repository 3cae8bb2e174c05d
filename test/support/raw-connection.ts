import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { SignedRequest } from "./signed-request.ts";

export interface RawAnswer {
  readonly status: number;
  /** The error's type; empty in an answer that is none. */
  readonly type: string;
  readonly message: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** HTTP/1.1 as bytes, one request at a time: headers go out exactly as they are given, the host too. */
export class RawConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #arrived = Promise.withResolvers<void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      this.#arrived.resolve();
    });
    socket.on("close", () => this.#arrived.reject(new Error("the server closed the connection")));
    socket.on("error", () => undefined);
    this.#arrived.promise.catch(() => undefined);
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    return new RawConnection(socket);
  }

  async send({ method, url, headers, body }: SignedRequest): Promise<RawAnswer> {
    let head = `${method} ${url} HTTP/1.1\r\ncontent-length: ${body.length}\r\n`;
    for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
    this.#socket.write(Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), body]));
    for (;;) {
      const answer = this.#take();
      if (answer !== undefined) return answer;
      await this.#arrived.promise;
      this.#arrived = Promise.withResolvers<void>();
      this.#arrived.promise.catch(() => undefined);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(): RawAnswer | undefined {
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd < 0) return undefined;
    const head = this.#received.toString("latin1", 0, headEnd);
    const end = headEnd + 4 + Number(/^content-length: (\d+)\r?$/im.exec(head)?.[1]);
    if (this.#received.length < end) return undefined;
    const text = this.#received.toString("utf8", headEnd + 4, end);
    this.#received = this.#received.subarray(end);
    const json = (text.startsWith("{") ? JSON.parse(text) : {}) as Record<string, unknown>;
    return {
      status: Number(head.slice(9, 12)),
      type: String(json["__type"] ?? ""),
      message: String(json["message"] ?? json["Message"] ?? ""),
      json,
    };
  }
}
