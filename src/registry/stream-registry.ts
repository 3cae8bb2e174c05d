import type { DocumentStore, WatchEvent } from "../engine/document-store.ts";
import { WatchTask } from "../engine/watch-task.ts";
import { findChannel } from "../streams/channel-ref.ts";
import { findQueue } from "../streams/queue-ref.ts";
import type { Stream, StreamChannel, StreamQueue } from "../streams/stream.ts";
import { decodeStream, encodeStream, streamDocumentKey, streamDocumentPrefix } from "../streams/stream-document.ts";
import type { Clock } from "../time/clock.ts";
import { StreamRevision } from "./stream-revision.ts";

/** As long as an election of an engine's servers may take. */
const catchUpMsMax = 12_000;
const catchUpPauseMs = 100;

/** Which stream, also among deleted streams of the same name. */
export type StreamIdentity = Pick<Stream, "account" | "region" | "name" | "id">;

export interface FoundQueue {
  readonly revision: StreamRevision;
  readonly queue: StreamQueue;
}

export interface FoundChannel {
  readonly revision: StreamRevision;
  readonly channel: StreamChannel;
}

/** A deleted document. */
interface Tombstone {
  /** Revision of the deletion. Events of this revision or an older one must not bring the stream back. */
  readonly revision: bigint;
  /** Whether the watch is past this revision: all further events of the key are newer. */
  isObserved: boolean;
}

/**
 * All streams of all accounts and regions in memory, kept current by a watch on the document store. A lookup needs no I/O;
 * a change is one compare-and-swap of the stream's document.
 */
export class StreamRegistry {
  readonly #documents: DocumentStore;
  readonly #revisions = new Map<string, StreamRevision>();
  /** The key of the stream of each queue and channel, by its id. */
  readonly #keyByRowId = new Map<string, string>();
  /** Kept until the watch has observed the deletion and no swap of the key is in flight. */
  readonly #tombstones = new Map<string, Tombstone>();
  /** Number of swaps of this server in flight, by key. */
  readonly #swapsInFlight = new Map<string, number>();
  /** The end of the last queued change, by stream id. */
  readonly #lastTurns = new Map<string, Promise<void>>();
  /** Callbacks that wait for the next revision, by key. */
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #clock: Clock;
  readonly #onRevision: (revision: StreamRevision) => void;
  readonly #watch: WatchTask;
  #catchingUp: Promise<boolean> | undefined;
  #nextCatchUp: Promise<boolean> | undefined;

  /** `onRevision` is called with every new revision, once. */
  constructor(documents: DocumentStore, clock: Clock, onRevision: (revision: StreamRevision) => void) {
    this.#documents = documents;
    this.#clock = clock;
    this.#onRevision = onRevision;
    this.#watch = new WatchTask({
      documents,
      clock,
      prefix: streamDocumentPrefix,
      follow: (events, synced) => this.#follow(events, synced),
    });
  }

  /** Resolves when all stream documents are in memory. */
  async open(): Promise<void> {
    await this.#watch.open();
  }

  /** Why the registry may be behind the document store, as a clause for /health; undefined while it is current. */
  get fault(): string | undefined {
    const { fault } = this.#watch;
    return fault === undefined
      ? undefined
      : `the stream registry no longer receives changes of stream documents, so streams may show an old state; stored records are not affected; restart the server: ${fault}`;
  }

  /** Whether other servers may change streams too. */
  get isShared(): boolean {
    return this.#documents.catchUp !== undefined;
  }

  /**
   * Resolves with true when the registry has every change that completed before the call, on any server; with false when that
   * takes longer, as for a server that is cut off from the others.
   */
  async catchUp(msMax = catchUpMsMax): Promise<boolean> {
    const over = new AbortController();
    const ended = this.#clock.delay(msMax, over.signal).then(
      () => over.abort(),
      () => undefined,
    );
    try {
      while (!over.signal.aborted) {
        if ((await Promise.race([this.#sharedCatchUp(), ended])) === true) return true;
        await this.#clock.delay(catchUpPauseMs, over.signal).catch(() => undefined);
      }
      return false;
    } finally {
      over.abort();
    }
  }

  async close(): Promise<void> {
    await this.#watch.close();
  }

  find(account: string, region: string, name: string): StreamRevision | undefined {
    return this.#revisions.get(streamDocumentKey(account, region, name));
  }

  /** The queue with an id, in any state, and its stream. */
  findQueue(account: string, region: string, queueId: string): FoundQueue | undefined {
    const revision = this.#streamOfRow(account, region, queueId);
    const queue = revision === undefined ? undefined : findQueue(revision.stream, queueId);
    return revision === undefined || queue === undefined ? undefined : { revision, queue };
  }

  /** The channel with an id, in any state, and its stream. */
  findChannel(account: string, region: string, channelId: string): FoundChannel | undefined {
    const revision = this.#streamOfRow(account, region, channelId);
    const channel = revision === undefined ? undefined : findChannel(revision.stream, channelId);
    return revision === undefined || channel === undefined ? undefined : { revision, channel };
  }

  #streamOfRow(account: string, region: string, rowId: string): StreamRevision | undefined {
    const key = this.#keyByRowId.get(rowId);
    const revision = key === undefined ? undefined : this.#revisions.get(key);
    return revision?.stream.account === account && revision.stream.region === region ? revision : undefined;
  }

  /** The newest revision of the same stream; undefined when it is gone, even if another stream has its name. */
  current({ stream }: { readonly stream: StreamIdentity }): StreamRevision | undefined {
    const found = this.find(stream.account, stream.region, stream.name);
    return found?.stream.id === stream.id ? found : undefined;
  }

  /** All streams of one account and region, in no order. */
  *inRegion(account: string, region: string): Generator<StreamRevision> {
    const prefix = streamDocumentKey(account, region, "");
    for (const [key, revision] of this.#revisions) if (key.startsWith(prefix)) yield revision;
  }

  all(): MapIterator<StreamRevision> {
    return this.#revisions.values();
  }

  /** Writes the first document of a stream. Rejects with `conflict` when the name is taken. */
  async create(stream: Stream): Promise<StreamRevision> {
    return await this.#write(stream, 0n);
  }

  /** Writes the next document of a stream. Rejects with `conflict` when `replaced` is not its newest revision. */
  async replace(replaced: StreamRevision, next: Stream): Promise<StreamRevision> {
    return await this.#write(next, replaced.revision);
  }

  /** Deletes a stream's document. Rejects with `conflict` when `removed` is not its newest revision. */
  async remove(removed: StreamRevision): Promise<void> {
    const key = keyOf(removed.stream);
    await this.#trackSwap(key, async () => {
      this.#delete(key, await this.#documents.compareAndSwap(key, null, removed.revision));
    });
  }

  /**
   * Runs the changes of one stream's document one after the other, so that changes by this server queue up instead of
   * conflicting with each other. Changes by other servers still end in a `conflict`.
   */
  async inTurn<T>({ stream }: StreamRevision, change: () => Promise<T>): Promise<T> {
    const before = this.#lastTurns.get(stream.id);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastTurns.set(stream.id, promise);
    try {
      await before;
      return await change();
    } finally {
      if (this.#lastTurns.get(stream.id) === promise) this.#lastTurns.delete(stream.id);
      resolve();
    }
  }

  /** Resolves with true once `revision` is not the newest one, or with false when the signal aborts first. */
  async superseded(revision: StreamRevision, signal: AbortSignal): Promise<boolean> {
    const key = keyOf(revision.stream);
    if (this.#revisions.get(key) !== revision) return true;
    if (signal.aborted) return false;
    const changed = Promise.withResolvers<boolean>();
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting);
    const wake = () => changed.resolve(true);
    const giveUp = () => changed.resolve(false);
    waiting.add(wake);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      return await changed.promise;
    } finally {
      waiting.delete(wake);
      signal.removeEventListener("abort", giveUp);
    }
  }

  async #write(stream: Stream, expectedRevision: bigint): Promise<StreamRevision> {
    const key = keyOf(stream);
    return await this.#trackSwap(key, async () => {
      const revision = await this.#documents.compareAndSwap(key, encodeStream(stream), expectedRevision);
      return this.#put(key, stream, revision);
    });
  }

  /** A call that comes while one runs needs another one, which it shares with all that wait for it. */
  #sharedCatchUp(): Promise<boolean> {
    this.#nextCatchUp ??= (this.#catchingUp ?? Promise.resolve(true)).then(() => {
      this.#nextCatchUp = undefined;
      this.#catchingUp = this.#catchUpOnce();
      return this.#catchingUp;
    });
    return this.#nextCatchUp;
  }

  /** False when the store does not answer, or the watch that it would have told was interrupted. */
  async #catchUpOnce(): Promise<boolean> {
    const { synced } = this.#watch;
    try {
      await this.#documents.catchUp?.();
    } catch {
      return false;
    }
    return synced !== undefined && this.#watch.synced === synced;
  }

  /** The watch may report a swap of this server, and a later deletion too, before the swap itself resolves. */
  async #trackSwap<T>(key: string, swap: () => Promise<T>): Promise<T> {
    this.#swapsInFlight.set(key, (this.#swapsInFlight.get(key) ?? 0) + 1);
    try {
      return await swap();
    } finally {
      const left = (this.#swapsInFlight.get(key) ?? 1) - 1;
      if (left > 0) this.#swapsInFlight.set(key, left);
      else this.#swapsInFlight.delete(key);
      this.#discardTombstone(key);
    }
  }

  async #follow(events: AsyncIterable<WatchEvent>, synced: () => void): Promise<void> {
    const unseenKeys = new Set(this.#revisions.keys());
    const earlierTombstones = [...this.#tombstones];
    for await (const event of events) {
      if (event.kind !== "synced") {
        if (event.kind === "put") unseenKeys.delete(event.document.key);
        this.#apply(event);
        continue;
      }
      for (const key of unseenKeys) await this.#deleteIfMissing(key);
      // These documents were deleted before the watch began.
      for (const [key, { revision }] of earlierTombstones) this.#markObserved(key, revision);
      unseenKeys.clear();
      synced();
    }
  }

  /** For a key that a new watch did not report: its deletion may have been missed while no watch ran. */
  async #deleteIfMissing(key: string): Promise<void> {
    const known = this.#revisions.get(key);
    if (known === undefined || (await this.#documents.get(key)) !== undefined) return;
    this.#delete(key, known.revision);
    this.#markObserved(key, known.revision);
  }

  #apply(event: Exclude<WatchEvent, { kind: "synced" }>): void {
    if (event.kind === "delete") {
      this.#delete(event.key, event.revision);
      this.#markObserved(event.key, event.revision);
      return;
    }
    const { key, value, revision } = event.document;
    // Changes by this server are reported too; they are known and need no decoding.
    if (revision > this.#knownRevision(key)) this.#put(key, decodeStream(value), revision);
  }

  #put(key: string, stream: Stream, revision: bigint): StreamRevision {
    const known = this.#revisions.get(key);
    if (known !== undefined && known.revision >= revision) return known;
    const added = new StreamRevision(stream, revision);
    if (revision <= this.#knownRevision(key)) return added;
    this.#indexRows(key, known?.stream, stream);
    this.#revisions.set(key, added);
    this.#wakeWaiting(key);
    this.#onRevision(added);
    return added;
  }

  #delete(key: string, revision: bigint): void {
    if (this.#knownRevision(key) > revision) return;
    this.#indexRows(key, this.#revisions.get(key)?.stream, undefined);
    this.#revisions.delete(key);
    if (this.#tombstones.get(key)?.revision !== revision) this.#tombstones.set(key, { revision, isObserved: false });
    this.#wakeWaiting(key);
  }

  #indexRows(key: string, former: Stream | undefined, present: Stream | undefined): void {
    if (former?.queues === present?.queues && former?.channels === present?.channels) return;
    for (const { id } of rowsOf(former)) this.#keyByRowId.delete(id);
    for (const { id } of rowsOf(present)) this.#keyByRowId.set(id, key);
  }

  #knownRevision(key: string): bigint {
    const present = this.#revisions.get(key)?.revision ?? 0n;
    const deleted = this.#tombstones.get(key)?.revision ?? 0n;
    return present > deleted ? present : deleted;
  }

  #markObserved(key: string, revision: bigint): void {
    const tombstone = this.#tombstones.get(key);
    if (tombstone !== undefined && tombstone.revision <= revision) tombstone.isObserved = true;
    this.#discardTombstone(key);
  }

  #discardTombstone(key: string): void {
    if (this.#tombstones.get(key)?.isObserved === true && !this.#swapsInFlight.has(key)) this.#tombstones.delete(key);
  }

  #wakeWaiting(key: string): void {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    for (const wake of waiting ?? []) wake();
  }
}

function rowsOf(stream: Stream | undefined): readonly { readonly id: string }[] {
  return [...(stream?.queues ?? []), ...(stream?.channels ?? [])];
}

function keyOf({ account, region, name }: Stream): string {
  return streamDocumentKey(account, region, name);
}
