import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { ClientEndpoint } from "../../auth/policy-context.ts";
import type { ConnectionState } from "./connection-state.ts";
import type { EncodingBudget } from "./encoding-budget.ts";
import type { WireRequest } from "./http-message.ts";
import { emptyBody } from "./read-body.ts";
import type { ConnectionResponses } from "./response-budget.ts";
import type { SetMember } from "./swap-remove-set.ts";

/** Holds the memory of a body, and what it has reserved of the budget. */
interface BodyOwner {
  release(): void;
}

/** One request from its headers to the last byte of its response. */
export class HttpExchange implements WireRequest, SetMember {
  index = -1;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly peer: ClientEndpoint;
  body: Buffer = emptyBody;
  #bodyOwner: BodyOwner | undefined;
  readonly #responses: ConnectionResponses;
  readonly #encoding: EncodingBudget;
  /** Over HTTP/1.1: Node gives it the socket when all responses before have been sent. */
  readonly #res: ServerResponse | undefined;
  #turnTick = -1;
  /** Bytes that the response holds of the budget. */
  #responseBytes = 0;
  #isHandled = false;
  /** The first check of the timeouts that found the response unsent; undefined before. */
  unsentSinceMs: number | undefined;
  #isStreaming = false;
  #endReason: string | undefined;
  #controller: AbortController | undefined;

  constructor(
    { method, url, headers }: Pick<WireRequest, "method" | "url" | "headers">,
    connection: ConnectionState,
    { encoding, res }: { readonly encoding: EncodingBudget; readonly res?: ServerResponse },
  ) {
    this.method = method;
    this.url = url;
    this.headers = headers;
    this.peer = connection.peer;
    this.#responses = connection.responses;
    this.#encoding = encoding;
    this.#res = res;
  }

  get mayStart(): boolean {
    return this.#responses.mayStart;
  }

  /** Resolves when enough of the responses before has been sent; with false when the client has gone. */
  async untilMayStart(): Promise<boolean> {
    return (await this.#responses.budget.wait(this.#responses, 0, this.signal)) !== undefined;
  }

  async admitLarge(bytesMax: number): Promise<number> {
    // Memory is taken in turn too, so that what waits for its turn holds none.
    await this.takeTurn();
    const bytes = await this.admitResponse(bytesMax);
    await this.takeTurn();
    return bytes;
  }

  isLargeDelayed(bytesMax: number): boolean {
    return this.#encoding.isResting || !this.#responses.budget.isAmpleFor(this.#responses, bytesMax);
  }

  async admitResponse(bytesMax: number): Promise<number> {
    const { budget } = this.#responses;
    // A response behind others cannot be sent before them, and they may wait for what it would hold.
    if (this.#res?.socket === null) await untilAssigned(this.#res, this.signal);
    const bytes = budget.take(this.#responses, bytesMax) ?? (await budget.wait(this.#responses, bytesMax, this.signal));
    if (bytes === undefined) throw this.signal.reason;
    this.#responseBytes = bytes;
    return bytes;
  }

  /** One turn lasts for the tick of the event loop in which it comes. */
  takeTurn(): Promise<void> | undefined {
    if (this.#turnTick === this.#encoding.currentTick) return undefined;
    const turn = this.#encoding.take();
    if (turn === undefined) this.#turnTick = this.#encoding.currentTick;
    return turn?.then(() => {
      this.#turnTick = this.#encoding.currentTick;
    });
  }

  countMade(bytes: number): void {
    this.#encoding.count(bytes);
  }

  /** The response has been made: it holds its own bytes from now on, until `releaseResponse()` or the end of the exchange. */
  holdResponse(bytes: number): void {
    this.#isHandled = true;
    const held = this.isEnded ? 0 : bytes;
    if (held !== this.#responseBytes) this.#responses.add(held - this.#responseBytes);
    this.#responseBytes = held;
  }

  releaseResponse(): void {
    this.holdResponse(0);
  }

  /** Bytes of the response that has been made and is not sent. */
  get unsentBytes(): number {
    return this.#isHandled ? this.#responseBytes : 0;
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

  /** `owner` is released with the body. */
  ownBody(owner: BodyOwner): void {
    this.#bodyOwner = owner;
  }

  releaseBody(): void {
    this.body = emptyBody;
    this.#bodyOwner?.release();
    this.#bodyOwner = undefined;
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
    if (this.#isHandled) this.releaseResponse();
  }
}

function untilAssigned(res: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    res.once("socket", () => resolve());
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function abortError(reason: string): DOMException {
  return new DOMException(reason, "AbortError");
}
