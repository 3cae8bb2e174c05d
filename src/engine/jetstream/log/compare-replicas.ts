import type { ReplicaFault, ScrubReport } from "../../cluster-facts.ts";
import type { StoredMessage } from "../api/direct-get.ts";
import type { EachReplica } from "./each-replica.ts";
import { isWhole, readLogMessages } from "./log-page.ts";

const messagesPerGet = 1_000;
const bytesPerGet = 16 * 1024 * 1024;
const sequencesToldMax = 100;
/** A replica that is behind gets this long before its messages count as missing. */
const lagMs = 2_000;

export interface ScrubRange {
  readonly stream: string;
  /** Matches all messages of the stream. */
  readonly subject: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Whether the messages are those of shard logs, with checksums and chains. */
  readonly isLogGroup: boolean;
}

type Kind = ReplicaFault["fault"];

/** What one scrub has found so far. */
class ScrubState {
  messageCount = 0;
  /** The sequence of the first message with records. */
  firstRecords: number | undefined;
  readonly lost: string[] = [];
  readonly faults = new Map<string, { server: string; fault: Kind; sequences: number[]; count: number }>();
  /** The last sequence of each writer in each shard log, by subject and session. */
  readonly writers = new Map<string, number>();

  add(server: string, fault: Kind, sequence: number): void {
    const key = `${server} ${fault}`;
    const known = this.faults.get(key) ?? { server, fault, sequences: [], count: 0 };
    if (known.sequences.length < sequencesToldMax) known.sequences.push(sequence);
    known.count += 1;
    this.faults.set(key, known);
  }
}

/**
 * Reads each message of a stream from each replica, part by part, and compares them: what one has and another one has not,
 * what differs, and, in log groups, what does not verify or is named by its writer's next message and there on no replica.
 */
export async function compareReplicas(
  replicas: EachReplica,
  { servers, ...range }: ScrubRange & { readonly servers: ReadonlySet<string> },
): Promise<ScrubReport> {
  const state = new ScrubState();
  const unread = new Set<string>();
  for (let from = range.firstSequence; from <= range.lastSequence; ) {
    const parts = new Map<string, Part>();
    const get = { ...range, from: { sequence: from }, messagesMax: messagesPerGet, bytesMax: bytesPerGet };
    for await (const { server, messages, pendingCount } of replicas.answers(get, servers)) {
      const last = messages.at(-1)?.sequence ?? range.lastSequence;
      const bySequence = new Map(messages.map((message) => [message.sequence, message]));
      parts.set(server, { messages: bySequence, to: pendingCount === 0 ? range.lastSequence : last });
    }
    for (const server of servers) if (!parts.has(server)) unread.add(`${server} has no answer for ${range.stream}`);
    const to = Math.min(range.lastSequence, ...[...parts.values()].map((part) => part.to));
    await judgeParts({ replicas, range, state, parts, to });
    from = to + 1;
  }
  const faults = [...state.faults.values()].map((fault) => ({ ...fault, stream: range.stream }));
  return { messageCount: state.messageCount, faults, lost: state.lost, unread: [...unread] };
}

/** What one replica has from a sequence on. */
interface Part {
  readonly messages: ReadonlyMap<number, StoredMessage>;
  /** The last sequence that it was asked for. */
  readonly to: number;
}

interface ScrubStep {
  readonly replicas: EachReplica;
  readonly range: ScrubRange;
  readonly state: ScrubState;
  readonly parts: ReadonlyMap<string, Part>;
  readonly to: number;
}

async function judgeParts(step: ScrubStep): Promise<void> {
  const { range, parts, state, to } = step;
  const all = [...parts.values()].flatMap(({ messages }) => [...messages.keys()]);
  const sequences = [...new Set(all)].filter((sequence) => sequence <= to).sort((left, right) => left - right);
  state.messageCount += sequences.length;
  const whole: StoredMessage[] = [];
  for (const sequence of sequences) {
    const verified = [...parts.values()]
      .map(({ messages }) => messages.get(sequence))
      .find((message) => message !== undefined && (!range.isLogGroup || isWhole(message)));
    if (verified !== undefined) whole.push(verified);
    for (const [server, { messages }] of parts) {
      const message = messages.get(sequence) ?? (await readLater(step, server, sequence));
      const fault = faultOf(message, verified, range.isLogGroup);
      if (fault === undefined || (fault === "missing" && (await wasRemoved(step, sequence)))) continue;
      state.add(server, fault, sequence);
    }
  }
  if (range.isLogGroup) followChains(whole, range, state);
}

function faultOf(
  message: StoredMessage | undefined,
  verified: StoredMessage | undefined,
  isLogGroup: boolean,
): Kind | undefined {
  if (message === undefined) return "missing";
  if (verified !== undefined && isSame(message, verified)) return undefined;
  if (isLogGroup && !isWhole(message)) return "damaged";
  return verified === undefined ? undefined : "different";
}

/** Asked once more: it may have been behind. */
async function readLater(
  { replicas, range: { stream, subject } }: ScrubStep,
  server: string,
  sequence: number,
): Promise<StoredMessage | undefined> {
  const giveUpAt = performance.now() + lagMs;
  const get = { stream, subject, from: { sequence }, messagesMax: 1 };
  for (;;) {
    let next: StoredMessage | undefined;
    for await (const { messages } of replicas.answers(get, new Set([server]))) next = messages[0];
    if (next?.sequence === sequence) return next;
    // It has later ones, so it is not behind.
    if (next !== undefined || performance.now() > giveUpAt) return undefined;
    await new Promise((resolve) => setTimeout(resolve, lagMs / 10));
  }
}

/** Whether retention or, in the bucket, a newer document removed a message during the scrub: no replica has it any more. */
async function wasRemoved(
  { replicas, parts, range: { stream, subject } }: ScrubStep,
  sequence: number,
): Promise<boolean> {
  const get = { stream, subject, from: { sequence }, messagesMax: 1 };
  for await (const { messages } of replicas.answers(get, new Set(parts.keys()))) {
    if (messages[0]?.sequence === sequence) return false;
  }
  return true;
}

function isSame(message: StoredMessage, other: StoredMessage): boolean {
  return message.subject === other.subject && Buffer.compare(message.data, other.data) === 0;
}

/**
 * Each message names the one before it of the same writer; what is named and was not seen is on no replica. Messages before
 * the first one with records have expired.
 */
function followChains(messages: readonly StoredMessage[], { stream }: ScrubRange, state: ScrubState): void {
  for (const message of messages) {
    for (const { sequence, link } of readLogMessages([message]).records) {
      const writer = `${message.subject} ${link.session}`;
      const seen = state.writers.get(writer) ?? 0;
      state.firstRecords ??= sequence;
      if (link.previousSequence > seen && link.previousSequence >= state.firstRecords) {
        state.lost.push(`message ${link.previousSequence} of ${stream}, which message ${sequence} names`);
      }
      state.writers.set(writer, sequence);
    }
  }
}
