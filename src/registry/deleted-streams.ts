import type { DocumentStore } from "../engine/document-store.ts";
import { isConflict } from "../engine/engine-error.ts";
import type { ShardRef } from "../engine/shard-log.ts";
import type { Stream } from "../streams/stream.ts";

// Key prefixes of the documents. They are part of the stored format.
const LAST_SECONDS_PREFIX = "retired/";
const DROPS_PREFIX = "dropping/";

/** Shard logs of a stream whose document is gone; they may not be dropped from the engine yet. */
export interface PendingDrop {
  readonly streamId: string;
  readonly shards: readonly ShardRef[];
}

/**
 * Documents that outlive a deleted stream: the last second that its sequence numbers used, so that a later stream of the
 * same name starts after it even if the clock was set back; and the shard logs that are still to be dropped, so that a
 * crash after the removal of the stream's document leaks no space.
 */
export class DeletedStreams {
  readonly #documents: DocumentStore;

  constructor(documents: DocumentStore) {
    this.#documents = documents;
  }

  /** Epoch seconds; 0 when no deleted stream of that name is recorded. */
  async lastSecond(account: string, region: string, name: string): Promise<number> {
    const found = await this.#documents.get(lastSecondKey(account, region, name));
    return found === undefined ? 0 : decode<number>(found.value);
  }

  /** Keeps the latest of all seconds recorded for the name. */
  async recordLastSecond(account: string, region: string, name: string, lastSecond: number): Promise<void> {
    await this.#update<number>(lastSecondKey(account, region, name), (known) => Math.max(lastSecond, known ?? 0));
  }

  /** Forgets names whose last second is before `second`. */
  async forgetNamesBefore(second: number): Promise<void> {
    for (const { key, value, revision } of await this.#documents.list(LAST_SECONDS_PREFIX)) {
      if (decode<number>(value) >= second) continue;
      await ignoreConflict(this.#documents.compareAndSwap(key, null, revision));
    }
  }

  async beginDrop(drop: PendingDrop): Promise<void> {
    await this.#update<PendingDrop>(DROPS_PREFIX + drop.streamId, () => drop);
  }

  async endDrop(streamId: string): Promise<void> {
    const known = await this.#documents.get(DROPS_PREFIX + streamId);
    if (known !== undefined) await ignoreConflict(this.#documents.compareAndSwap(known.key, null, known.revision));
  }

  async pendingDrops(): Promise<readonly PendingDrop[]> {
    return (await this.#documents.list(DROPS_PREFIX)).map((document) => decode<PendingDrop>(document.value));
  }

  async #update<T>(key: string, next: (known: T | undefined) => T): Promise<void> {
    for (;;) {
      const known = await this.#documents.get(key);
      const value = next(known === undefined ? undefined : decode<T>(known.value));
      try {
        await this.#documents.compareAndSwap(key, encode(value), known?.revision ?? 0n);
        return;
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
  }
}

/**
 * The latest second that a sequence number of the stream may have, records in flight included, or the ARN of one of its
 * consumers. A later stream of the same name, and its consumers, start after it.
 */
export function latestEpochSecondOf(stream: Stream, nowMs: number): number {
  let last = Math.max(Math.floor(nowMs / 1000), stream.consumerSecondUsed ?? 0);
  if (stream.intent?.kind === "create") last = Math.max(last, stream.intent.createSecond);
  for (const shard of stream.shards) last = Math.max(last, shard.createSecond, shard.closed?.second ?? 0);
  for (const consumer of stream.consumers ?? []) last = Math.max(last, Math.floor(consumer.createdMs / 1000));
  return last;
}

function lastSecondKey(account: string, region: string, name: string): string {
  return `${LAST_SECONDS_PREFIX}${account}/${region}/${name}`;
}

function encode(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function decode<T>(value: Uint8Array): T {
  return JSON.parse(Buffer.from(value).toString()) as T;
}

/** After a conflict the document of the other writer stays: it is newer. */
async function ignoreConflict(swap: Promise<bigint>): Promise<void> {
  try {
    await swap;
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}
