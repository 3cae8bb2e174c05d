import type { DocumentStore, WatchEvent } from "../engine/document-store.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { Stream } from "../streams/stream.ts";
import { decodeStream, encodeStream } from "../streams/stream-document.ts";
import type { Clock } from "../time/clock.ts";
import { streamDocumentKey, streamDocumentsPrefix } from "./stream-document-key.ts";
import { StreamRevision } from "./stream-revision.ts";

/** How long a watch that broke off is left alone before it is begun anew. */
const watchAgainMs = 100;

/** A key that was deleted. */
interface Grave {
  /** Of the deletion. News of this revision or an older one must not revive the stream. */
  readonly revision: bigint;
  /** The watch has told of it: what the watch tells from now on is newer. */
  isTold: boolean;
}

/**
 * Every stream of every account and region, in memory, kept current by the catalog's watch. Finding a stream costs no
 * I/O; changing one is a single compare-and-swap on its document.
 */
export class StreamRegistry {
  readonly #catalog: DocumentStore;
  readonly #live = new Map<string, StreamRevision>();
  /** Kept until the watch has told us the same and no change of our own is on its way: late news must not revive a stream. */
  readonly #buried = new Map<string, Grave>();
  /** Our own changes that the catalog has not answered yet, by key. */
  readonly #swapping = new Map<string, number>();
  /** By stream id: the end of the last change that has its turn or waits for it. */
  readonly #turns = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #closing = new AbortController();
  readonly #clock: Clock;
  readonly #onChange: (live: StreamRevision) => void;
  #watching: Promise<void> | undefined;
  #fault: string | undefined;

  /** `onChange` is told of every new revision that the directory learns of. */
  constructor(catalog: DocumentStore, clock: Clock, onChange: (live: StreamRevision) => void) {
    this.#catalog = catalog;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Resolves when every document of the catalog is in memory. */
  async open(): Promise<void> {
    const synced = Promise.withResolvers<void>();
    this.#watching = this.#follow(synced);
    this.#watching.catch((error: unknown) => {
      this.#fault = `the directory of streams hears no more news: ${error instanceof Error ? error.message : String(error)}`;
      synced.reject(error);
    });
    await synced.promise;
  }

  /** Why the directory may be behind the catalog, as a sentence; undefined while it hears of every change. */
  get fault(): string | undefined {
    return this.#fault;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#watching?.catch(() => undefined);
  }

  find(account: string, region: string, name: string): StreamRevision | undefined {
    return this.#live.get(streamDocumentKey(account, region, name));
  }

  /** The newest revision of the stream that `live` is a revision of; undefined when it is gone or was made anew. */
  current(live: StreamRevision): StreamRevision | undefined {
    const { account, region, name, id } = live.stream;
    const found = this.find(account, region, name);
    return found?.stream.id === id ? found : undefined;
  }

  /** All streams of one account and region, in no order. */
  *inRegion(account: string, region: string): Generator<StreamRevision> {
    const prefix = streamDocumentKey(account, region, "");
    for (const [key, live] of this.#live) if (key.startsWith(prefix)) yield live;
  }

  all(): MapIterator<StreamRevision> {
    return this.#live.values();
  }

  /** Writes the first document of a stream. Rejects with `conflict` when the name is taken. */
  async create(stream: Stream): Promise<StreamRevision> {
    return await this.#swap(stream, 0n);
  }

  /** Writes the next document of a stream. Rejects with `conflict` when `live` is not its newest revision. */
  async replace(live: StreamRevision, next: Stream): Promise<StreamRevision> {
    return await this.#swap(next, live.revision);
  }

  /**
   * Runs changes of one stream's document one after the other, so that changes made by this server queue up instead of
   * losing races against each other. Other servers' changes are still met as conflicts.
   */
  async inTurn<T>({ stream }: StreamRevision, change: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(stream.id);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turns.set(stream.id, promise);
    try {
      await before;
      return await change();
    } finally {
      if (this.#turns.get(stream.id) === promise) this.#turns.delete(stream.id);
      resolve();
    }
  }

  async remove(live: StreamRevision): Promise<void> {
    const { account, region, name } = live.stream;
    const key = streamDocumentKey(account, region, name);
    await this.#change(key, async () => this.#bury(key, await this.#catalog.compareAndSwap(key, null, live.revision)));
  }

  /** Resolves once `live` is no longer the newest revision, or with false when the signal aborts first. */
  async superseded(live: StreamRevision, signal: AbortSignal): Promise<boolean> {
    const { account, region, name } = live.stream;
    const key = streamDocumentKey(account, region, name);
    if (this.#live.get(key) !== live) return true;
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

  async #swap(stream: Stream, expectedRevision: bigint): Promise<StreamRevision> {
    const key = streamDocumentKey(stream.account, stream.region, stream.name);
    return await this.#change(key, async () => {
      const revision = await this.#catalog.compareAndSwap(key, encodeStream(stream), expectedRevision);
      return this.#learn(key, stream, revision);
    });
  }

  /** A change of our own. Its news may come by the watch before the answer does, and so may news of a deletion behind it. */
  async #change<T>(key: string, change: () => Promise<T>): Promise<T> {
    this.#swapping.set(key, (this.#swapping.get(key) ?? 0) + 1);
    try {
      return await change();
    } finally {
      const left = (this.#swapping.get(key) ?? 1) - 1;
      if (left > 0) this.#swapping.set(key, left);
      else this.#swapping.delete(key);
      this.#forgetGrave(key);
    }
  }

  /** Watches until the directory closes; a watch that broke off is begun anew and what it missed is found out. */
  async #follow(synced: PromiseWithResolvers<void>): Promise<void> {
    const signal = this.#closing.signal;
    while (!signal.aborted) {
      try {
        await this.#watchOnce(synced);
      } catch (error) {
        const mayWatchAgain =
          error instanceof EngineError && (error.kind === "unavailable" || error.kind === "throttled");
        if (!mayWatchAgain || signal.aborted) throw error;
      }
      await this.#clock.delay(watchAgainMs, signal).catch(() => undefined);
    }
  }

  async #watchOnce(synced: PromiseWithResolvers<void>): Promise<void> {
    const unseen = new Set(this.#live.keys());
    const graves = [...this.#buried];
    for await (const event of this.#catalog.watch(streamDocumentsPrefix, this.#closing.signal)) {
      if (event.kind !== "synced") {
        if (event.kind === "put") unseen.delete(event.document.key);
        this.#apply(event);
        continue;
      }
      for (const key of unseen) {
        const known = this.#live.get(key);
        const gone = known !== undefined && (await this.#catalog.get(key, { fresh: true })) === undefined;
        if (!gone) continue;
        this.#bury(key, known.revision);
        this.#toldOf(key, known.revision);
      }
      // These deletions were done before the watch began.
      for (const [key, { revision }] of graves) this.#toldOf(key, revision);
      unseen.clear();
      synced.resolve();
    }
  }

  #apply(event: Exclude<WatchEvent, { kind: "synced" }>): void {
    if (event.kind === "delete") {
      this.#bury(event.key, event.revision);
      this.#toldOf(event.key, event.revision);
      return;
    }
    const { key, value, revision } = event.document;
    // Our own changes come back here too: they are known already and not worth decoding again.
    if (revision > this.#knownRevision(key)) this.#learn(key, decodeStream(value), revision);
  }

  #learn(key: string, stream: Stream, revision: bigint): StreamRevision {
    const known = this.#live.get(key);
    if (known !== undefined && known.revision >= revision) return known;
    const live = new StreamRevision(stream, revision);
    if (revision <= this.#knownRevision(key)) return live;
    this.#live.set(key, live);
    this.#wake(key);
    this.#onChange(live);
    return live;
  }

  #bury(key: string, revision: bigint): void {
    if (this.#knownRevision(key) > revision) return;
    this.#live.delete(key);
    if (this.#buried.get(key)?.revision !== revision) this.#buried.set(key, { revision, isTold: false });
    this.#wake(key);
  }

  #knownRevision(key: string): bigint {
    const live = this.#live.get(key)?.revision ?? 0n;
    const grave = this.#buried.get(key)?.revision ?? 0n;
    return live > grave ? live : grave;
  }

  /** The watch is past this revision of the key. */
  #toldOf(key: string, revision: bigint): void {
    const grave = this.#buried.get(key);
    if (grave !== undefined && grave.revision <= revision) grave.isTold = true;
    this.#forgetGrave(key);
  }

  #forgetGrave(key: string): void {
    if (this.#buried.get(key)?.isTold === true && !this.#swapping.has(key)) this.#buried.delete(key);
  }

  #wake(key: string): void {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    for (const wake of waiting ?? []) wake();
  }
}
