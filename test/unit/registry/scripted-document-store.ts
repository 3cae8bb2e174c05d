import assert from "node:assert/strict";
import type { DocumentStore, VersionedDocument, WatchEvent } from "../../../src/engine/document-store.ts";
import { EngineError } from "../../../src/engine/engine-error.ts";

/** A document store whose watch emits the events that a test gives it, and whose swaps can be delayed. */
export class ScriptedDocumentStore implements DocumentStore {
  readonly #documents = new Map<string, VersionedDocument>();
  #revision = 0n;
  #events: (WatchEvent | EngineError)[] = [];
  #wake: () => void = () => undefined;
  #held: PromiseWithResolvers<void> | undefined;
  watchCount = 0;

  /** Later swaps resolve only after the returned function is called. */
  holdSwaps(): () => void {
    const held = Promise.withResolvers<void>();
    this.#held = held;
    return () => {
      this.#held = undefined;
      held.resolve();
    };
  }

  /** Events of the watch, in order; an error ends it. */
  emit(...events: readonly (WatchEvent | EngineError)[]): void {
    this.#events.push(...events);
    this.#wake();
  }

  /** A change by another server; the watch does not emit it. */
  change(key: string, value: Uint8Array | null): WatchEvent {
    this.#revision += 1n;
    const revision = this.#revision;
    if (value === null) {
      this.#documents.delete(key);
      return { kind: "delete", key, revision };
    }
    const document = { key, value, revision };
    this.#documents.set(key, document);
    return { kind: "put", document };
  }

  async get(key: string): Promise<VersionedDocument | undefined> {
    return this.#documents.get(key);
  }

  async compareAndSwap(key: string, value: Uint8Array | null, expectedRevision: bigint): Promise<bigint> {
    if ((this.#documents.get(key)?.revision ?? 0n) !== expectedRevision) throw new EngineError("conflict", key);
    const event = this.change(key, value);
    await this.#held?.promise;
    assert(event.kind !== "synced");
    return event.kind === "put" ? event.document.revision : event.revision;
  }

  async list(prefix: string): Promise<readonly VersionedDocument[]> {
    return [...this.#documents.values()].filter(({ key }) => key.startsWith(prefix));
  }

  async *watch(prefix: string, signal: AbortSignal): AsyncGenerator<WatchEvent, undefined> {
    this.watchCount += 1;
    for (const document of await this.list(prefix)) yield { kind: "put", document };
    yield { kind: "synced" };
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const event = this.#events.shift();
      if (event instanceof EngineError) throw event;
      if (event !== undefined) yield event;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
