/**
 * One keep-alive HTTP/1.1 connection with one request at a time. It costs the load process a fraction of what node:http's
 * client does, so that a figure shows the server and not its client.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Answer, type Connection, host, type PreparedRequest } from "./wire.ts";

const headEnd = Buffer.from("\r\n\r\n");
const lastChunk = Buffer.from("0\r\n\r\n");

interface Waiter {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

interface Target {
  readonly port: number;
  readonly isTls: boolean;
}

export class RawConnection implements Connection {
  readonly #target: Target;
  #socket: Socket;
  #waiter: Waiter | undefined;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  #status = 0;
  /** Bytes of the head, 0 while it is incomplete. */
  #headBytes = 0;
  /** Bytes of the whole response; Infinity if the body is chunked. */
  #responseBytes = 0;
  /** Whether the server ends the connection with this answer. */
  #isLast = false;

  private constructor(target: Target, socket: Socket) {
    this.#target = target;
    this.#socket = socket;
    this.#listen();
  }

  static async open(port: number, { isTls }: { readonly isTls: boolean }): Promise<RawConnection> {
    const target = { port, isTls };
    return new RawConnection(target, await openSocket(target));
  }

  send(request: PreparedRequest): Promise<Answer> {
    return this.sendBytes(bytesOf(request));
  }

  /** All of a request, as `bytesOf()` puts it together. */
  async sendBytes(bytes: Buffer): Promise<Answer> {
    if (this.#isLast) await this.#reopen();
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#socket.write(bytes);
    });
  }

  close(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the server closed the connection")));
  }

  /** A server that ends each connection after one answer pays for every next one. */
  async #reopen(): Promise<void> {
    this.close();
    this.#socket = await openSocket(this.#target);
    this.#isLast = false;
    this.#listen();
  }

  #receive(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#receivedBytes += chunk.length;
    if (this.#headBytes === 0 && !this.#readHead()) return;
    if (this.#responseBytes === Number.POSITIVE_INFINITY) this.#finishChunked();
    else if (this.#receivedBytes >= this.#responseBytes) {
      this.#finish(this.#joined().subarray(this.#headBytes, this.#responseBytes));
    }
  }

  #readHead(): boolean {
    const bytes = this.#joined();
    const end = bytes.indexOf(headEnd);
    if (end < 0) return false;
    const head = bytes.toString("latin1", 0, end).toLowerCase();
    this.#status = Number(head.slice(9, 12));
    this.#headBytes = end + headEnd.length;
    this.#isLast = /\nconnection: *close/.test(head);
    const length = /\ncontent-length: *(\d+)/.exec(head)?.[1];
    const chunked = length === undefined && /\ntransfer-encoding: *chunked/.test(head);
    this.#responseBytes = chunked ? Number.POSITIVE_INFINITY : this.#headBytes + Number(length ?? 0);
    return true;
  }

  #finishChunked(): void {
    const bytes = this.#joined();
    if (!bytes.subarray(-lastChunk.length).equals(lastChunk)) return;
    const chunks: Buffer[] = [];
    for (let at = this.#headBytes; ; ) {
      const lineEnd = bytes.indexOf("\r\n", at);
      if (lineEnd < 0) return;
      const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
      if (size === 0) break;
      at = lineEnd + 2 + size + 2;
      if (at > bytes.length) return;
      chunks.push(bytes.subarray(lineEnd + 2, at - 2));
    }
    this.#finish(Buffer.concat(chunks));
  }

  #joined(): Buffer {
    const [first, ...rest] = this.#received;
    if (first !== undefined && rest.length === 0) return first;
    const joined = Buffer.concat(this.#received, this.#receivedBytes);
    this.#received = [joined];
    return joined;
  }

  #finish(body: Buffer): void {
    this.#received = [];
    this.#receivedBytes = 0;
    this.#headBytes = 0;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.resolve({ status: this.#status, body });
  }

  #fail(error: Error): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.reject(error);
  }
}

async function openSocket({ port, isTls }: Target): Promise<Socket> {
  // The server's certificate is its own.
  const socket = isTls ? connectTls({ host, port, rejectUnauthorized: false }) : connect({ host, port });
  await once(socket, isTls ? "secureConnect" : "connect");
  socket.setNoDelay(true);
  return socket;
}

/** Requests that are sent again and again are put together once. */
const bytesOfRequest = new WeakMap<PreparedRequest, Buffer>();

export function bytesOf(request: PreparedRequest): Buffer {
  const known = bytesOfRequest.get(request);
  if (known !== undefined) return known;
  let head = `POST / HTTP/1.1\r\nhost: ${host}\r\ncontent-length: ${request.body.length}\r\nconnection: keep-alive\r\n`;
  for (const [name, value] of Object.entries(request.headers)) head += `${name}: ${value}\r\n`;
  const bytes = Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), request.body]);
  bytesOfRequest.set(request, bytes);
  return bytes;
}
