import { ChangeNotifier } from "../../change-notifier.ts";
import { type StoredMessage, storedMessageOf } from "../api/direct-get.ts";
import { PushNotifier } from "../api/push-notifier.ts";
import type { ServerConnection } from "../api/server-connection.ts";
import type { BucketNames } from "./document-names.ts";

/** Changes that wait for a slow watcher; when they are more, it reads the bucket again. */
const heldBytesMax = 16 * 1024 * 1024;
/** A push is lost when a connection breaks or a leader crashes, so the watcher looks by itself at least this often. */
const lookMs = 500;
/** A change that is known to be there and has not been pushed within this time is looked for. */
const pushMsMax = 50;

/** The pushes of the bucket of documents, for one watcher. Their sequences have no gap unless one was lost. */
export class DocumentFeed {
  readonly ready: Promise<void>;
  readonly #subscription: Disposable;
  readonly #reconnects: Disposable;
  readonly #notifier = new PushNotifier();
  #held: StoredMessage[] = [];
  #heldBytes = 0;
  #mayHaveGap = false;
  /** The sequence behind the changes that the watcher was told of; undefined until it is synced. */
  #told: number | undefined;
  readonly #tellings = new ChangeNotifier();
  readonly #closing = new AbortController();

  constructor(connection: ServerConnection, { pushes }: BucketNames) {
    this.#subscription = connection.subscribe(pushes, (reply) => this.#receive(storedMessageOf(reply)));
    this.#reconnects = connection.onReconnect(() => this.#suspectGap());
    this.ready = connection.isConnected ? connection.flush().catch(() => undefined) : Promise.resolve();
  }

  get version(): number {
    return this.#notifier.version;
  }

  /** Whether changes from a sequence on may have been lost, so that the bucket must be read. Asking resets a suspicion. */
  hasGapBehind(from: number): boolean {
    this.#held = this.#held.filter(({ sequence }) => sequence >= from);
    this.#heldBytes = this.#held.reduce((sum, { data }) => sum + data.length, 0);
    const first = this.#held[0];
    const hasGap = this.#mayHaveGap || (first !== undefined && first.sequence > from);
    this.#mayHaveGap = false;
    return hasGap;
  }

  /** The changes from a sequence on that follow on one another, and the sequence behind them. */
  takeFrom(from: number): { readonly messages: readonly StoredMessage[]; readonly next: number } {
    const messages: StoredMessage[] = [];
    for (const message of this.#held) {
      if (message.sequence < from) continue;
      if (message.sequence !== from + messages.length) break;
      messages.push(message);
    }
    return { messages, next: from + messages.length };
  }

  /** Resolves when there has been a change since `version`, at an abort, or when it is time to look. */
  changed(version: number, signal: AbortSignal): Promise<void> {
    return this.#notifier.changed(version, signal, lookMs, () => this.#suspectGap());
  }

  /** To be called when the watcher has asked for what follows the changes up to `next`, exclusive. */
  markTold(next: number): void {
    this.#told = next;
    this.#tellings.notify();
  }

  /** Resolves when the watcher was told of the change with a sequence, at once if it is not synced, or at the close. */
  async told(sequence: number): Promise<void> {
    const { signal } = this.#closing;
    const soon = setTimeout(() => this.#suspectGap(), pushMsMax);
    while (this.#told !== undefined && this.#told <= sequence && !signal.aborted) await this.#tellings.wait(signal);
    clearTimeout(soon);
  }

  close(): void {
    this.#closing.abort();
    this.#subscription[Symbol.dispose]();
    this.#reconnects[Symbol.dispose]();
    this.#notify();
  }

  #suspectGap(): void {
    this.#mayHaveGap = true;
    this.#notify();
  }

  #receive(message: StoredMessage): void {
    this.#held.push(message);
    this.#heldBytes += message.data.length;
    if (this.#heldBytes > heldBytesMax) {
      this.#held = [];
      this.#heldBytes = 0;
      this.#mayHaveGap = true;
    }
    this.#notify();
  }

  #notify(): void {
    this.#notifier.notify();
  }
}
