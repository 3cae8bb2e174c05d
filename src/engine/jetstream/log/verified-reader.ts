import { EngineError } from "../../engine-error.ts";
import { type DirectGet, type DirectGetAnswer, directGet, type StoredMessage } from "../api/direct-get.ts";
import { answerMsMax, type JetStreamApi } from "../api/jetstream-api.ts";
import { type LogMessages, type MissingMessage, missingMessages, readLogMessages } from "./log-page.ts";
import type { OtherReplicas } from "./other-replicas.ts";
import type { ShardState } from "./shard-state.ts";

/** Re-reads before the missing messages are asked for one by one. */
const rereadsMax = 2;
/** A replica that is behind what this gateway was told is asked again for so long. */
const lagMsMax = 1_000;
const lagPauseMsMax = 20;
/** How long a gateway holds replicas to what it has acknowledged. */
const acknowledgedMsMax = 60_000;
const unavailablePauseMs = 50;
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
  readonly others: OtherReplicas;
  readonly nowMs: () => number;
}

/**
 * Reads messages of a shard log and holds each answer to what the writers say: a replica with a damaged file skips messages
 * without a word. What one replica does not have is taken from another one; what no replica has, and cannot have expired,
 * is an error.
 */
export class VerifiedReader {
  readonly #api: JetStreamApi;
  readonly #others: OtherReplicas;
  readonly #nowMs: () => number;
  #skippedCount = 0;
  #healedCount = 0;
  #lastSkip: { readonly ms: number; readonly title: string } | undefined;

  constructor({ api, others, nowMs }: VerifiedReaderOptions) {
    this.#api = api;
    this.#others = others;
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
    let rereads = 0;
    for (let lagPauseMs = 1; ; ) {
      const answer = await this.#ask(shard, range);
      const messages = readLogMessages(answer.messages);
      const missing = missingMessages(messages, range.from, seen);
      const isBehind = isBehindAcknowledged(shard, range, { ...messages, pendingCount: answer.pendingCount });
      if (missing.length === 0 && !isBehind) return { ...messages, pendingCount: answer.pendingCount };
      if (missing.length === 0 && performance.now() - startMs < lagMsMax) {
        await new Promise((resolve) => setTimeout(resolve, lagPauseMs));
        lagPauseMs = Math.min(lagPauseMsMax, lagPauseMs * 2);
        continue;
      }
      const wanted = missing.length > 0 ? missing : [{ sequence: shard.acknowledged.sequence, ms: this.#nowMs() }];
      if (await this.#allExpired(shard, wanted)) return { ...messages, pendingCount: answer.pendingCount };
      if (rereads < rereadsMax) {
        rereads += 1;
        continue;
      }
      const healed = await this.#heal(shard, answer.messages, wanted);
      return { ...readLogMessages(healed), pendingCount: answer.pendingCount };
    }
  }

  /** Asks until a replica answers, as long as an append would be held. */
  async #ask(shard: ShardState, { from, messagesMax, bytesMax }: LogRange): Promise<DirectGetAnswer> {
    const { group: stream, all: subject } = shard.subjects;
    const get: DirectGet = { stream, subject, from: { sequence: from }, messagesMax, bytesMax };
    const giveUpAt = performance.now() + answerMsMax;
    for (;;) {
      try {
        return await directGet(this.#api.connection, get);
      } catch (error) {
        if (this.#api.connection.isClosed) throw new EngineError("closed", "The jetstream engine is closed.");
        if (performance.now() > giveUpAt) throw error;
        await shard.assertGroupExists(this.#api);
        await new Promise((resolve) => setTimeout(resolve, unavailablePauseMs));
      }
    }
  }

  /** Whether retention explains that the messages are not there. */
  async #allExpired(shard: ShardState, missing: readonly MissingMessage[]): Promise<boolean> {
    const info = await this.#api.streamInfo(shard.subjects.group);
    const maxAgeMs = (info?.config.max_age ?? 0) / 1_000_000;
    return maxAgeMs > 0 && missing.every(({ ms }) => ms > 0 && ms + maxAgeMs <= this.#nowMs());
  }

  /** The messages with the missing ones in their places, from whichever replica has them. */
  async #heal(
    shard: ShardState,
    messages: readonly StoredMessage[],
    missing: readonly MissingMessage[],
  ): Promise<readonly StoredMessage[]> {
    const found: StoredMessage[] = [];
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
    return [...others, ...found].sort((left, right) => left.sequence - right.sequence);
  }

  /** One undamaged message, from the leader or from any other replica. */
  async #find(shard: ShardState, sequence: number): Promise<StoredMessage | undefined> {
    const { group, records } = shard.subjects;
    const fromLeader = await this.#api.messageAt(group, sequence);
    if (fromLeader !== undefined) {
      const message: StoredMessage = { ...fromLeader, previousSequence: 0 };
      if (readLogMessages([message]).damaged.length === 0) return message;
    }
    const get: DirectGet = { stream: group, subject: records, from: { sequence }, messagesMax: 1 };
    return await this.#others.find(get, (message) => {
      return message.sequence === sequence && readLogMessages([message]).damaged.length === 0;
    });
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

/** Whether the replica does not have yet what callers of this gateway know to be stored. */
function isBehindAcknowledged(
  { acknowledged: { sequence, ms } }: ShardState,
  { from }: LogRange,
  { records, end, isDropped, pendingCount }: VerifiedMessages,
): boolean {
  if (pendingCount > 0 || end !== undefined || isDropped || sequence < from) return false;
  // Later a replica may be behind, as for readers through another gateway, or the message has expired.
  if (performance.now() - ms > acknowledgedMsMax) return false;
  return (records.at(-1)?.sequence ?? 0) < sequence;
}
