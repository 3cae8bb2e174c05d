import { EngineError } from "../../engine-error.ts";
import { type DirectGet, type DirectGetAnswer, directGet, type StoredMessage } from "../api/direct-get.ts";
import type { JetStreamApi } from "../api/jetstream-api.ts";
import { messageHeaders, publish } from "../api/publish.ts";
import type { LogSubjects } from "../format/subjects.ts";
import { askRepeatedly } from "./ask-repeatedly.ts";
import type { EachReplica } from "./each-replica.ts";
import {
  type EncodedMessage,
  isWhole,
  type LogMessages,
  type MissingMessage,
  missingMessages,
  readLogMessages,
} from "./log-page.ts";
import type { ShardState } from "./shard-state.ts";

/** Re-reads before the missing messages are asked for one by one. */
const rereadsMax = 2;
/** A replica that is behind what this gateway was told is asked again for so long. */
const lagMsMax = 1_000;
const lagPauseMsMax = 20;
/** How long a gateway holds replicas to what it has acknowledged. */
const acknowledgedMsMax = 60_000;
const leaderAskedEachMs = 1_000;
const leaderMsMax = 2_000;
/** The API's shortest retention: younger messages cannot have expired under any retention that the stream ever had. */
const retentionMsMin = 24 * 3_600_000;
const clockDifferenceMs = 10_000;

export interface LogRange {
  readonly from: number;
  readonly messagesMax: number;
  readonly bytesMax: number;
}

export interface VerifiedMessages extends LogMessages {
  readonly pendingCount: number;
}

export interface VerifiedReaderOptions {
  readonly api: JetStreamApi;
  readonly replicas: EachReplica;
  readonly nowMs: () => number;
}

/**
 * Reads messages of a shard log and holds each answer to what the writers say: a replica with a damaged file skips messages
 * without a word. What one replica does not have is taken from another one; what no replica has, and cannot have expired,
 * is an error.
 */
export class VerifiedReader {
  readonly #api: JetStreamApi;
  readonly #replicas: EachReplica;
  readonly #nowMs: () => number;
  #skippedCount = 0;
  #healedCount = 0;
  #lastSkip: { readonly ms: number; readonly title: string } | undefined;

  constructor({ api, replicas, nowMs }: VerifiedReaderOptions) {
    this.#api = api;
    this.#replicas = replicas;
    this.#nowMs = nowMs;
  }

  /** Messages that a replica did not return although it should have. */
  get skippedCount(): number {
    return this.#skippedCount;
  }

  /** Those that another replica had. */
  get healedCount(): number {
    return this.#healedCount;
  }

  /** The newest skip: when, and of which shard. */
  get lastSkip(): { readonly ms: number; readonly title: string } | undefined {
    return this.#lastSkip;
  }

  /** `seen`: sequences that this read got from earlier ranges. Rejects with `corrupt`, `not_found` or `unavailable`. */
  async get(shard: ShardState, range: LogRange, seen: ReadonlySet<number>): Promise<VerifiedMessages> {
    const startMs = performance.now();
    for (let reads = 1; ; reads++) {
      const answer = await askRepeatedly(this.#api, shard, () => directGet(this.#api.connection, getOf(shard, range)));
      if (answer.pendingCount === 0) await this.#askLeader(shard);
      const { messages, missing, isBehind } = judge(shard, range, answer, seen);
      const step = nextReadStep({
        missingCount: missing.length,
        isBehind,
        reads,
        elapsedMs: performance.now() - startMs,
      });
      if (step === "take") return messages;
      if (step === "repair") {
        return (await this.#fromAnother(shard, range, seen)) ?? (await this.#heal(shard, answer, missing));
      }
      if (step === "wait") await new Promise((resolve) => setTimeout(resolve, Math.min(lagPauseMsMax, reads)));
    }
  }

  /** The first message of a subject from a place on. A replica that skips has it too late, so the earliest of all counts. */
  async first(
    { group: stream, records: subject }: Pick<LogSubjects, "group" | "records">,
    from: DirectGet["from"],
  ): Promise<StoredMessage | undefined> {
    const get: DirectGet = { stream, subject, from, messagesMax: 1 };
    let { messages } = await directGet(this.#api.connection, get);
    for await (const other of this.#replicas.answers(get)) {
      const [first, found] = [messages[0], other.messages[0]];
      if (found !== undefined && (first === undefined || found.sequence < first.sequence)) messages = other.messages;
    }
    return messages[0];
  }

  /** What another replica has that passes the checks. Undefined: none does. */
  async #fromAnother(
    shard: ShardState,
    range: LogRange,
    seen: ReadonlySet<number>,
  ): Promise<VerifiedMessages | undefined> {
    for await (const answer of this.#replicas.answers(getOf(shard, range))) {
      const { messages, missing, isBehind } = judge(shard, range, answer, seen);
      if (missing.length > 0 || isBehind) continue;
      this.#skippedCount += 1;
      this.#healedCount += 1;
      this.#lastSkip = { ms: this.#nowMs(), title: shard.title };
      return messages;
    }
    return undefined;
  }

  /**
   * Learns the last sequence of the log from its leader, once in a while: a replica that has stopped to follow looks like
   * one at the tip. An append that no log can take is refused with that sequence, which is cheaper than the message itself.
   */
  async #askLeader(shard: ShardState): Promise<void> {
    if (performance.now() - shard.leader.askedMs < leaderAskedEachMs) return;
    const outcome = await publish(this.#api.connection, {
      subject: shard.subjects.records,
      data: new Uint8Array(),
      headers: { [messageHeaders.expectedLastSequence]: String(Number.MAX_SAFE_INTEGER) },
      timeoutMs: leaderMsMax,
    });
    shard.learnLeaderSequence(outcome.kind === "refused" ? outcome.lastSequence : shard.leader.sequence);
  }

  /** The messages with the missing ones in their places, from whichever replica has them. */
  async #heal(
    shard: ShardState,
    { messages, pendingCount }: DirectGetAnswer,
    missing: readonly MissingMessage[],
  ): Promise<VerifiedMessages> {
    const found: EncodedMessage[] = [];
    for (const one of missing) {
      const message = await this.#find(shard, one.sequence);
      if (message !== undefined) found.push(message);
      else if (!couldHaveExpired(one, this.#nowMs())) throw this.#lost(shard, one);
      if (message === undefined) continue;
      this.#skippedCount += 1;
      this.#healedCount += 1;
      this.#lastSkip = { ms: this.#nowMs(), title: shard.title };
    }
    const replaced = new Set(found.map(({ sequence }) => sequence));
    const others = messages.filter(({ sequence }) => !replaced.has(sequence));
    const whole = [...others, ...found].sort((left, right) => left.sequence - right.sequence);
    return { ...readLogMessages(whole), pendingCount };
  }

  /** One undamaged message, from the leader or from any other replica. */
  async #find(shard: ShardState, sequence: number): Promise<EncodedMessage | undefined> {
    const { group, records } = shard.subjects;
    const fromLeader = await this.#api.messageAt(group, sequence);
    if (fromLeader !== undefined && isWhole(fromLeader)) return fromLeader;
    const get: DirectGet = { stream: group, subject: records, from: { sequence }, messagesMax: 1 };
    for await (const { messages } of this.#replicas.answers(get)) {
      const [message] = messages;
      if (message?.sequence === sequence && isWhole(message)) return message;
    }
    return undefined;
  }

  #lost(shard: ShardState, { sequence }: MissingMessage): EngineError {
    this.#skippedCount += 1;
    this.#lastSkip = { ms: this.#nowMs(), title: shard.title };
    return new EngineError(
      "corrupt",
      `Message ${sequence} of ${shard.title} is missing or damaged on every replica that answers; nothing behind it is returned. See the runbook in docs/cluster.md.`,
    );
  }
}

function couldHaveExpired({ ms }: MissingMessage, nowMs: number): boolean {
  return ms > 0 && ms + retentionMsMin <= nowMs + clockDifferenceMs;
}

/** Takes an answer, waits for a replica that is behind, asks whichever replica once more, or asks each of the others. */
function nextReadStep(read: {
  readonly missingCount: number;
  readonly isBehind: boolean;
  readonly reads: number;
  readonly elapsedMs: number;
}): "take" | "wait" | "again" | "repair" {
  if (read.missingCount > 0) return read.reads <= rereadsMax ? "again" : "repair";
  if (!read.isBehind) return "take";
  return read.elapsedMs < lagMsMax ? "wait" : "repair";
}

function getOf({ subjects: { group: stream, all: subject } }: ShardState, range: LogRange): DirectGet {
  const { from, messagesMax, bytesMax } = range;
  return { stream, subject, from: { sequence: from }, messagesMax, bytesMax };
}

function judge(shard: ShardState, range: LogRange, answer: DirectGetAnswer, seen: ReadonlySet<number>) {
  const messages: VerifiedMessages = { ...readLogMessages(answer.messages), pendingCount: answer.pendingCount };
  return {
    messages,
    missing: missingMessages(messages, range.from, seen),
    isBehind: isBehind(shard, range, messages),
  };
}

/** Whether the replica does not have what callers of this gateway, or the leader, know to be stored. */
function isBehind(
  { acknowledged, leader }: ShardState,
  { from }: LogRange,
  { records, end, isDropped, pendingCount }: VerifiedMessages,
): boolean {
  if (pendingCount > 0 || end !== undefined || isDropped) return false;
  // Later the message may have expired.
  const isRecent = performance.now() - acknowledged.ms <= acknowledgedMsMax;
  const known = Math.max(leader.sequence, isRecent ? acknowledged.sequence : 0);
  return known >= from && (records.at(-1)?.sequence ?? 0) < known;
}
