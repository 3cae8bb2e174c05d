import type { DocumentStore, VersionedDocument, WatchEvent } from "../document-store.ts";
import { EngineError } from "../engine-error.ts";
import { WakeUp } from "./wake-up.ts";

const documentBytesMax = 16 * 1024 * 1024;
/** Changes that may wait for one slow watcher; beyond it the watch fails and its owner watches anew. */
const watchBytesQueuedMax = 64 * 1024 * 1024;
/** What a queued change costs beside its document. */
const eventBytes = 128;

interface Watcher {
  readonly prefix: string;
  readonly changed: WakeUp;
  events: WatchEvent[];
  bytes: number;
}

/** Documents in a map. Revisions count every change of any key. */
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
    for (const watcher of this.#watchers) watcher.changed.wake();
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
        `A document of ${value.length} bytes is over the limit of ${documentBytesMax}.`,
      );
    }
    const present = this.#documents.get(key)?.revision ?? 0n;
    if (present !== expectedRevision) {
      throw new EngineError("conflict", `${key} is at revision ${present}, not ${expectedRevision}.`);
    }
    this.#revision += 1n;
    const revision = this.#revision;
    if (value === null) {
      this.#documents.delete(key);
      this.#tell(key, { kind: "delete", key, revision }, 0);
    } else {
      const document: VersionedDocument = { key, value: Uint8Array.from(value), revision };
      this.#documents.set(key, document);
      this.#tell(key, { kind: "put", document }, value.length);
    }
    return revision;
  }

  async *watch(prefix: string, signal: AbortSignal): AsyncGenerator<WatchEvent, undefined> {
    this.#assertOpen();
    // State and registration belong to one synchronous run: no change falls between them.
    const events: WatchEvent[] = this.#list(prefix).map((document) => ({ kind: "put", document }));
    events.push({ kind: "synced" });
    const watcher: Watcher = { prefix, changed: new WakeUp(), events, bytes: 0 };
    this.#watchers.add(watcher);
    try {
      while (!signal.aborted) {
        this.#assertOpen();
        if (watcher.bytes > watchBytesQueuedMax) {
          throw new EngineError("unavailable", `A watch of ${prefix} fell too far behind its changes; watch it anew.`);
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

  #tell(key: string, event: WatchEvent, valueBytes: number): void {
    for (const watcher of this.#watchers) {
      if (!key.startsWith(watcher.prefix)) continue;
      watcher.bytes += valueBytes + eventBytes;
      if (watcher.bytes > watchBytesQueuedMax) watcher.events = [];
      else watcher.events.push(event);
      watcher.changed.wake();
    }
  }

  #list(prefix: string): VersionedDocument[] {
    const documents = [...this.#documents.values()].filter(({ key }) => key.startsWith(prefix));
    return documents.sort((left, right) => (left.key < right.key ? -1 : 1));
  }

  #assertOpen(): void {
    if (!this.#open) throw new EngineError("closed", "The memory engine is not open.");
  }
}
