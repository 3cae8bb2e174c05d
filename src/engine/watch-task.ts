import type { Clock } from "../time/clock.ts";
import type { DocumentStore, WatchEvent } from "./document-store.ts";
import { EngineError } from "./engine-error.ts";

/** Pause before a watch that ended is started again. */
const retryMs = 100;

export interface WatchTaskOptions {
  readonly documents: Pick<DocumentStore, "watch">;
  readonly clock: Clock;
  /** What the keys of the watched documents begin with. */
  readonly prefix: string;
  /** Takes the events of one watch; calls `synced` when it has found what changed while none ran. */
  readonly follow: (events: AsyncIterable<WatchEvent>, synced: () => void) => Promise<void>;
}

/** Watches documents until it is closed. A watch that ends is started again. */
export class WatchTask {
  readonly #options: WatchTaskOptions;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #fault: string | undefined;
  /** Stands for the watch that runs, once it is synced. */
  #synced: object | undefined;

  constructor(options: WatchTaskOptions) {
    this.#options = options;
  }

  /** Resolves when all documents were told. Rejects with what ends the task. */
  async open(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#running = this.#run(resolve);
    this.#running.catch((error: unknown) => {
      this.#fault = error instanceof Error ? error.message : String(error);
      reject(error);
    });
    await promise;
  }

  /** What ended the task before its close; undefined while it watches. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Another object for each watch that has told what there was when it began; undefined while none does. */
  get synced(): object | undefined {
    return this.#synced;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running?.catch(() => undefined);
  }

  async #run(synced: () => void): Promise<void> {
    const { documents, clock, prefix, follow } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await follow(documents.watch(prefix, signal), () => {
          this.#synced = {};
          synced();
        });
      } catch (error) {
        const isTransient =
          error instanceof EngineError && (error.kind === "unavailable" || error.kind === "throttled");
        if (signal.aborted) return;
        if (!isTransient) throw error;
      } finally {
        this.#synced = undefined;
      }
      await clock.delay(retryMs, signal).catch(() => undefined);
    }
  }
}
