import { ChangeNotifier } from "../change-notifier.ts";
import type { DocumentStore, VersionedDocument, WatchEvent } from "../document-store.ts";
import { EngineError } from "../engine-error.ts";

const documentBytesMax = 16 * 1024 * 1024;
/** Bytes of changes that may wait for one watcher; past that its watch ends with an error. */
const watchBytesQueuedMax = 64 * 1024 * 1024;
/** What a queued change counts beside its document. */
const eventBytes = 128;

interface Watcher {
  readonly prefix: string;
  readonly changed: ChangeNotifier;
  events: WatchEvent[];
  bytes: number;
}

/** Documents in memory. The revision counts the changes of all keys. */
export class MemoryDocumentStore implements DocumentStore {
  readonly #documents = new Map<string, VersionedDocument>();
  readonly #watchers = new Set<Watcher>();
  #revision = 0n;
  #open = false;

  get documentCount(): number {
    return this.#documents.size;
  }

  open(): void {
    this.#open = true;
  }

  close(): void {
    this.#open = false;
    this.#documents.clear();
    for (const watcher of this.#watchers) watcher.changed.notify();
  }

  async get(key: string): Promise<VersionedDocument | undefined> {
    this.#assertOpen();
    return this.#documents.get(key);
  }

  async list(prefix: string): Promise<readonly VersionedDocument[]> {
    this.#assertOpen();
    return this.#list(prefix);
  }

  async compareAndSwap(key: string, value: Uint8Array | null, expectedRevision: bigint): Promise<bigint> {
    this.#assertOpen();
    if (value !== null && value.length > documentBytesMax) {
      throw new EngineError(
        "too_large",
        `A document of ${value.length} bytes is over the limit of ${documentBytesMax} bytes; nothing was stored.`,
      );
    }
    const present = this.#documents.get(key)?.revision ?? 0n;
    if (present !== expectedRevision) {
      throw new EngineError(
        "conflict",
        `The document ${key} has revision ${present}, not ${expectedRevision}: it was changed meanwhile. Nothing was stored.`,
      );
    }
    this.#revision += 1n;
    const revision = this.#revision;
    if (value === null) {
      this.#documents.delete(key);
      this.#publish(key, { kind: "delete", key, revision }, 0);
    } else {
      const document: VersionedDocument = { key, value: Uint8Array.from(value), revision };
      this.#documents.set(key, document);
      this.#publish(key, { kind: "put", document }, value.length);
    }
    return revision;
  }

  async *watch(prefix: string, signal: AbortSignal): AsyncGenerator<WatchEvent, undefined> {
    this.#assertOpen();
    // The list and the registration happen in one tick, so that no change is missed between them.
    const events: WatchEvent[] = this.#list(prefix).map((document) => ({ kind: "put", document }));
    events.push({ kind: "synced" });
    const watcher: Watcher = { prefix, changed: new ChangeNotifier(), events, bytes: 0 };
    this.#watchers.add(watcher);
    try {
      while (!signal.aborted) {
        this.#assertOpen();
        if (watcher.bytes > watchBytesQueuedMax) {
          throw new EngineError(
            "unavailable",
            "A watch of documents fell too far behind their changes and ended; watch again.",
          );
        }
        const batch = watcher.events;
        watcher.events = [];
        watcher.bytes = 0;
        for (const event of batch) {
          if (signal.aborted) return;
          yield event;
        }
        if (batch.length === 0) await watcher.changed.wait(signal);
      }
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  #publish(key: string, event: WatchEvent, valueBytes: number): void {
    for (const watcher of this.#watchers) {
      if (!key.startsWith(watcher.prefix)) continue;
      watcher.bytes += valueBytes + eventBytes;
      if (watcher.bytes > watchBytesQueuedMax) watcher.events = [];
      else watcher.events.push(event);
      watcher.changed.notify();
    }
  }

  #list(prefix: string): VersionedDocument[] {
    const documents = [...this.#documents.values()].filter(({ key }) => key.startsWith(prefix));
    return documents.sort((left, right) => (left.key < right.key ? -1 : 1));
  }

  #assertOpen(): void {
    if (!this.#open) throw new EngineError("closed", "The memory engine is closed; nothing was stored.");
  }
}
