import { ChangeNotifier } from "../engine/change-notifier.ts";
import { isConflict } from "../engine/engine-error.ts";
import type { Gateway, GatewayRegistry } from "./gateway-registry.ts";
import type { SharedDocuments } from "./shared-documents.ts";

const prefix = "owners/";

/** Which gateway owns a name. */
export interface Ownership {
  readonly gateway: Gateway;
  /** Whether that is this gateway. */
  readonly isOwn: boolean;
  /** Grows each time the name gets another owner. */
  readonly revision: bigint;
}

/**
 * Owners of names, such as queues, each decided by compare-and-swap on a document. An owner that is paused does not notice
 * that it has lost a name, so what it writes must be refused by other means: this says where calls go, not who may write.
 */
export class GatewayOwners {
  readonly #documents: SharedDocuments;
  readonly #registry: GatewayRegistry;
  readonly #changes = new ChangeNotifier();

  constructor(documents: SharedDocuments, registry: GatewayRegistry) {
    this.#documents = documents;
    this.#registry = registry;
    registry.onChange(() => this.#changes.notify());
    this.onChange(() => this.#changes.notify());
  }

  /** The owner of a name among the gateways that run; this gateway becomes it if there is none. */
  async claim(name: string): Promise<Ownership> {
    for (;;) {
      const owner = this.find(name);
      if (owner !== undefined) return owner;
      await this.#documents.replaceKnown(prefix + name, Buffer.from(this.#registry.id));
    }
  }

  /** The owner as far as this gateway knows; undefined if there is none, or it does not run any more. */
  find(name: string): Ownership | undefined {
    const document = this.#documents.get(prefix + name);
    if (document === undefined) return undefined;
    const gateway = this.#registry.find(Buffer.from(document.value).toString());
    if (gateway === undefined) return undefined;
    return { gateway, isOwn: gateway.id === this.#registry.id, revision: document.revision };
  }

  /** As `find()`, of what is stored now. */
  async confirm(name: string): Promise<Ownership | undefined> {
    await this.#documents.refresh(prefix + name);
    return this.find(name);
  }

  /** Gives a name up if this gateway owns it. */
  async release(name: string): Promise<void> {
    const owner = this.find(name);
    if (owner?.isOwn !== true) return;
    await this.#documents.swap(prefix + name, null, owner.revision).catch((error: unknown) => {
      if (!isConflict(error)) throw error;
    });
  }

  /** Calls `listener` with each name that has another owner, or none, from now on. */
  onChange(listener: (name: string) => void): void {
    this.#documents.listen((key) => {
      if (key.startsWith(prefix)) listener(key.slice(prefix.length));
    });
  }

  /** Resolves when the owner that a name has now is not its owner any more, or the signal aborts. */
  async changed(name: string, signal: AbortSignal): Promise<void> {
    const revision = this.find(name)?.revision;
    while (!signal.aborted && revision !== undefined && this.find(name)?.revision === revision) {
      await this.#changes.wait(signal);
    }
  }
}
