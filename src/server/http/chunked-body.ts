import type { Socket } from "node:net";
import { Writable } from "node:stream";

const lineEnd = "\r\n";
const lastChunk = "0\r\n\r\n";

/** The body of one response over HTTP/1.1 with `Transfer-Encoding: chunked`, a chunk for each write. It leaves the socket open. */
export class ChunkedBody extends Writable {
  readonly #socket: Socket;
  readonly #onClose = (): void => {
    this.destroy();
  };

  constructor(socket: Socket) {
    super({ decodeStrings: true });
    this.#socket = socket;
    socket.on("close", this.#onClose);
    // A client that has left fails a write before its socket closes; without a listener that would end the process.
    this.on("error", () => undefined);
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    // An empty chunk would end the body.
    if (chunk.length === 0) {
      done();
      return;
    }
    const socket = this.#socket;
    socket.cork();
    socket.write(chunk.length.toString(16) + lineEnd, "latin1");
    socket.write(chunk);
    socket.write(lineEnd, "latin1", done);
    socket.uncork();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.write(lastChunk, "latin1", done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.off("close", this.#onClose);
    done(error);
  }
}
