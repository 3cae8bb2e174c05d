import type { IncomingHttpHeaders } from "node:http";
import type { Peer } from "../../auth/policy-context.ts";

/** One complete HTTP request, whichever HTTP version carried it. */
export interface WireRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  /** Lower-case names; HTTP/2's `:authority` is given as `host`. */
  readonly headers: IncomingHttpHeaders;
  /**
   * The whole body; empty if there was none. One over the limit never gets here: it is answered 413. Its memory is
   * used again when the answer is written, or when it begins to be written if it is a stream.
   */
  readonly body: Buffer;
  /** The other end of the connection; behind a proxy, the proxy. */
  readonly peer?: Peer;
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
