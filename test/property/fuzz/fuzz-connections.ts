import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import type { SignedRequest } from "../../support/signed-request.ts";

export interface FuzzResponse {
  readonly status: number;
  readonly body: string;
}

/** Sends one request at a time; undefined where the connection ended without a response. */
export interface FuzzConnection {
  /** What the connection has done, for faults. */
  readonly history: string;
  send(request: SignedRequest, isEndless: boolean): Promise<FuzzResponse | undefined>;
  close(): void;
}

/** HTTP/1.1 by hand, so that any header can be sent; in chunks now and then. */
export class Http1Fuzz implements FuzzConnection {
  readonly #port: number;
  readonly #isChunked: () => boolean;
  #socket: Socket | undefined;
  #sentCount = 0;
  #lastStatus = 0;

  constructor(port: number, isChunked: () => boolean) {
    this.#port = port;
    this.#isChunked = isChunked;
  }

  async send({ method, url, headers, body }: SignedRequest, isEndless: boolean): Promise<FuzzResponse | undefined> {
    if (this.#socket === undefined) this.#sentCount = 0;
    const socket = this.#socket ?? (await open(this.#port));
    this.#socket = socket;
    this.#sentCount += 1;
    const isChunked = this.#isChunked() && body.length > 0;
    let head = `${method} ${url} HTTP/1.1\r\n`;
    head += isChunked ? "transfer-encoding: chunked\r\n" : `content-length: ${body.length}\r\n`;
    for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
    const middle = body.length >> 1;
    const chunks = [body.subarray(0, middle), body.subarray(middle)].filter(({ length }) => length > 0);
    const sent = isChunked ? Buffer.concat([...chunks.map(chunkOf), Buffer.from("0\r\n\r\n")]) : body;
    socket.write(Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), sent]));
    const response = await responseOf(socket, isEndless);
    if (response !== undefined) this.#lastStatus = response.status;
    if (response === undefined || isEndless || response.isLast) this.close();
    return response;
  }

  get history(): string {
    return `HTTP/1.1, request ${this.#sentCount} of its connection, after a ${this.#lastStatus}`;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

function chunkOf(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}

function responseOf(
  socket: Socket,
  isEndless: boolean,
): Promise<(FuzzResponse & { readonly isLast: boolean }) | undefined> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const end = (response: (FuzzResponse & { readonly isLast: boolean }) | undefined): void => {
      socket.off("data", onData);
      socket.off("close", onClose);
      resolve(response);
    };
    const onClose = (): void => end(undefined);
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const headEnd = received.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const head = received.toString("latin1", 0, headEnd);
      const length = /^content-length: (\d+)\r?$/im.exec(head)?.[1];
      const bodyEnd = headEnd + 4 + Number(length ?? "0");
      if (received.length < bodyEnd) return;
      const body = received.toString("utf8", headEnd + 4, bodyEnd);
      const isLast = /^connection: close\r?$/im.test(head) || (length === undefined && !isEndless);
      end({ status: Number(head.slice(9, 12)), body, isLast });
    };
    socket.on("data", onData);
    socket.on("close", onClose);
    if (socket.destroyed) end(undefined);
  });
}

const forbiddenInHttp2: ReadonlySet<string> = new Set(["host", "connection"]);

export class Http2Fuzz implements FuzzConnection {
  readonly #port: number;
  #session: ClientHttp2Session | undefined;
  #sentCount = 0;
  #lastStatus = 0;
  #ended = "";

  constructor(port: number) {
    this.#port = port;
  }

  get history(): string {
    return `HTTP/2, request ${this.#sentCount} of its session, after a ${this.#lastStatus}${this.#ended}`;
  }

  send({ method, url, headers, body }: SignedRequest, isEndless: boolean): Promise<FuzzResponse | undefined> {
    if (this.#session === undefined || this.#session.closed || this.#session.destroyed) {
      this.#session = connectHttp2(`http://127.0.0.1:${this.#port}`);
      this.#sentCount = 0;
      this.#ended = "";
      this.#session.on("error", (error) => this.#note(String(error)));
      this.#session.on("goaway", (code) => this.#note(`GOAWAY ${code}`));
    }
    this.#sentCount += 1;
    const given = Object.entries(headers).filter(([name]) => !forbiddenInHttp2.has(name));
    const session = this.#session;
    return new Promise((resolve) => {
      const pseudo = { ":method": method, ":path": url, ":authority": headers["host"] ?? "" };
      const stream = session.request({ ...pseudo, ...Object.fromEntries(given) });
      let status = 0;
      const chunks: Buffer[] = [];
      stream.on("error", (error) => this.#note(String(error)));
      stream.on("response", (got) => {
        status = Number(got[":status"]);
        this.#lastStatus = status;
        if (isEndless && status === 200) stream.close();
      });
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("close", () => resolve(status === 0 ? undefined : { status, body: Buffer.concat(chunks).toString() }));
      stream.end(body);
    });
  }

  close(): void {
    this.#session?.destroy();
  }

  #note(what: string): void {
    this.#ended = `${this.#ended}, ${what}`.slice(0, 500);
  }
}
