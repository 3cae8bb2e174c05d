import type { DocumentStore } from "../engine/document-store.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { ShardRef } from "../engine/shard-log.ts";

const NAMES_PREFIX = "deletedStreams/";
const DROPS_PREFIX = "dropping/";

/** Logs of a stream whose document is gone and whose space is not yet known to be free. */
export interface PendingDrop {
  readonly streamId: string;
  readonly shards: readonly ShardRef[];
}

/**
 * What must outlive a deleted stream: the last second that its sequence numbers used, so that a stream made again under
 * the name starts beyond it even if the clock has stepped back; and the logs still to be freed, so that a crash between
 * "document gone" and "space free" leaks nothing.
 */
export class DeletedStreams {
  readonly #catalog: DocumentStore;

  constructor(catalog: DocumentStore) {
    this.#catalog = catalog;
  }

  /** Epoch seconds; 0 when no stream of that name was deleted lately. */
  async lastSecond(account: string, region: string, name: string): Promise<number> {
    const found = await this.#catalog.get(nameKey(account, region, name), { fresh: true });
    return found === undefined ? 0 : decode<number>(found.value);
  }

  async recordLastSecond(account: string, region: string, name: string, lastSecond: number): Promise<void> {
    await this.#put<number>(nameKey(account, region, name), (known) => Math.max(lastSecond, known ?? 0));
  }

  /** Forgets names whose last second is so long past that no plausible clock step reaches back to it. */
  async forgetNamesBefore(second: number): Promise<void> {
    for (const { key, value, revision } of await this.#catalog.list(NAMES_PREFIX)) {
      if (decode<number>(value) >= second) continue;
      await ignoreConflict(this.#catalog.compareAndSwap(key, null, revision));
    }
  }

  async beginDrop(drop: PendingDrop): Promise<void> {
    await this.#put<PendingDrop>(DROPS_PREFIX + drop.streamId, () => drop);
  }

  async endDrop(streamId: string): Promise<void> {
    const known = await this.#catalog.get(DROPS_PREFIX + streamId, { fresh: true });
    if (known !== undefined) await ignoreConflict(this.#catalog.compareAndSwap(known.key, null, known.revision));
  }

  async pendingDrops(): Promise<readonly PendingDrop[]> {
    return (await this.#catalog.list(DROPS_PREFIX)).map((document) => decode<PendingDrop>(document.value));
  }

  async #put<T>(key: string, next: (known: T | undefined) => T): Promise<void> {
    for (;;) {
      const known = await this.#catalog.get(key, { fresh: true });
      const value = next(known === undefined ? undefined : decode<T>(known.value));
      try {
        await this.#catalog.compareAndSwap(key, encode(value), known?.revision ?? 0n);
        return;
      } catch (error) {
        if (!(error instanceof EngineError && error.kind === "conflict")) throw error;
      }
    }
  }
}

function nameKey(account: string, region: string, name: string): string {
  return `${NAMES_PREFIX}${account}/${region}/${name}`;
}

function encode(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function decode<T>(value: Uint8Array): T {
  return JSON.parse(Buffer.from(value).toString()) as T;
}

/** A conflict means that somebody wrote newer news under the key: theirs stays. */
async function ignoreConflict(swap: Promise<bigint>): Promise<void> {
  try {
    await swap;
  } catch (error) {
    if (!(error instanceof EngineError && error.kind === "conflict")) throw error;
  }
}
