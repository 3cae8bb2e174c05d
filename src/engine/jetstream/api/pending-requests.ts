import type { Msg, MsgHdrs, NatsConnection } from "@nats-io/transport-node";

/** How late a request may be given up beyond its time. */
const sweepMs = 100;
/** The status of a reply that a server gives when nothing listens to the subject of a request. */
const noRespondersCode = 503;

/** The reply; or `unserved` when nothing listens, and `unanswered` when there was none in time: the request may have been done. */
export type RequestOutcome = Pick<Msg, "data" | "headers"> | "unserved" | "unanswered";

export interface RequestOptions {
  readonly timeoutMs: number;
  readonly headers?: MsgHdrs;
}

interface PendingRequest {
  readonly resolve: (outcome: RequestOutcome) => void;
  readonly giveUpAt: number;
}

/**
 * Requests with one reply each over one subscription, which the client renews when it connects again. The client's own requests
 * cost twice as much: each has a timer, an error with its stack, and a race of promises.
 */
export class PendingRequests {
  readonly #connection: NatsConnection;
  readonly #inbox: string;
  readonly #pending = new Map<string, PendingRequest>();
  #count = 0;
  #sweep: NodeJS.Timeout | undefined;

  /** `inbox`: a subject under which nothing else is sent. */
  constructor(connection: NatsConnection, inbox: string) {
    this.#connection = connection;
    this.#inbox = inbox;
    connection.subscribe(`${inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#settle(message.subject.slice(inbox.length + 1), outcomeOf(message));
      },
    });
  }

  request(subject: string, data: Uint8Array | string, { timeoutMs, headers }: RequestOptions): Promise<RequestOutcome> {
    const { promise, resolve } = Promise.withResolvers<RequestOutcome>();
    this.#count += 1;
    const token = this.#count.toString(36);
    this.#pending.set(token, { resolve, giveUpAt: performance.now() + timeoutMs });
    this.#sweep ??= setInterval(() => this.#giveUpBefore(performance.now()), sweepMs);
    const reply = `${this.#inbox}.${token}`;
    try {
      this.#connection.publish(subject, data, headers === undefined ? { reply } : { reply, headers });
    } catch {
      // The connection is closed.
      this.#settle(token, "unanswered");
    }
    return promise;
  }

  /** Gives up all requests. */
  close(): void {
    this.#giveUpBefore(Number.POSITIVE_INFINITY);
  }

  #settle(token: string, outcome: RequestOutcome): void {
    this.#pending.get(token)?.resolve(outcome);
    this.#pending.delete(token);
  }

  #giveUpBefore(timeMs: number): void {
    for (const [token, { giveUpAt }] of this.#pending) {
      if (giveUpAt <= timeMs) this.#settle(token, "unanswered");
    }
    if (this.#pending.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}

function outcomeOf(message: Msg): RequestOutcome {
  return message.data.length === 0 && message.headers?.code === noRespondersCode ? "unserved" : message;
}

/** Undefined for a reply that is no JSON, such as one with a status alone. */
export function jsonOf<Answer>({ data }: { readonly data: Uint8Array }): Answer | undefined {
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString()) as Answer;
  } catch {
    return undefined;
  }
}
