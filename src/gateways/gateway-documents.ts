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
    // Again where another gateway took this one for gone and removed the document, or an earlier write had no answer.
    while (!(await this.#documents.replaceKnown(key, value)));
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
