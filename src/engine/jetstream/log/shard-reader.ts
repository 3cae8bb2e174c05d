import type { Position, ReadLimit, ReadResult } from "../../shard-log.ts";
import type { StoredMessage } from "../api/direct-get.ts";
import type { JetStreamApi, LeaderMessage } from "../api/jetstream-api.ts";
import { positionOf, sequenceOf } from "../format/log-message.ts";
import { kindOf } from "../format/subjects.ts";
import { behind, LogPageBuilder, readLogMessages } from "./log-page.ts";
import type { ShardState } from "./shard-state.ts";
import type { VerifiedMessages, VerifiedReader } from "./verified-reader.ts";

/** What one request asks for at most. A larger read is made of several. */
const messagesPerGetMax = 1_000;
const bytesPerGetMax = 16 * 1024 * 1024;
/** Subject, headers and frames, which the server counts and a limit on bodies does not. */
const overheadPerMessageBytes = 512;
const seekAttemptsMax = 200;
const seekPauseMs = 10;

/** Reads and seeks in shard logs. */
export class ShardReader {
  readonly #api: JetStreamApi;
  readonly #verified: VerifiedReader;

  constructor(api: JetStreamApi, verified: VerifiedReader) {
    this.#api = api;
    this.#verified = verified;
  }

  async read(shard: ShardState, from: Position, limit: ReadLimit): Promise<ReadResult> {
    shard.assertExists();
    const builder = new LogPageBuilder(from, limit);
    const seen = new Set<number>();
    let sequence = firstSequence(shard, from);
    let isAtTip = false;
    while (!isAtTip && !builder.isFull) {
      const messages = await this.#verified.get(shard, { from: sequence, ...rangeOf(builder) }, seen);
      learn(shard, messages);
      for (const message of messages.records) {
        seen.add(message.sequence);
        builder.add(message);
      }
      isAtTip = messages.pendingCount === 0 || messages.end !== undefined;
      sequence = messages.next ?? sequence;
    }
    return await this.#result(shard, { from, sequence, isAtTip, builder });
  }

  /** One past the last record, as the leader of the log group knows it. */
  async tip(shard: ShardState): Promise<Position> {
    shard.assertExists();
    if (shard.endPosition !== undefined) return shard.endPosition;
    const last = await this.#leaderMessage(shard, shard.subjects.all);
    if (last === undefined) return 1n;
    if (kindOf(last.subject) !== "fence") return shard.knownTip;
    // A log that is being sealed has markers behind its last record, and then an end.
    await this.#leaderMessage(shard, shard.subjects.end);
    await this.#leaderMessage(shard, shard.subjects.records);
    return shard.knownTip;
  }

  /** The position of the last entry; undefined when there is none. */
  async last(shard: ShardState): Promise<Position | undefined> {
    shard.assertExists();
    const message = await this.#leaderMessage(shard, shard.subjects.records);
    if (message === undefined) return undefined;
    const [decoded] = readLogMessages([{ ...message, previousSequence: 0 }]).records;
    return decoded?.entries.at(-1)?.position ?? positionOf(message.sequence);
  }

  async oldest(shard: ShardState): Promise<Position> {
    const first = await this.#first(shard, { sequence: 1 });
    return first === undefined ? await this.tip(shard) : positionOf(first.sequence);
  }

  async atTime(shard: ShardState, timeMs: number): Promise<Position> {
    for (let attempt = 0; ; attempt++) {
      const first = await this.#first(shard, { timeMs });
      if (first !== undefined) return positionOf(first.sequence);
      const tip = await this.tip(shard);
      const last = await this.#leaderMessage(shard, shard.subjects.records);
      // Otherwise the replica that answered is behind the leader.
      if (last === undefined || last.timeMs < timeMs || attempt === seekAttemptsMax) return tip;
      await new Promise((resolve) => setTimeout(resolve, seekPauseMs));
    }
  }

  /** The first message with records from a sequence or a time on. */
  async #first(
    shard: ShardState,
    from: { readonly sequence: number } | { readonly timeMs: number },
  ): Promise<StoredMessage | undefined> {
    shard.assertExists();
    for (;;) {
      try {
        return await this.#verified.first(shard, from);
      } catch {
        // Rejects when the group is gone, and when its leader cannot be reached for too long.
        await shard.assertGroupExists(this.#api);
        await new Promise((resolve) => setTimeout(resolve, seekPauseMs));
      }
    }
  }

  async #leaderMessage(shard: ShardState, subject: string): Promise<LeaderMessage | undefined> {
    const message = await this.#api.lastMessage(shard.subjects.group, subject);
    if (message !== undefined) learn(shard, readLogMessages([{ ...message, previousSequence: 0 }]));
    return message;
  }

  async #result(
    shard: ShardState,
    {
      from,
      sequence,
      isAtTip,
      builder,
    }: {
      readonly from: Position;
      readonly sequence: number;
      readonly isAtTip: boolean;
      readonly builder: LogPageBuilder;
    },
  ): Promise<ReadResult> {
    const { entries, next: cutAt } = builder.page();
    const last = entries.at(-1);
    if (last !== undefined && (cutAt !== undefined || !isAtTip)) {
      const next = cutAt ?? behind({ sequence: sequenceOf(last.position) });
      const tip = shard.knownTip;
      // There is more, and how much is not known.
      return { entries, next, tip: tip > next ? tip : next + 1n };
    }
    const end = shard.endPosition;
    const read = last === undefined ? from : behind({ sequence: sequenceOf(last.position) });
    if (end !== undefined) return { entries, next: read > end ? read : end, tip: end };
    const isKnown = last !== undefined || (shard.last !== undefined && sequence <= shard.last.sequence + 1);
    return { entries, next: read, tip: isKnown ? shard.knownTip : await this.tip(shard) };
  }
}

function learn(shard: ShardState, messages: Pick<VerifiedMessages, "records" | "end" | "isDropped">): void {
  if (messages.isDropped) shard.isDropped = true;
  shard.assertExists();
  const last = messages.records.at(-1);
  if (last !== undefined) shard.learnLast({ ...last, isAcknowledgedHere: false });
  if (messages.end !== undefined) shard.learnEnd(messages.end.sequence);
}

function rangeOf(builder: LogPageBuilder) {
  const messagesMax = Math.min(messagesPerGetMax, builder.messagesLeft);
  const bytesMax = Math.min(bytesPerGetMax, builder.bytesLeft + messagesMax * overheadPerMessageBytes);
  return { messagesMax, bytesMax };
}

/** A position at the end of the last known message needs none of its records. */
function firstSequence({ last }: ShardState, from: Position): number {
  const sequence = sequenceOf(from);
  const isBehindLast = last?.sequence === sequence && from >= positionOf(sequence, last.recordCount);
  return isBehindLast ? sequence + 1 : Math.max(1, sequence);
}
