import type { IncomingHttpHeaders } from "node:http";

/** One complete HTTP request, whichever HTTP version carried it. */
export interface WireRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  /** Lower-case names; HTTP/2's `:authority` is given as `host`. */
  readonly headers: IncomingHttpHeaders;
  /** The whole body, or undefined when it was over the limit (answered 413). Valid until the answer is written. */
  readonly body: Buffer;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
}

/** One answer. A streamed body is pulled only as fast as the client reads. */
export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string | AsyncIterable<Uint8Array>;
}

/** What the sockets call for every complete request; never rejects. */
export type RequestHandler = (request: WireRequest) => Promise<WireResponse>;
