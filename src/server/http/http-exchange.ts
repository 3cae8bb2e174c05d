import type { IncomingHttpHeaders } from "node:http";
import type { ClientEndpoint } from "../../auth/policy-context.ts";
import type { WireRequest } from "./http-message.ts";
import { type BodyReader, emptyBody } from "./read-body.ts";
import type { SetMember } from "./swap-remove-set.ts";

/** One request from its headers to the last byte of its response. */
export class HttpExchange implements WireRequest, SetMember {
  index = -1;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly peer: ClientEndpoint;
  body: Buffer = emptyBody;
  #reader: BodyReader | undefined;
  #isStreaming = false;
  #endReason: string | undefined;
  #controller: AbortController | undefined;

  constructor(method: string, url: string, headers: IncomingHttpHeaders, peer: ClientEndpoint) {
    this.method = method;
    this.url = url;
    this.headers = headers;
    this.peer = peer;
  }

  // Made on first use: few operations need it.
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#endReason !== undefined) this.#controller.abort(abortError(this.#endReason));
    }
    return this.#controller.signal;
  }

  /** Whether the response is a stream, which a drain ends instead of waiting for it. */
  get isStreaming(): boolean {
    return this.#isStreaming;
  }

  get isEnded(): boolean {
    return this.#endReason !== undefined;
  }

  /** Owns the memory of the reader's body from now on, until `releaseBody()`. */
  ownBody(reader: BodyReader): void {
    this.#reader = reader;
  }

  /** The body is complete. */
  takeBody(): void {
    this.body = this.#reader?.takeBytes() ?? emptyBody;
  }

  releaseBody(): void {
    this.body = emptyBody;
    this.#reader?.release();
    this.#reader = undefined;
  }

  /** Releases the body, because a streamed response lasts for minutes. */
  beginStreaming(): void {
    this.#isStreaming = true;
    this.releaseBody();
  }

  /** Aborts `signal`: the client no longer reads the response. */
  end(reason: string): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    this.#controller?.abort(abortError(reason));
  }
}

function abortError(reason: string): DOMException {
  return new DOMException(reason, "AbortError");
}
