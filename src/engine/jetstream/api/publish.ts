import { answerMsMax, apiErrorCodes } from "./jetstream-api.ts";
import { jsonOf } from "./pending-requests.ts";
import type { ServerConnection } from "./server-connection.ts";

/**
 * What came of one attempt to store a message:
 *
 * - `stored`     on a majority of the replicas; `isDuplicate` if an earlier attempt with the same id stored it
 * - `refused`    not stored: the subject of the expectation has the last sequence `lastSequence`
 * - `contended`  not stored by this attempt: one with the same expectation or id is on its way
 * - `unserved`   not stored: no server has a leader of the stream, or there is no such stream
 * - `failed`     not stored: the server says why
 * - `unknown`    no answer: it may be stored, now or later
 */
export type PublishOutcome =
  | { readonly kind: "stored"; readonly sequence: number; readonly isDuplicate: boolean }
  | { readonly kind: "refused"; readonly lastSequence: number }
  | { readonly kind: "contended" }
  | { readonly kind: "unserved" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "unknown" };

export interface Publication {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** An attempt without an answer is repeated with the same id after this time. */
export const attemptMs = 2_000;
const pauseMs = 20;

/** Header names of the server. */
export const messageHeaders = {
  id: "Nats-Msg-Id",
  expectedLastSequence: "Nats-Expected-Last-Subject-Sequence",
  expectedSubject: "Nats-Expected-Last-Subject-Sequence-Subject",
  timeToLive: "Nats-TTL",
} as const;

/** Retention does not remove these. */
export const keptForever = { [messageHeaders.timeToLive]: "never" } as const;

interface Acknowledgement {
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string };
}

/** Sends a message to the JetStream stream that stores its subject, once. */
export async function publish(connection: ServerConnection, publication: Publication): Promise<PublishOutcome> {
  const { subject, data, headers, timeoutMs } = publication;
  const reply = await connection.request(subject, data, { timeoutMs, headers });
  if (reply === "unserved") return { kind: "unserved" };
  const answer = reply === "unanswered" ? undefined : jsonOf<Acknowledgement>(reply);
  if (answer === undefined) return { kind: "unknown" };
  const { seq, duplicate = false, error } = answer;
  if (error === undefined) return { kind: "stored", sequence: seq ?? 0, isDuplicate: duplicate };
  const description = error.description ?? `code ${error.code}`;
  switch (error.err_code) {
    case apiErrorCodes.wrongLastSequence:
      return { kind: "refused", lastSequence: Number(/(\d+)$/.exec(description)?.[1] ?? 0) };
    case apiErrorCodes.wrongLastSequenceInFlight:
    case apiErrorCodes.duplicateInFlight:
      return { kind: "contended" };
    default:
      return { kind: "failed", reason: description };
  }
}

/**
 * Sends a message until it is stored or refused, for as long as an election of the servers may take. Resolves with the outcome
 * of the last attempt. `onUnserved` is called after each attempt that no server took, and ends them if it rejects.
 */
export async function publishRepeatedly(
  connection: ServerConnection,
  publication: Omit<Publication, "timeoutMs">,
  onUnserved?: () => Promise<void>,
): Promise<PublishOutcome> {
  const giveUpAt = performance.now() + answerMsMax;
  for (;;) {
    const outcome = await publish(connection, { ...publication, timeoutMs: attemptMs });
    if (outcome.kind === "stored" || outcome.kind === "refused") return outcome;
    if (outcome.kind === "unserved") await onUnserved?.();
    if (performance.now() > giveUpAt || connection.isClosed) return outcome;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
