import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { ClientEndpoint } from "../../auth/policy-context.ts";
import type { PushDemand, PushMemory } from "../../shards/push-memory.ts";
import type { EncodingBudget } from "./budgets/encoding-budget.ts";
import type { ConnectionResponses, ResponseDemand } from "./budgets/response-budget.ts";
import type { ConnectionState } from "./connection-state.ts";
import type { WireRequest } from "./http-message.ts";
import { emptyBody } from "./read-body.ts";
import type { SetMember } from "./swap-remove-set.ts";

/** Holds the memory of a body, and what it has reserved of the budget. */
interface BodyOwner {
  release(): void;
  /** The client is gone: what has not come of the body will not. */
  abort(): void;
}

/** One request from its headers to the last byte of its response. */
export class HttpExchange implements WireRequest, PushMemory, SetMember {
  index = -1;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly peer: ClientEndpoint;
  /** What it holds of the budget of connections. */
  readonly requestBytes: number;
  body: Buffer = emptyBody;
  /** Its body is still being received: nothing is lost but that when its connection is cut. */
  isReceiving = false;
  #bodyOwner: BodyOwner | undefined;
  readonly #responses: ConnectionResponses;
  readonly #encoding: EncodingBudget;
  /** Over HTTP/1.1: Node gives it the socket when all responses before have been sent. */
  readonly #res: ServerResponse | undefined;
  #turnTick = -1;
  /** Bytes that the response holds of the budget. */
  #responseBytes = 0;
  /** One of those that are being made at the same time. */
  #isMaking = false;
  #isStarted = false;
  #isHandled = false;
  /** The first check of the timeouts that found the response unsent; undefined before. */
  unsentSinceMs: number | undefined;
  #isStreaming = false;
  #endReason: string | undefined;
  #controller: AbortController | undefined;

  constructor(
    { method, url, headers }: Pick<WireRequest, "method" | "url" | "headers">,
    connection: ConnectionState,
    {
      encoding,
      requestBytes,
      res,
    }: { readonly encoding: EncodingBudget; readonly requestBytes: number; readonly res?: ServerResponse },
  ) {
    this.method = method;
    this.url = url;
    this.headers = headers;
    this.peer = connection.peer;
    this.#responses = connection.responses;
    this.#encoding = encoding;
    this.requestBytes = requestBytes;
    this.#res = res;
  }

  /** Whether it is started now; else `untilStarted()` starts it. `connection.finish()` ends it in either case. */
  tryStart(): boolean {
    if (!this.#responses.mayStart) return false;
    this.#responses.startRequest();
    this.#isStarted = true;
    return true;
  }

  /** Resolves when enough of the requests and responses before has ended; with false when the signal aborts. */
  async untilStarted(signal: AbortSignal): Promise<boolean> {
    const granted = await this.#responses.budget.wait(this.#responses, { bytesMax: 0 }, signal);
    this.#isStarted = granted !== undefined;
    return this.#isStarted;
  }

  /** The connection has the whole response, or is gone. */
  finish(): void {
    if (!this.#isStarted) return;
    this.#isStarted = false;
    this.#responses.endRequest();
  }

  admitLarge(bytesMax: number): number | Promise<number> {
    // Memory is taken in turn too, so that what waits for its turn holds none.
    const turn = this.takeTurn();
    const demand = { bytesMax, isMade: true };
    const bytes = turn === undefined ? this.#takeMemory(demand) : undefined;
    return bytes ?? this.#admitLargeLater(demand, turn);
  }

  async #admitLargeLater(demand: ResponseDemand, turn: Promise<void> | undefined): Promise<number> {
    await turn;
    const bytes = await this.#admit(demand);
    await this.takeTurn();
    return bytes;
  }

  isLargeDelayed(bytesMax: number): boolean {
    return this.#encoding.isResting || !this.#responses.budget.isAmpleFor(this.#responses, bytesMax);
  }

  admitResponse(bytesMax: number): Promise<number> {
    return this.#admit({ bytesMax });
  }

  async #admit(demand: ResponseDemand): Promise<number> {
    if (this.#res?.socket === null) await untilAssigned(this.#res, this.signal);
    const taken = this.#takeMemory(demand);
    if (taken !== undefined) return taken;
    const bytes = await this.#responses.budget.wait(this.#responses, demand, this.signal);
    if (bytes === undefined) throw this.signal.reason;
    return this.#hasMemory(bytes, demand);
  }

  /** Undefined: it has to wait. */
  #takeMemory(demand: ResponseDemand): number | undefined {
    // A response behind others cannot be sent before them, and they may wait for what it would hold.
    if (this.#res?.socket === null) return undefined;
    const bytes = this.#responses.budget.take(this.#responses, demand);
    return bytes === undefined ? undefined : this.#hasMemory(bytes, demand);
  }

  #hasMemory(bytes: number, { isMade = false }: ResponseDemand): number {
    this.#responseBytes = bytes;
    this.#isMaking = isMade;
    return bytes;
  }

  get pushMemory(): PushMemory {
    return this;
  }

  admit({ bytesMax, bytesMin, keptBytes, isInMemory, isPrompt, signal }: PushDemand): number | Promise<number> {
    const { budget } = this.#responses;
    this.hold(keptBytes);
    // From here on its client is not what is waited for.
    this.#isHandled = false;
    if (signal.aborted) return 0;
    const isDelayed = this.isLargeDelayed(bytesMax);
    // Reading takes no memory, and what is made of it counts as soon as it is there.
    if (isInMemory && budget.freeFor(this.#responses) > 0) return isDelayed ? bytesMin : bytesMax;
    const demand = { bytesMax: isDelayed && isPrompt ? bytesMin : bytesMax, isMade: true, isPush: true };
    const mustWait = isDelayed && !isPrompt;
    const bytes = mustWait ? undefined : budget.take(this.#responses, demand);
    if (bytes === undefined) return this.#admitLater(demand, signal, mustWait ? this.takeTurn() : undefined);
    this.#responseBytes += bytes;
    this.#isMaking = true;
    return bytes;
  }

  async #admitLater(demand: ResponseDemand, signal: AbortSignal, turn: Promise<void> | undefined): Promise<number> {
    const { budget } = this.#responses;
    await turn;
    const bytes = budget.take(this.#responses, demand) ?? (await budget.wait(this.#responses, demand, signal));
    if (bytes === undefined) return 0;
    this.#responseBytes += bytes;
    this.#isMaking = true;
    if (!signal.aborted) return bytes;
    // Its end came after the grant, and may have released everything else before.
    this.hold(0);
    return 0;
  }

  hold(bytes: number): void {
    this.holdResponse(bytes);
    this.unsentSinceMs = undefined;
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
    if (this.#isMaking) {
      this.#isMaking = false;
      this.#responses.budget.endMaking();
    }
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
    this.#bodyOwner?.abort();
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
