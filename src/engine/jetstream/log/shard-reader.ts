import type { Position, ReadLimit, ReadResult, StoredEntry } from "../../shard-log.ts";
import type { StoredMessage } from "../api/direct-get.ts";
import type { JetStreamApi, LeaderMessage } from "../api/jetstream-api.ts";
import { type LogMessage, positionOf, sequenceOf } from "../format/log-message.ts";
import { kindOf } from "../format/subjects.ts";
import { askRepeatedly } from "./ask-repeatedly.ts";
import { behind, type EncodedMessage, LogPageBuilder, readLogMessages } from "./log-page.ts";
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
    const firstSequence = await this.#firstSequence(shard, from);
    let sequence = firstSequence;
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
    return await this.#result(shard, { from, firstSequence, isAtTip, builder });
  }

  /** One past the last record, as the leader of the log group knows it. */
  async tip(shard: ShardState): Promise<Position> {
    shard.assertExists();
    if (shard.endPosition !== undefined) return shard.endPosition;
    const last = await this.#leaderMessage(shard, shard.subjects.all);
    if (last === undefined) return 1n;
    if (kindOf(last.subject) !== "fence") return shard.knownTip;
    // A log that is being sealed has markers behind its last record, and then an end. Nothing opens an epoch behind that.
    if (last.data.length === 0) await this.#leaderMessage(shard, shard.subjects.end);
    await this.#leaderMessage(shard, shard.subjects.records);
    return shard.knownTip;
  }

  /** The position of the last entry; undefined when there is none. */
  async last(shard: ShardState): Promise<Position | undefined> {
    shard.assertExists();
    const message = await this.#leaderMessage(shard, shard.subjects.records);
    if (message === undefined) return undefined;
    const last = decoded(message)?.entries.at(-1)?.position;
    if (last !== undefined) shard.learnSequence(last, message.sequence);
    return last ?? positionOf(message.sequence);
  }

  async oldest(shard: ShardState): Promise<Position> {
    const first = await this.#first(shard, { sequence: 1 });
    if (first === undefined) return await this.tip(shard);
    const copied = hasCopies(shard) ? decoded(first)?.entries[0] : undefined;
    if (copied === undefined) return positionOf(first.sequence);
    shard.learnSequence(copied.position, first.sequence);
    return copied.position;
  }

  async atTime(shard: ShardState, timeMs: number): Promise<Position> {
    for (let attempt = 0; ; attempt++) {
      const first = await this.#first(shard, { timeMs });
      if (first !== undefined && hasCopies(shard) && decoded(first)?.isCopied === true)
        return await this.#copiedAtTime(shard, timeMs);
      if (first !== undefined) return positionOf(first.sequence);
      const tip = await this.tip(shard);
      const last = await this.#leaderMessage(shard, shard.subjects.records);
      // Otherwise the replica that answered is behind the leader.
      if (last === undefined || last.timeMs < timeMs || attempt === seekAttemptsMax) return tip;
      await new Promise((resolve) => setTimeout(resolve, seekPauseMs));
    }
  }

  /** A position at the end of the last known message needs none of its records. */
  async #firstSequence(shard: ShardState, from: Position): Promise<number> {
    const { last } = shard;
    const behindLast = last !== undefined && from >= last.end ? last.sequence + 1 : 1;
    if (from >= shard.copiedBelow) return Math.max(behindLast, sequenceOf(from));
    return shard.sequenceOfCopied(from) ?? (await this.#findCopied(shard, ({ end }) => end > from));
  }

  /** The first entry of a copied log that was stored at or after a time, in the clock of where it was copied from. */
  async #copiedAtTime(shard: ShardState, timeMs: number): Promise<Position> {
    const isAtTime = ({ storedMs }: StoredEntry): boolean => storedMs >= timeMs;
    const sequence = await this.#findCopied(shard, ({ entries }) => entries.some(isAtTime));
    const message = await this.#first(shard, { sequence });
    if (message === undefined) return await this.tip(shard);
    const position = decoded(message)?.entries.find(isAtTime)?.position ?? positionOf(message.sequence);
    shard.learnSequence(position, message.sequence);
    return position;
  }

  /** The sequence from which on all messages are not copied, or fit. Those that fit follow on those that do not. */
  async #findCopied(shard: ShardState, fits: (message: LogMessage) => boolean): Promise<number> {
    const info = await this.#api.streamInfo(shard.subjects.group);
    let low = sequenceOf(shard.copiedBelow);
    let high = (info?.state.last_seq ?? 0) + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const first = await this.#first(shard, { sequence: middle });
      const message = first === undefined ? undefined : decoded(first);
      if (first !== undefined && message?.isCopied === true && !fits(message)) low = first.sequence + 1;
      else high = middle;
    }
    return low;
  }

  /** The first message with records from a sequence or a time on. */
  async #first(
    shard: ShardState,
    from: { readonly sequence: number } | { readonly timeMs: number },
  ): Promise<StoredMessage | undefined> {
    shard.assertExists();
    return await askRepeatedly(this.#api, shard, () => this.#verified.first(shard.subjects, from));
  }

  async #leaderMessage(shard: ShardState, subject: string): Promise<LeaderMessage | undefined> {
    const message = await this.#api.lastMessage(shard.subjects.group, subject);
    if (message !== undefined) learn(shard, readLogMessages([message]));
    return message;
  }

  async #result(
    shard: ShardState,
    {
      from,
      firstSequence,
      isAtTip,
      builder,
    }: {
      readonly from: Position;
      readonly firstSequence: number;
      readonly isAtTip: boolean;
      readonly builder: LogPageBuilder;
    },
  ): Promise<ReadResult> {
    const { entries, cut, last } = builder.page();
    if (cut !== undefined) shard.learnSequence(cut.position, cut.sequence);
    if (last !== undefined) shard.learnSequence(behind(last), last.sequence + 1);
    if (last !== undefined && (cut !== undefined || !isAtTip)) {
      const next = cut?.position ?? behind(last);
      const tip = shard.knownTip;
      // There is more, and how much is not known.
      return { entries, next, tip: tip > next ? tip : next + 1n };
    }
    const end = shard.endPosition;
    const read = last === undefined ? from : behind(last);
    if (end !== undefined) return { entries, next: read > end ? read : end, tip: end };
    // What fences a log lies behind its last record, and is no record.
    const isKnown = last !== undefined || (shard.last !== undefined && firstSequence <= shard.last.sequence + 1);
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

function hasCopies({ copiedBelow }: ShardState): boolean {
  return copiedBelow > 0n;
}

/** Undefined for a damaged message. */
function decoded(message: EncodedMessage): LogMessage | undefined {
  return readLogMessages([message]).records[0];
}
