import { isConflict } from "../engine/engine-error.ts";
import type { Clock } from "../time/clock.ts";
import type { GatewayRegistry } from "./gateway-registry.ts";
import type { SharedDocuments } from "./shared-documents.ts";

const prefix = "leases/";
/** How often leases of gateways that are gone are looked for. */
const sweepMs = 10_000;

export interface SharedLeasesOptions {
  readonly documents: SharedDocuments;
  readonly registry: GatewayRegistry;
  readonly clock: Clock;
}

interface Held {
  readonly revision: bigint;
  readonly onLost: () => void;
}

/** Leases that hold over all gateways: each name has one holder, until a later one takes over. */
export class SharedLeases {
  readonly #options: SharedLeasesOptions;
  readonly #held = new Map<string, Held>();
  readonly #closing = new AbortController();
  #sweeping: Promise<void> | undefined;

  constructor(options: SharedLeasesOptions) {
    this.#options = options;
    options.documents.listen((key, document) => {
      const held = this.#held.get(key);
      if (held === undefined || document === undefined || document.revision <= held.revision) return;
      this.#held.delete(key);
      held.onLost();
    });
  }

  /** Removes the leases of gateways that are gone, until closed. */
  start(): void {
    this.#sweeping = this.#sweep();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#sweeping;
  }

  /**
   * Takes a lease from its holder; false if it was taken less than `heldMsMin` ago. One that was there when this gateway
   * started counts as taken then. `onLost` is called when another gateway takes it over.
   */
  async take(name: string, heldMsMin: number, onLost: () => void): Promise<boolean> {
    const { documents, registry, clock } = this.#options;
    const key = prefix + name;
    const known = documents.get(key);
    if (known !== undefined && clock.monotonicMs() - known.seenMs < heldMsMin) return false;
    const former = this.#held.get(key);
    // The caller ends what this gateway itself holds.
    this.#held.delete(key);
    try {
      const revision = await documents.swap(key, Buffer.from(registry.id), known?.revision ?? 0n);
      this.#held.set(key, { revision, onLost });
      return true;
    } catch (error) {
      if (!isConflict(error)) {
        if (former !== undefined) this.#held.set(key, former);
        throw error;
      }
      former?.onLost();
      // Another gateway was faster, or the lease was removed because it had ended.
      if ((await documents.refresh(key)) !== undefined || known === undefined) return false;
      return await this.take(name, heldMsMin, onLost);
    }
  }

  /** Ends a lease. It cannot be taken before its time, and its document is removed then. */
  async end(name: string, heldMsMin: number): Promise<void> {
    const { documents, clock } = this.#options;
    const key = prefix + name;
    const held = this.#held.get(key);
    const document = documents.get(key);
    this.#held.delete(key);
    if (held === undefined || document?.revision !== held.revision) return;
    const { signal } = this.#closing;
    await clock.delay(heldMsMin - (clock.monotonicMs() - document.seenMs), signal).catch(() => undefined);
    // At a close it is left to the other gateways.
    if (!signal.aborted) await documents.swap(key, null, document.revision).catch(() => undefined);
  }

  async #sweep(): Promise<void> {
    const { documents, registry, clock } = this.#options;
    const { signal } = this.#closing;
    for (;;) {
      await clock.delay(sweepMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      for (const { key, value, revision, seenMs } of [...documents.startingWith(prefix)]) {
        const isHeld = registry.find(Buffer.from(value).toString()) !== undefined;
        if (isHeld || clock.monotonicMs() - seenMs < sweepMs) continue;
        await documents.swap(key, null, revision).catch(() => undefined);
      }
    }
  }
}
