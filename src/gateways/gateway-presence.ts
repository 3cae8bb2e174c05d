import type { DocumentStore, VersionedDocument } from "../engine/document-store.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { Clock } from "../time/clock.ts";

// Part of the stored format.
const prefix = "gateways/";

/** How often a gateway writes its document again. */
const beatMs = 1_000;
/** A gateway whose document has not changed for so long is gone. */
const absentMs = 2_500;

export interface GatewayPresenceOptions {
  readonly documents: DocumentStore;
  readonly clock: Clock;
  /** Another one at each start. */
  readonly id: string;
}

/**
 * Shows the other gateways on the same documents that this one runs, and sees them. A gateway is seen by the change of its
 * document, not by a time in it, so that the clocks of gateways may differ.
 */
export class GatewayPresence {
  readonly #documents: DocumentStore;
  readonly #clock: Clock;
  readonly #key: string;
  readonly #closing = new AbortController();
  #revision = 0n;
  #beats: Promise<void> | undefined;

  constructor({ documents, clock, id }: GatewayPresenceOptions) {
    this.#documents = documents;
    this.#clock = clock;
    this.#key = prefix + id;
  }

  /** Resolves when the document is written; from then on it is written again until the close. */
  async open(): Promise<void> {
    await this.#write();
    this.#beats = this.#beat();
  }

  /** The number of other gateways that run. Takes as long as it takes to see that those that left documents do not. */
  async countOthers(): Promise<number> {
    const before = await this.#others();
    if (before.length === 0) return 0;
    await this.#clock.delay(absentMs, this.#closing.signal);
    const revisions = new Map(before.map(({ key, revision }) => [key, revision]));
    const after = await this.#others();
    for (const document of after) if (revisions.get(document.key) === document.revision) await this.#remove(document);
    return after.filter(({ key, revision }) => revisions.get(key) !== revision).length;
  }

  /** Removes the document, so that the next start need not wait. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#beats;
    const own = await this.#documents.get(this.#key).catch(() => undefined);
    if (own !== undefined) await this.#remove(own);
  }

  async #beat(): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      await this.#clock.delay(beatMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      // While the documents cannot be written, nothing else can; the next beat follows.
      await this.#write().catch(() => undefined);
    }
  }

  async #write(): Promise<void> {
    try {
      this.#revision = await this.#documents.compareAndSwap(this.#key, new Uint8Array(), this.#revision);
    } catch (error) {
      if (!(error instanceof EngineError && error.kind === "conflict")) throw error;
      // Another gateway took this one for gone and removed the document.
      this.#revision = (await this.#documents.get(this.#key))?.revision ?? 0n;
    }
  }

  async #others(): Promise<readonly VersionedDocument[]> {
    return (await this.#documents.list(prefix)).filter(({ key }) => key !== this.#key);
  }

  /** One that has changed meanwhile stays. */
  async #remove({ key, revision }: VersionedDocument): Promise<void> {
    await this.#documents.compareAndSwap(key, null, revision).catch(() => undefined);
  }
}
