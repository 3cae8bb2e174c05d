import type { ReadLimit, StoredEntry } from "../../shard-log.ts";
import type { StoredMessage } from "../api/direct-get.ts";
import { isWholeFenceMessage } from "../format/fence-message.ts";
import { decodeLogEnd, decodeLogMessage, type LogEnd, type LogMessage, positionOf } from "../format/log-message.ts";
import { kindOf } from "../format/subjects.ts";

/** Messages of one shard log, told apart. */
export interface LogMessages {
  readonly records: readonly LogMessage[];
  /** Sequences of messages whose bytes are not what a gateway has written. */
  readonly damaged: readonly number[];
  /** The message that ends the log, once it is among them. */
  readonly end: LogEnd | undefined;
  readonly isDropped: boolean;
  /** The sequence behind the last message of any kind; undefined: there was none. */
  readonly next: number | undefined;
}

/** A message from any replica, or from the leader. */
export type EncodedMessage = Omit<StoredMessage, "previousSequence">;

/** Decodes messages of one shard log. Messages behind the end do not count. */
export function readLogMessages(messages: readonly EncodedMessage[]): LogMessages {
  const records: LogMessage[] = [];
  const damaged: number[] = [];
  let end: LogEnd | undefined;
  let isDropped = false;
  for (const { subject, sequence, data, timeMs } of messages) {
    const kind = kindOf(subject);
    if (kind === "dropped") isDropped = true;
    else if (kind === "end") end ??= decodeLogEnd(data, sequence);
    else if (kind === "records" && end === undefined) {
      const decoded = decodeLogMessage(data, sequence, timeMs);
      if (decoded === undefined) damaged.push(sequence);
      else records.push(decoded);
    }
  }
  const last = messages.at(-1);
  return { records, damaged, end, isDropped, next: last === undefined ? undefined : last.sequence + 1 };
}

/** Whether the bytes of a message of a shard log are what a gateway has written. */
export function isWhole(message: EncodedMessage): boolean {
  if (kindOf(message.subject) === "fence") return isWholeFenceMessage(message.data);
  return readLogMessages([message]).damaged.length === 0;
}

/** A message that is there, or has expired, by the word of the message behind it, and when it was stored. */
export interface MissingMessage {
  readonly sequence: number;
  /** 0: not known. */
  readonly ms: number;
}

/**
 * The messages that an answer should have had: those that a later one of the same writer names, and those that are damaged.
 * `from` is the first sequence that was asked for; `seen` has those that earlier answers of the same read gave.
 */
export function missingMessages(
  { records, damaged, end }: LogMessages,
  from: number,
  seen: ReadonlySet<number>,
): readonly MissingMessage[] {
  const given = new Set(records.map(({ sequence }) => sequence));
  const named = [
    ...records.map(({ link }) => ({ sequence: link.previousSequence, ms: link.previousMs })),
    ...(end === undefined ? [] : [{ sequence: end.lastSequence, ms: end.lastMs }]),
  ];
  const absent = named.filter(
    ({ sequence }) => sequence >= from && sequence > 0 && !given.has(sequence) && !seen.has(sequence),
  );
  return [...absent, ...damaged.map((sequence) => ({ sequence, ms: 0 }))];
}

export interface LogPage {
  readonly entries: readonly StoredEntry[];
  /** Where to continue, and the message that contains it; undefined: all records were taken. */
  readonly cut: { readonly position: bigint; readonly sequence: number } | undefined;
  /** The last message that an entry was taken of. */
  readonly last: LogMessage | undefined;
}

/** Takes entries from a position on until a limit is reached. The first entry is taken whatever its size. */
export class LogPageBuilder {
  readonly #from: bigint;
  readonly #limit: ReadLimit;
  readonly #entries: StoredEntry[] = [];
  #bytes = 0;
  #recordsLeft: number;
  #cut: LogPage["cut"];
  #last: LogMessage | undefined;

  constructor(from: bigint, limit: ReadLimit) {
    this.#from = from;
    this.#limit = limit;
    this.#recordsLeft = limit.recordsMax ?? Number.POSITIVE_INFINITY;
  }

  /** Whether nothing more can be taken. */
  get isFull(): boolean {
    return this.#cut !== undefined || this.#recordsLeft <= 0 || this.#entries.length >= this.#limit.entriesMax;
  }

  /** Messages that may still be of use. */
  get messagesLeft(): number {
    return Math.max(1, Math.min(this.#limit.entriesMax - this.#entries.length, this.#recordsLeft));
  }

  /** Bytes of bodies that may still be taken. */
  get bytesLeft(): number {
    return Math.max(0, this.#limit.bytesMax - this.#bytes);
  }

  add(message: LogMessage): void {
    for (const entry of message.entries) {
      if (this.#cut !== undefined) return;
      this.#addEntry(message, entry);
    }
  }

  page(): LogPage {
    return { entries: this.#entries, cut: this.#cut, last: this.#last };
  }

  #addEntry(message: LogMessage, entry: StoredEntry): void {
    const end = entry.position + BigInt(entry.count);
    if (end <= this.#from) return;
    this.#bytes += entry.body.length;
    const isOver =
      this.#entries.length >= this.#limit.entriesMax || this.#bytes > this.#limit.bytesMax || this.#recordsLeft <= 0;
    if (isOver && this.#entries.length > 0) {
      this.#cut = { position: entry.position, sequence: message.sequence };
      return;
    }
    this.#entries.push(entry);
    this.#last = message;
    const first = this.#from > entry.position ? this.#from : entry.position;
    this.#recordsLeft -= Number(end - first);
  }
}

/** The end of a message, as a position to read on from. */
export function behind({ sequence, isCopied, end }: LogMessage): bigint {
  return isCopied ? end : positionOf(sequence + 1);
}
