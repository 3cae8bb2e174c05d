import type { IncomingHttpHeaders } from "node:http";
import type { Peer } from "../../auth/policy-context.ts";
import type { WireRequest } from "./http-message.ts";
import { type BodyReader, emptyBody } from "./read-body.ts";
import type { SetMember } from "./swap-remove-set.ts";

/** One request from its headers to the last byte of its answer. */
export class HttpExchange implements WireRequest, SetMember {
  place = -1;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly peer: Peer;
  body: Buffer = emptyBody;
  #reader: BodyReader | undefined;
  #isStreaming = false;
  #endReason: string | undefined;
  #controller: AbortController | undefined;

  constructor(method: string, url: string, headers: IncomingHttpHeaders, peer: Peer) {
    this.method = method;
    this.url = url;
    this.headers = headers;
    this.peer = peer;
  }

  // Made on first use: most operations never look at it, and it costs as much as the rest of this object.
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#endReason !== undefined) this.#controller.abort(abortError(this.#endReason));
    }
    return this.#controller.signal;
  }

  /** Whether the answer is a stream, which a drain ends instead of waiting for it. */
  get isStreaming(): boolean {
    return this.#isStreaming;
  }

  get isEnded(): boolean {
    return this.#endReason !== undefined;
  }

  /** The body is whole and its memory is this exchange's, until `releaseBody()`. */
  takeBody(reader: BodyReader): void {
    this.#reader = reader;
    this.body = reader.takeBytes();
  }

  releaseBody(): void {
    this.body = emptyBody;
    this.#reader?.release();
    this.#reader = undefined;
  }

  /** A stream lasts for minutes; the body it was asked for with must not take memory for as long. */
  beginStreaming(): void {
    this.#isStreaming = true;
    this.releaseBody();
  }

  /** Tells the handler that nobody waits for (more of) the answer. */
  end(reason: string): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    this.#controller?.abort(abortError(reason));
  }
}

function abortError(reason: string): DOMException {
  return new DOMException(reason, "AbortError");
}
