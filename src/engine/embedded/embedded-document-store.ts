import { Buffer } from "node:buffer";
import type { DocumentStore, VersionedDocument, WatchEvent } from "../document-store.ts";
import { EngineError } from "../engine-error.ts";
import type { EngineContext } from "./engine-context.ts";
import { encodeDocument } from "./format/control-body.ts";
import { frameKind } from "./format/frame.ts";
import type { DocumentChange } from "./state/engine-state.ts";

const documentBytesMax = 12 * 1024 * 1024;
const documentKeyBytesMax = 4096;
/** Changes that may wait for one watcher; past that its watch ends with an error. */
const watchChangesMax = 100_000;

interface Watcher {
  readonly prefix: string;
  readonly events: WatchEvent[];
  ending: EngineError | undefined;
  wake: () => void;
}

/** Documents in memory; each change is a frame of the WAL. */
export class EmbeddedDocumentStore implements DocumentStore {
  readonly #context: () => EngineContext;
  /** Keys with a change in flight; each promise resolves when it is durable or has failed. */
  readonly #pending = new Map<string, Promise<void>>();
  readonly #watchers = new Set<Watcher>();

  /** `context` throws `closed` unless the engine is open. */
  constructor(context: () => EngineContext) {
    this.#context = context;
  }

  async get(key: string): Promise<VersionedDocument | undefined> {
    const document = this.#context().state.documents.get(key);
    return document === undefined ? undefined : copyOf(document);
  }

  async compareAndSwap(key: string, value: Uint8Array | null, expectedRevision: bigint): Promise<bigint> {
    this.#context();
    const body = encodeChange(Buffer.from(key), value);
    // A conflict may be reported only with a change that is durable.
    for (let pending = this.#pending.get(key); pending !== undefined; pending = this.#pending.get(key)) await pending;
    const { state, writer } = this.#context();
    const present = state.documents.get(key)?.revision ?? 0n;
    if (present !== expectedRevision) {
      throw new EngineError(
        "conflict",
        `The document ${key} has revision ${present}, not ${expectedRevision}: it was changed meanwhile. Nothing was stored.`,
      );
    }
    const revision = state.allocateRevision();
    const kind = value === null ? frameKind.deleteDocument : frameKind.putDocument;
    const written = writer.writeControl({ kind, position: revision }, body);
    const decide = (): void => {
      this.#pending.delete(key);
    };
    this.#pending.set(key, written.then(decide, decide));
    await written;
    return BigInt(revision);
  }

  async list(prefix: string): Promise<readonly VersionedDocument[]> {
    return this.#documentsUnder(prefix);
  }

  async *watch(prefix: string, signal: AbortSignal): AsyncGenerator<WatchEvent, undefined> {
    this.#context();
    if (signal.aborted) return;
    const documents = this.#documentsUnder(prefix);
    const watcher: Watcher = { prefix, events: [], ending: undefined, wake: () => {} };
    const abort = (): void => watcher.wake();
    this.#watchers.add(watcher);
    signal.addEventListener("abort", abort);
    try {
      for (const document of documents) yield { kind: "put", document };
      yield { kind: "synced" };
      while (!signal.aborted) {
        this.#context();
        if (watcher.ending !== undefined) throw watcher.ending;
        const events = watcher.events.splice(0);
        if (events.length === 0) {
          await new Promise<void>((resolve) => {
            watcher.wake = resolve;
          });
        }
        for (const event of events) {
          if (signal.aborted) return;
          yield event;
        }
      }
    } finally {
      signal.removeEventListener("abort", abort);
      this.#watchers.delete(watcher);
    }
  }

  /** To be called when the engine closes: every watch ends as `closed`. */
  close(): void {
    for (const watcher of this.#watchers) watcher.wake();
  }

  /** Passes on a change that has become durable. Each watcher gets its own copy. */
  publish(change: DocumentChange): void {
    const key = change.kind === "put" ? change.document.key : change.key;
    for (const watcher of this.#watchers) {
      if (!key.startsWith(watcher.prefix) || watcher.ending !== undefined) continue;
      if (watcher.events.length >= watchChangesMax) {
        watcher.ending = new EngineError(
          "throttled",
          "A watch of documents fell too far behind their changes and ended; watch again.",
        );
        watcher.events.length = 0;
      } else {
        watcher.events.push(change.kind === "put" ? { kind: "put", document: copyOf(change.document) } : change);
      }
      watcher.wake();
    }
  }

  #documentsUnder(prefix: string): readonly VersionedDocument[] {
    const documents = [...this.#context().state.documents.values()].filter(({ key }) => key.startsWith(prefix));
    return documents.map(copyOf).sort((left, right) => (left.key < right.key ? -1 : 1));
  }
}

/** The caller may change what it gets. */
function copyOf({ key, value, revision }: VersionedDocument): VersionedDocument {
  return { key, value: Uint8Array.from(value), revision };
}

function encodeChange(key: Buffer, value: Uint8Array | null): Buffer {
  if (key.length > documentKeyBytesMax)
    throw new EngineError(
      "too_large",
      `The key of a document is over the limit of ${documentKeyBytesMax} bytes; nothing was stored.`,
    );
  if (value !== null && value.byteLength > documentBytesMax) {
    throw new EngineError(
      "too_large",
      `A document of ${value.byteLength} bytes is over the limit of ${documentBytesMax} bytes; nothing was stored.`,
    );
  }
  return encodeDocument(key, value ?? Buffer.alloc(0));
}
