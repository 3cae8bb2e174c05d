import type { DocumentStore, WatchEvent } from "../engine/document-store.ts";
import { isConflict } from "../engine/engine-error.ts";
import { WatchTask } from "../engine/watch-task.ts";
import type { Clock } from "../time/clock.ts";

/** All documents by which gateways act as one. Part of the stored format. */
export const gatewayDocumentPrefix = "gateways/";

/** One revision of a document, and when this gateway learnt of it. */
export interface SharedDocument {
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: bigint;
  /** In ms of this gateway's monotonic clock. Clocks of gateways may differ, so no time in a document is compared with it. */
  readonly seenMs: number;
}

/** Called with each change; undefined for a document that was removed. Never throws. */
export type DocumentListener = (key: string, document: SharedDocument | undefined) => void;

/** A copy in memory of the documents that gateways share, kept current by one watch. Keys are relative to their prefix. */
export class SharedDocuments {
  readonly #documents: DocumentStore;
  readonly #clock: Clock;
  readonly #known = new Map<string, SharedDocument>();
  readonly #listeners = new Set<DocumentListener>();
  readonly #watch: WatchTask;

  constructor(documents: DocumentStore, clock: Clock) {
    this.#documents = documents;
    this.#clock = clock;
    this.#watch = new WatchTask({
      documents,
      clock,
      prefix: gatewayDocumentPrefix,
      follow: (events, synced) => this.#follow(events, synced),
    });
  }

  /** Resolves when all documents are known. */
  async open(): Promise<void> {
    await this.#watch.open();
  }

  /** Why this gateway does not see the other ones, as a clause for /health; undefined while it does. */
  get fault(): string | undefined {
    const { fault } = this.#watch;
    return fault === undefined
      ? undefined
      : `this gateway no longer sees the other ones, so limits and subscriptions are not shared with them; stored records are not affected; restart the server: ${fault}`;
  }

  async close(): Promise<void> {
    await this.#watch.close();
  }

  get(key: string): SharedDocument | undefined {
    return this.#known.get(key);
  }

  /** The documents whose keys begin with a text, in no order. */
  *startingWith(start: string): Generator<SharedDocument> {
    for (const document of this.#known.values()) if (document.key.startsWith(start)) yield document;
  }

  listen(listener: DocumentListener): void {
    this.#listeners.add(listener);
  }

  /** Compare-and-swap, as of the document store. Its result is known here when it resolves. */
  async swap(key: string, value: Uint8Array | null, expectedRevision: bigint): Promise<bigint> {
    const revision = await this.#documents.compareAndSwap(gatewayDocumentPrefix + key, value, expectedRevision);
    if (value === null) this.#remove(key, revision);
    else this.#put(key, value, revision);
    return revision;
  }

  /** Replaces the revision that is known here, or none. False when there was another one, which is known when it resolves. */
  async replaceKnown(key: string, value: Uint8Array): Promise<boolean> {
    try {
      await this.swap(key, value, this.#known.get(key)?.revision ?? 0n);
      return true;
    } catch (error) {
      if (!isConflict(error)) throw error;
      await this.refresh(key);
      return false;
    }
  }

  /** The document as it is now, which is known here when it resolves. */
  async refresh(key: string): Promise<SharedDocument | undefined> {
    const before = this.#known.get(key);
    const found = await this.#documents.get(gatewayDocumentPrefix + key);
    if (found !== undefined) this.#put(key, found.value, found.revision);
    else if (before !== undefined) this.#remove(key, before.revision);
    return this.#known.get(key);
  }

  async #follow(events: AsyncIterable<WatchEvent>, synced: () => void): Promise<void> {
    const unseen = new Map(this.#known);
    for await (const event of events) {
      if (event.kind !== "synced") {
        if (event.kind === "put") unseen.delete(event.document.key.slice(gatewayDocumentPrefix.length));
        this.#apply(event);
        continue;
      }
      // These were removed while no watch ran, unless they have another revision by now.
      for (const [key, document] of unseen) if (this.#known.get(key) === document) this.#remove(key, document.revision);
      unseen.clear();
      synced();
    }
  }

  #apply(event: Exclude<WatchEvent, { kind: "synced" }>): void {
    if (event.kind === "delete") this.#remove(event.key.slice(gatewayDocumentPrefix.length), event.revision);
    else
      this.#put(event.document.key.slice(gatewayDocumentPrefix.length), event.document.value, event.document.revision);
  }

  #put(key: string, value: Uint8Array, revision: bigint): void {
    const known = this.#known.get(key);
    if (known !== undefined && known.revision >= revision) return;
    const document = { key, value, revision, seenMs: this.#clock.monotonicMs() };
    this.#known.set(key, document);
    for (const listener of this.#listeners) listener(key, document);
  }

  /** `revision`: that of the removal, or of the document that is not there any more. */
  #remove(key: string, revision: bigint): void {
    const known = this.#known.get(key);
    if (known === undefined || known.revision > revision) return;
    this.#known.delete(key);
    for (const listener of this.#listeners) listener(key, undefined);
  }
}
