import type { DocumentStore } from "../engine/document-store.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { Clock } from "../time/clock.ts";

/** Part of the stored format. */
const keyPrefix = "queue-names/";

/** A reservation without a queue is free again after this time: the server that made it has stopped between the two writes. */
const unusedMsMax = 60_000;

/** A reserved name. */
interface Reservation {
  readonly queueId: string;
  readonly reservedMs: number;
}

/** A name of a queue within its account and region. */
export interface QueueNamePlace {
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

/**
 * Makes the names of queues unique per account and region, over all streams: the row of a queue is in its stream's document,
 * so that a document of its own reserves the name before the row is written, and is removed before the row is.
 */
export class QueueNameStore {
  readonly #documents: DocumentStore;
  readonly #clock: Clock;

  constructor(documents: DocumentStore, clock: Clock) {
    this.#documents = documents;
    this.#clock = clock;
  }

  /**
   * Whether the name is now reserved for a queue. `isUsed` tells whether a queue with an id exists: the reservation of one
   * that does not exist is taken over after a minute.
   */
  async reserve(place: QueueNamePlace, queueId: string, isUsed: (queueId: string) => boolean): Promise<boolean> {
    const found = await this.#documents.get(keyOf(place));
    const nowMs = this.#clock.nowMs();
    if (found !== undefined) {
      const known = JSON.parse(Buffer.from(found.value).toString()) as Reservation;
      const isFresh = Math.abs(nowMs - known.reservedMs) < unusedMsMax;
      if (isFresh || isUsed(known.queueId)) return false;
    }
    const reservation: Reservation = { queueId, reservedMs: nowMs };
    const value = Buffer.from(JSON.stringify(reservation));
    return await this.#swap(keyOf(place), value, found?.revision ?? 0n);
  }

  /** Frees the name if it is reserved for this queue. May be repeated. */
  async release(place: QueueNamePlace, queueId: string): Promise<void> {
    const found = await this.#documents.get(keyOf(place));
    if (found === undefined) return;
    const known = JSON.parse(Buffer.from(found.value).toString()) as Reservation;
    if (known.queueId === queueId) await this.#swap(found.key, null, found.revision);
  }

  /** False when another writer was first. */
  async #swap(key: string, value: Uint8Array | null, revision: bigint): Promise<boolean> {
    try {
      await this.#documents.compareAndSwap(key, value, revision);
      return true;
    } catch (error) {
      if (error instanceof EngineError && error.kind === "conflict") return false;
      throw error;
    }
  }
}

function keyOf({ account, region, name }: QueueNamePlace): string {
  return `${keyPrefix}${account}/${region}/${name}`;
}
