import { EngineError } from "../../engine-error.ts";
import { directGet } from "../api/direct-get.ts";
import { answerMsMax, type JetStreamApi } from "../api/jetstream-api.ts";
import type { ShardState } from "./shard-state.ts";

const messagesPerGet = 256;
const bytesPerGet = 16 * 1024 * 1024;
const pauseMs = 10;

export interface MarkerSearch {
  /** The id of the append that is looked for. */
  readonly id: string;
  /** The first sequence that it can have: behind the message that it names. */
  readonly from: number;
  /** The fence that refused it: it lies before the next message there, or nowhere. */
  readonly fence: string;
}

/**
 * The sequence of an append whose first attempt had no answer and whose repetition met another message on its fence; undefined
 * if it is not stored, and then no attempt that was made so far will be. An answer counts when it contains that message: then
 * the replica has all that lies before.
 */
export async function findBeforeMarker(
  api: JetStreamApi,
  { subjects: { group: stream, all: subject } }: ShardState,
  { id, from, fence }: MarkerSearch,
): Promise<number | undefined> {
  const giveUpAt = performance.now() + answerMsMax;
  for (let sequence = from; performance.now() < giveUpAt; ) {
    const get = { stream, subject, from: { sequence }, messagesMax: messagesPerGet, bytesMax: bytesPerGet };
    const { messages } = await directGet(api.connection, get).catch(() => ({ messages: [] }));
    for (const message of messages) {
      if (message.id === id) return message.sequence;
      if (message.subject === fence) return undefined;
    }
    sequence = (messages.at(-1)?.sequence ?? sequence - 1) + 1;
    if (messages.length === 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw new EngineError(
    "indeterminate",
    "It is not known whether the records were stored: the shard was fenced meanwhile, and its log cannot be read.",
  );
}
