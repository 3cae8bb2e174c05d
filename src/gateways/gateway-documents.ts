import { isConflict } from "../engine/engine-error.ts";
import type { GatewayRegistry } from "./gateway-registry.ts";
import type { SharedDocument, SharedDocuments } from "./shared-documents.ts";

/** One document of each gateway under a common prefix, by which it tells the others something. */
export class GatewayDocuments {
  readonly #documents: SharedDocuments;
  readonly #registry: GatewayRegistry;
  readonly #prefix: string;

  /** `prefix` ends with a slash. */
  constructor(documents: SharedDocuments, registry: GatewayRegistry, prefix: string) {
    this.#documents = documents;
    this.#registry = registry;
    this.#prefix = prefix;
  }

  /** Replaces what this gateway tells. */
  async write(value: Uint8Array): Promise<void> {
    const key = this.#prefix + this.#registry.id;
    for (;;) {
      try {
        await this.#documents.swap(key, value, this.#documents.get(key)?.revision ?? 0n);
        return;
      } catch (error) {
        if (!isConflict(error)) throw error;
        // Another gateway took this one for gone and removed the document, or an earlier write had no answer.
        await this.#documents.refresh(key);
      }
    }
  }

  /** What the other gateways that run tell. Removes the documents of those that are gone. */
  others(): readonly SharedDocument[] {
    const found: SharedDocument[] = [];
    for (const document of [...this.#documents.startingWith(this.#prefix)]) {
      const id = document.key.slice(this.#prefix.length);
      if (id === this.#registry.id) continue;
      if (this.#registry.find(id) !== undefined) found.push(document);
      else void this.#documents.swap(document.key, null, document.revision).catch(() => undefined);
    }
    return found;
  }
}
