import type { Clock } from "../time/clock.ts";
import type { SharedDocument, SharedDocuments } from "./shared-documents.ts";

/** How often a gateway writes its document again. */
const beatMs = 1_000;
/**
 * A gateway is gone when this one has written its own document so often since the other was last written. While no
 * document can be written, as in an election of the servers, no gateway is taken for gone.
 */
const missedBeatsMax = 3;
/** Less than another gateway needs to take this one for gone. */
const seenMs = 2_500;

export interface Gateway {
  /** Another one at each start. */
  readonly id: string;
  /** `http://HOST:PORT`, by which the other gateways reach it; absent until its port is open. */
  readonly address?: string;
}

export interface GatewayRegistryOptions {
  readonly documents: SharedDocuments;
  readonly clock: Clock;
  /** Names this gateway; letters, digits and hyphens. */
  readonly id: string;
}

/**
 * Which gateways run. Each writes a document of its own again and again, and is seen by that, not by a time in it: clocks of
 * gateways may differ. One that was killed is gone after 3 to 4 s, one that is closed at once.
 */
export class GatewayRegistry {
  readonly id: string;
  readonly #documents: SharedDocuments;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<() => void>();
  /** The other gateways, and the number of own beats when each was last seen. */
  readonly #others = new Map<string, { gateway: Gateway; seenAtBeat: number }>();
  #address: string | undefined;
  #live: readonly Gateway[];
  #beatCount = 0;
  /** When the newest beat that was stored had begun, by the monotonic clock. */
  #beatMs = Number.NEGATIVE_INFINITY;
  #lapseCount = 0;
  #beating: Promise<void> | undefined;

  constructor({ documents, clock, id }: GatewayRegistryOptions) {
    this.#documents = documents;
    this.#clock = clock;
    this.id = id;
    this.#live = [{ id }];
  }

  /** Resolves when this gateway can be seen. The documents are open. */
  async open(): Promise<void> {
    for (const document of this.#documents.startingWith("")) this.#see(document.key, document);
    this.#documents.listen((key, document) => this.#see(key, document));
    await this.#beat();
    this.#beating = this.#run();
  }

  /** Tells the other gateways the address by which they reach this one. */
  async announce(address: string): Promise<void> {
    this.#address = address;
    this.#publish();
    await this.#beat();
  }

  /** All gateways that run, this one too, by their ids. The same array until one of them changes. */
  get live(): readonly Gateway[] {
    return this.#live;
  }

  /**
   * Whether no other gateway can have taken this one for gone. One that was paused, or cannot write its document, does not
   * know what the others have taken over meanwhile.
   */
  get isSeen(): boolean {
    return this.#clock.monotonicMs() - this.#beatMs < seenMs;
  }

  /** How often `isSeen` was false: what was owned before must be confirmed. */
  get lapseCount(): number {
    return this.#lapseCount;
  }

  find(id: string): Gateway | undefined {
    return this.#live.find((gateway) => gateway.id === id);
  }

  /** Calls `listener` when a gateway has come, gone or told its address. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Removes the document, so that the other gateways know at once. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#beating;
    await this.#removeDocument(this.id);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      await this.#clock.delay(beatMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      // While the documents cannot be written, nothing else can; the next beat follows.
      await this.#beat().catch(() => undefined);
    }
  }

  async #beat(): Promise<void> {
    const value = Buffer.from(JSON.stringify({ address: this.#address }));
    let begunMs: number;
    // Again where another gateway took this one for gone and removed the document, or an earlier beat had no answer.
    do begunMs = this.#clock.monotonicMs();
    while (!(await this.#documents.replaceKnown(this.id, value)));
    if (this.#clock.monotonicMs() - this.#beatMs >= seenMs) this.#lapseCount += 1;
    this.#beatMs = begunMs;
  }

  #see(key: string, document: SharedDocument | undefined): void {
    // Documents of other kinds have a slash in their keys.
    if (key.includes("/")) return;
    if (key === this.id) {
      if (document !== undefined) this.#countBeat();
      return;
    }
    if (document === undefined) {
      if (this.#others.delete(key)) this.#publish();
      return;
    }
    const known = this.#others.get(key);
    const gateway = gatewayOf(document);
    this.#others.set(key, { gateway, seenAtBeat: this.#beatCount });
    if (known === undefined || known.gateway.address !== gateway.address) this.#publish();
  }

  #countBeat(): void {
    this.#beatCount += 1;
    const gone = [...this.#others].filter(([, { seenAtBeat }]) => this.#beatCount - seenAtBeat > missedBeatsMax);
    for (const [id] of gone) {
      this.#others.delete(id);
      void this.#removeDocument(id);
    }
    if (gone.length > 0) this.#publish();
  }

  /** One that is written again meanwhile stays, and its gateway is seen again. */
  async #removeDocument(id: string): Promise<void> {
    const document = this.#documents.get(id);
    if (document !== undefined) await this.#documents.swap(id, null, document.revision).catch(() => undefined);
  }

  #publish(): void {
    const own: Gateway = { id: this.id, ...(this.#address === undefined ? {} : { address: this.#address }) };
    const others = [...this.#others.values()].map(({ gateway }) => gateway);
    this.#live = [own, ...others].sort((one, other) => (one.id < other.id ? -1 : 1));
    for (const listener of this.#listeners) listener();
  }
}

function gatewayOf({ key: id, value }: SharedDocument): Gateway {
  const { address } = JSON.parse(Buffer.from(value).toString() || "{}") as { readonly address?: string };
  return { id, ...(address === undefined ? {} : { address }) };
}
