import { hash } from "node:crypto";

/** Up to here a digest takes less of the main thread than handing it to another one would. */
const digestHereBytesMax = 16 * 1024;

/** On the thread pool at once. The log's writes use the same threads and must not queue behind digests. */
const digestsAtOnceMax = 2;

/**
 * SHA-256 of request bodies: of small ones at once, of large ones off the main thread. Those that wait are bounded by the
 * bytes of requests that the server holds in flight.
 */
export class BodyDigests {
  readonly #waiting: (() => void)[] = [];
  #runningCount = 0;

  /** Hexadecimal. The body must stay as it is until the promise settles. */
  of(body: Uint8Array): string | Promise<string> {
    return body.length <= digestHereBytesMax ? hash("sha256", body, "hex") : this.#elsewhere(body);
  }

  async #elsewhere(body: Uint8Array): Promise<string> {
    if (this.#runningCount >= digestsAtOnceMax) {
      const turn = Promise.withResolvers<void>();
      this.#waiting.push(turn.resolve);
      await turn.promise;
    } else this.#runningCount += 1;
    try {
      // A body lies in ordinary memory; the type allows for memory shared between threads, which it never is.
      const digest = await crypto.subtle.digest("SHA-256", body as Uint8Array<ArrayBuffer>);
      return Buffer.from(digest).toString("hex");
    } finally {
      // The place is handed on, not given back: a newcomer must not overtake those that wait.
      const next = this.#waiting.shift();
      if (next === undefined) this.#runningCount -= 1;
      else next();
    }
  }
}
