import { EngineError } from "../../engine-error.ts";
import { messageHeaders } from "./publish.ts";
import type { NatsReply, ServerConnection } from "./server-connection.ts";

const replyMsMax = 5_000;

/** A stored message, from any replica. */
export interface StoredMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly timeMs: number;
  /** The sequence of the message before it in the same answer; in a push, of the one before it under the same subject. */
  readonly previousSequence: number;
  /** The id of the append; empty if it had none. */
  readonly id: string;
  readonly data: Uint8Array;
}

export interface DirectGet {
  readonly stream: string;
  /** May have wildcards. */
  readonly subject: string;
  /** The first sequence, or the first time in ms. */
  readonly from: { readonly sequence: number } | { readonly timeMs: number };
  readonly messagesMax: number;
  /** Bytes of messages with subjects and headers; the first one is returned even if it is larger. */
  readonly bytesMax?: number;
}

export interface DirectGetAnswer {
  readonly messages: readonly StoredMessage[];
  /** How many more the replica that answered has. */
  readonly pendingCount: number;
}

/**
 * Messages in the order of their sequences, from one replica, whichever answers. It may be behind the leader: what it
 * returns has no gap that it knows of, and may end early. Rejects with `unavailable`, also when there is no such stream.
 */
export function directGet(
  connection: ServerConnection,
  get: DirectGet,
  headers: Readonly<Record<string, string>> = {},
): Promise<DirectGetAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<DirectGetAnswer>();
  const messages: StoredMessage[] = [];
  const timer = setTimeout(() => end(() => reject(unavailable("no replica answered within 5 seconds"))), replyMsMax);
  const end = (settle: () => void): void => {
    clearTimeout(timer);
    closing[Symbol.dispose]();
    replies[Symbol.dispose]();
    settle();
  };
  const receive = (reply: NatsReply): void => {
    const code = reply.headers?.code ?? 0;
    if (code === 0) messages.push(storedMessageOf(reply));
    else if (code === 204) {
      const pendingCount = Number(reply.headers?.get("Nats-Num-Pending") ?? 0);
      end(() => resolve({ messages, pendingCount }));
    } else if (code === 404) end(() => resolve({ messages, pendingCount: 0 }));
    else end(() => reject(unavailable(reply.headers?.description || `code ${code}`)));
  };
  const closing = connection.onClose(() =>
    end(() => reject(new EngineError("closed", "The jetstream engine is closed."))),
  );
  const subject = `$JS.API.DIRECT.GET.${get.stream}`;
  const replies = connection.requestMany(subject, requestOf(get), { headers, onReply: receive });
  return promise;
}

/** Also of a pushed message: it has the same headers. */
export function storedMessageOf({ data, headers }: NatsReply): StoredMessage {
  return {
    subject: headers?.get("Nats-Subject") ?? "",
    sequence: Number(headers?.get("Nats-Sequence") ?? 0),
    timeMs: Date.parse(headers?.get("Nats-Time-Stamp") ?? ""),
    previousSequence: Number(headers?.get("Nats-Last-Sequence") ?? 0),
    id: headers?.get(messageHeaders.id) ?? "",
    data,
  };
}

function requestOf({ subject, from, messagesMax, bytesMax }: DirectGet): string {
  return JSON.stringify({
    ...("sequence" in from ? { seq: Math.max(1, from.sequence) } : { start_time: timeText(from.timeMs) }),
    next_by_subj: subject,
    batch: messagesMax,
    ...(bytesMax === undefined ? {} : { max_bytes: bytesMax }),
  });
}

/** Years beyond 9999 have a form that the server does not read. */
function timeText(timeMs: number): string {
  return new Date(Math.min(Math.max(0, timeMs), 253_402_300_799_000)).toISOString();
}

function unavailable(why: string): EngineError {
  return new EngineError("unavailable", `The NATS servers could not be read: ${why}.`);
}
