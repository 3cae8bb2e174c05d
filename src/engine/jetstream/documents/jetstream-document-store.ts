import type { DocumentStore, VersionedDocument, WatchEvent } from "../../document-store.ts";
import { EngineError } from "../../engine-error.ts";
import { directGet, type StoredMessage } from "../api/direct-get.ts";
import { answerMsMax, type JetStreamApi, type LeaderMessage } from "../api/jetstream-api.ts";
import { OpenState } from "../api/open-state.ts";
import { attemptMs, messageHeaders, type PublishOutcome, publish } from "../api/publish.ts";
import { DocumentFeed } from "./document-feed.ts";
import {
  type BucketNames,
  documentOfSubject,
  revisionOf,
  sequenceOfRevision,
  subjectOfDocument,
} from "./document-names.ts";

const pauseMs = 20;
const messagesPerGet = 1_000;
/** How long a deletion stays visible to watches that were interrupted. */
const deletionKept = "1h";
const nothing = new Uint8Array();

export interface JetStreamDocumentStoreOptions {
  readonly api: JetStreamApi;
  readonly names: BucketNames;
  readonly documentBytesMax: number;
  readonly nextId: () => string;
}

/** Documents in a key-value bucket. Reads are answered by the bucket's leader, so they have every completed swap. */
export class JetStreamDocumentStore implements DocumentStore {
  readonly #options: JetStreamDocumentStoreOptions;
  readonly #feeds = new Set<DocumentFeed>();
  readonly #open = new OpenState();

  constructor(options: JetStreamDocumentStoreOptions) {
    this.#options = options;
  }

  close(): void {
    this.#open.close();
    for (const feed of this.#feeds) feed.close();
  }

  async get(key: string): Promise<VersionedDocument | undefined> {
    this.#open.assertOpen();
    const { names } = this.#options;
    const message = await this.#open.whileOpen(this.#last(subjectOfDocument(names, key)));
    // The leader's answer has no headers; only deletions have no body but a mark.
    if (message === undefined || isDeletionMark(message.data)) return undefined;
    return { key, value: documentBytesOf(message.data), revision: revisionOf(message.sequence, false) };
  }

  async compareAndSwap(key: string, value: Uint8Array | null, expectedRevision: bigint): Promise<bigint> {
    this.#open.assertOpen();
    const { documentBytesMax } = this.#options;
    if (value !== null && value.length > documentBytesMax) {
      throw new EngineError(
        "too_large",
        `A document of ${value.length} bytes is over the limit of ${documentBytesMax} bytes; nothing was stored.`,
      );
    }
    const data = value === null ? deletionMark : Buffer.concat([valueMark, value]);
    const sequence = sequenceOfRevision(expectedRevision);
    if (sequence === undefined) throw conflict(key);
    return await this.#open.whileOpen(this.#swap(key, data, sequence));
  }

  async list(prefix: string): Promise<readonly VersionedDocument[]> {
    this.#open.assertOpen();
    const { documents } = await this.#open.whileOpen(this.#scan(prefix, 1));
    return documents.sort((left, right) => (left.key < right.key ? -1 : 1));
  }

  async *watch(prefix: string, signal: AbortSignal): AsyncGenerator<WatchEvent, undefined> {
    this.#open.assertOpen();
    const { api, names } = this.#options;
    const feed = new DocumentFeed(api.connection, names);
    this.#feeds.add(feed);
    try {
      await feed.ready;
      yield* this.#follow(feed, prefix, signal);
    } finally {
      this.#feeds.delete(feed);
      feed.close();
    }
  }

  async catchUp(): Promise<void> {
    this.#open.assertOpen();
    const { api, names } = this.#options;
    const info = await this.#open.whileOpen(api.streamInfo(names.stream));
    if (info === undefined) throw bucketIsGone(names);
    await Promise.all([...this.#feeds].map((feed) => feed.told(info.state.last_seq)));
  }

  async *#follow(feed: DocumentFeed, prefix: string, signal: AbortSignal): AsyncGenerator<WatchEvent, undefined> {
    let from = 1;
    for (let isSynced = false; !signal.aborted; ) {
      this.#open.assertOpen();
      const { version } = feed;
      const reads = !isSynced || feed.hasGapBehind(from);
      const { messages, next } = reads ? await this.#open.whileOpen(this.#scanMessages(from)) : feed.takeFrom(from);
      for (const event of this.#events(messages, prefix, isSynced)) if (!signal.aborted) yield event;
      if (!isSynced) yield { kind: "synced" };
      isSynced = true;
      from = next;
      feed.markTold(next);
      if (!reads && messages.length === 0) await feed.changed(version, signal);
    }
  }

  /** Messages in their order as events. Deletions that lie before the watch are no events. */
  *#events(messages: readonly StoredMessage[], prefix: string, withDeletions: boolean): Generator<WatchEvent> {
    for (const { subject, sequence, data } of messages) {
      const key = documentOfSubject(this.#options.names, subject);
      if (key?.startsWith(prefix) !== true) continue;
      if (!isDeletionMark(data)) {
        yield { kind: "put", document: { key, value: documentBytesOf(data), revision: revisionOf(sequence, false) } };
      } else if (withDeletions) yield { kind: "delete", key, revision: revisionOf(sequence, true) };
    }
  }

  async #swap(key: string, data: Uint8Array, expectedSequence: number): Promise<bigint> {
    const { api, names, nextId } = this.#options;
    const swap: Swap = { subject: subjectOfDocument(names, key), data, id: nextId(), expectedSequence };
    const giveUpAt = performance.now() + answerMsMax;
    let maybeStored = false;
    for (let expected = expectedSequence; ; ) {
      const headers = headersOf(swap, expected);
      const outcome = await publish(api.connection, { subject: swap.subject, data, headers, timeoutMs: attemptMs });
      if (outcome.kind === "stored") return revisionOf(outcome.sequence, isDeletionMark(data));
      if (outcome.kind === "refused") {
        const last = await this.#last(swap.subject);
        // An attempt without an answer was stored.
        if (last?.id === swap.id) return revisionOf(last.sequence, isDeletionMark(data));
        const next = expectedAfterRefusal(swap, last);
        if (next === undefined || next === expected) throw conflict(key);
        expected = next;
        continue;
      }
      maybeStored ||= outcome.kind === "unknown";
      if (performance.now() > giveUpAt || api.connection.isClosed) throw gaveUp(key, maybeStored);
      await this.#pauseAfter(outcome);
    }
  }

  async #last(subject: string): Promise<LeaderMessage | undefined> {
    const { api, names } = this.#options;
    try {
      return await api.lastMessage(names.stream, subject);
    } catch (error) {
      throw error instanceof EngineError && error.kind === "not_found" ? bucketIsGone(names, "unavailable") : error;
    }
  }

  async #pauseAfter({ kind }: PublishOutcome): Promise<void> {
    const { api, names } = this.#options;
    if (kind === "unserved" && (await api.streamInfo(names.stream)) === undefined) {
      throw bucketIsGone(names, "unavailable");
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }

  async #scan(prefix: string, from: number): Promise<{ documents: VersionedDocument[]; next: number }> {
    const { messages, next } = await this.#scanMessages(from);
    const documents = [...this.#events(messages, prefix, false)].flatMap((event) => {
      return event.kind === "put" ? [event.document] : [];
    });
    return { documents, next };
  }

  /** The last message of each key from a sequence on, at least up to the leader's last one. */
  async #scanMessages(from: number): Promise<{ readonly messages: readonly StoredMessage[]; readonly next: number }> {
    const { api, names } = this.#options;
    const info = await api.streamInfo(names.stream);
    if (info === undefined) throw bucketIsGone(names);
    const giveUpAt = performance.now() + answerMsMax;
    const byKey = new Map<string, StoredMessage>();
    for (let next = from; ; ) {
      const answer = await directGet(api.connection, {
        stream: names.stream,
        subject: names.subjects,
        from: { sequence: next },
        messagesMax: messagesPerGet,
      });
      for (const message of answer.messages) byKey.set(message.subject, message);
      next = (answer.messages.at(-1)?.sequence ?? next - 1) + 1;
      if (answer.pendingCount > 0) continue;
      // The last message of all may have expired; every other one is the last of its key.
      const isCurrent =
        next > info.state.last_seq || (await api.messageAt(names.stream, info.state.last_seq)) === undefined;
      if (isCurrent) {
        const messages = [...byKey.values()].sort((left, right) => left.sequence - right.sequence);
        return { messages, next: Math.max(next, info.state.last_seq + 1) };
      }
      if (performance.now() > giveUpAt)
        throw new EngineError("unavailable", "The replicas of the documents are behind.");
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

interface Swap {
  readonly subject: string;
  readonly data: Uint8Array;
  /** The same for all attempts. */
  readonly id: string;
  /** 0: the key must not exist. */
  readonly expectedSequence: number;
}

function headersOf({ id, data }: Swap, expectedSequence: number): Readonly<Record<string, string>> {
  return {
    [messageHeaders.id]: id,
    [messageHeaders.expectedLastSequence]: String(expectedSequence),
    ...(isDeletionMark(data) ? { "KV-Operation": "DEL", [messageHeaders.timeToLive]: deletionKept } : {}),
  };
}

/** A key that must not exist may have a deletion as its last message. Undefined: the refusal is a conflict. */
function expectedAfterRefusal({ data, expectedSequence }: Swap, last: LeaderMessage | undefined): number | undefined {
  if (expectedSequence !== 0 || isDeletionMark(data)) return undefined;
  if (last === undefined) return 0;
  return isDeletionMark(last.data) ? last.sequence : undefined;
}

/** The first byte of a message: a document's bytes follow, or nothing because it was deleted. */
const valueMark = Uint8Array.of(1);
const deletionMark = nothing;

function isDeletionMark(data: Uint8Array): boolean {
  return data.length === 0;
}

function documentBytesOf(data: Uint8Array): Uint8Array {
  return data.subarray(valueMark.length);
}

function conflict(key: string): EngineError {
  return new EngineError("conflict", `The document ${key} was changed meanwhile. Nothing was stored.`);
}

function gaveUp(key: string, maybeStored: boolean): EngineError {
  return maybeStored
    ? new EngineError(
        "indeterminate",
        `It is not known whether the document ${key} was stored: the servers do not answer.`,
      )
    : new EngineError("unavailable", `The document ${key} was not stored: the bucket of documents has no leader.`);
}

/** A watch does not go on: `corrupt`. A call did nothing: `unavailable`. */
export function bucketIsGone({ bucket }: BucketNames, kind: "corrupt" | "unavailable" = "corrupt"): EngineError {
  return new EngineError(
    kind,
    `The key-value bucket ${bucket} was removed by something else than Millrace, and with it what is known of all streams. It is not made again; restore it from a backup.`,
  );
}
