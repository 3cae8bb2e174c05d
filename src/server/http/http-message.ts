import type { IncomingHttpHeaders } from "node:http";
import type { ClientEndpoint } from "../../auth/policy-context.ts";
import { BufferLease } from "../../memory/buffer-pool.ts";
import type { PushMemory } from "../../shards/push-memory.ts";

/** One complete HTTP request, whichever HTTP version carried it. */
export interface WireRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  /** Lower-case names; HTTP/2's `:authority` is given as `host`. */
  readonly headers: IncomingHttpHeaders;
  /**
   * The complete body; empty if there was none. A longer one than the limit is refused with 413 before. Its memory is
   * reused when the response has been written, or, for a streamed one, when its writing begins.
   */
  readonly body: Buffer;
  /** The other end of the connection; behind a proxy, the proxy. */
  readonly peer?: ClientEndpoint;
  /** Aborts when the client has disconnected or cancelled. */
  readonly signal: AbortSignal;
  /**
   * Resolves when there is memory to make a response: with as many bytes as it may take, at most `bytesMax`. Rejects with the
   * reason of `signal` when the client has gone.
   */
  admitResponse?(bytesMax: number): Promise<number>;
  /** As `admitResponse`, for one that is large: when its turn has come too. It is to be made at once; `countMade` follows. */
  admitLarge?(bytesMax: number): number | Promise<number>;
  /** Whether `admitLarge` would wait, or grant less than `bytesMax`. */
  isLargeDelayed?(bytesMax: number): boolean;
  /** Resolves when a large response may go on to be made that has waited since its turn came. */
  takeTurn?(): Promise<void> | undefined;
  /** A large response of so many bytes has been made. */
  countMade?(bytes: number): void;
  /** For what a streamed response is made of, one piece after another. */
  readonly pushMemory?: PushMemory;
}

/** A request of which the body has not been read. */
export type RequestHead = Pick<WireRequest, "method" | "url" | "headers">;

/** What is to become of the body of a request: it is read up to `bytesMax`, or not at all. */
export type BodyAdmission = { readonly bytesMax: number } | { readonly response: WireResponse };

/** Decides by its head what is read of a body that is longer than `smallBodyBytesMax`. Never throws. */
export type BodyAdmitter = (head: RequestHead) => BodyAdmission;

/** The writer of the response disposes of a lease once its bytes are sent. */
export type BodyBytes = Uint8Array | BufferLease;

/** A response. A streamed body is pulled only as fast as the client reads. */
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

/** Called for each complete request; never rejects. */
export type RequestHandler = (request: WireRequest) => Promise<WireResponse>;
