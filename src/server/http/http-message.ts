import type { IncomingHttpHeaders } from "node:http";
import type { Peer } from "../../auth/policy-context.ts";
import { BufferLease } from "../../memory/buffer-pool.ts";

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

/** The writer of the response disposes of a lease once its bytes are sent. */
export type BodyBytes = Uint8Array | BufferLease;

/** One response. A streamed body is pulled only as fast as the client reads. */
export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: BodyBytes | string | AsyncIterable<BodyBytes>;
}

export function bytesOf(body: BodyBytes): Uint8Array {
  return body instanceof BufferLease ? body.bytes : body;
}

/** In bytes; undefined for a stream. */
export function bodyLength(body: WireResponse["body"]): number | undefined {
  if (typeof body === "string") return Buffer.byteLength(body);
  return Symbol.asyncIterator in body ? undefined : bytesOf(body).length;
}

/** What the sockets call for every complete request; never rejects. */
export type RequestHandler = (request: WireRequest) => Promise<WireResponse>;
