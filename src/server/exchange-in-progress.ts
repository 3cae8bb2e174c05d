// Hot path.
import type { IncomingHttpHeaders } from "node:http";
import type { WireRequest } from "./exchange.ts";
import { emptyBody } from "./read-body.ts";

/** One request from its headers to the last byte of its answer. */
export class ExchangeInProgress implements WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  body: Buffer = emptyBody;
  /** Whether the answer is a stream, which a drain ends instead of waiting for it. */
  isStreaming = false;
  #leaving: unknown;
  #controller: AbortController | undefined;

  constructor(method: string, url: string, headers: IncomingHttpHeaders) {
    this.method = method;
    this.url = url;
    this.headers = headers;
  }

  // Made on first use: most operations never look at it, and it costs as much as the rest of this object.
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#leaving !== undefined) this.#controller.abort(this.#leaving);
    }
    return this.#controller.signal;
  }

  get isEnded(): boolean {
    return this.#leaving !== undefined;
  }

  /** Tells the handler that nobody waits for (more of) the answer. */
  end(reason: string): void {
    if (this.#leaving !== undefined) return;
    this.#leaving = new DOMException(reason, "AbortError");
    this.#controller?.abort(this.#leaving);
  }
}
