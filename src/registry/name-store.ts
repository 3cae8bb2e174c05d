import type { DocumentStore } from "../engine/document-store.ts";
import { isConflict } from "../engine/engine-error.ts";
import type { Clock } from "../time/clock.ts";

/** What has names of its own kind. Part of the stored format: the prefix of the keys. */
export type NamedKind = "queue" | "channel";

/** A reservation whose owner never came is free again after this time: the server that made it has stopped between the two writes. */
const unusedMsMax = 60_000;

/** A reserved name. */
interface Reservation {
  readonly ownerId: string;
  readonly reservedMs: number;
}

/** A name of a queue or channel within its account and region. */
export interface NamePlace {
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

/**
 * Makes the names of queues, or of channels, unique per account and region, over all streams: the row of each is in its
 * stream's document, so that a document of its own reserves the name before the row is written, and is removed before the row
 * is.
 */
export class NameStore {
  readonly #documents: DocumentStore;
  readonly #clock: Clock;
  readonly #kind: NamedKind;

  constructor(documents: DocumentStore, clock: Clock, kind: NamedKind) {
    this.#documents = documents;
    this.#clock = clock;
    this.#kind = kind;
  }

  /**
   * Whether the name is now reserved for an owner. `isUsed` tells whether an owner with an id exists: the reservation of one
   * that does not exist is taken over after a minute.
   */
  async reserve(place: NamePlace, ownerId: string, isUsed: (ownerId: string) => boolean): Promise<boolean> {
    const found = await this.#documents.get(this.#keyOf(place));
    const nowMs = this.#clock.nowMs();
    if (found !== undefined) {
      const known = decode(found.value);
      const isFresh = Math.abs(nowMs - known.reservedMs) < unusedMsMax;
      if (isFresh || isUsed(known.ownerId)) return false;
    }
    const reservation: Reservation = { ownerId, reservedMs: nowMs };
    const value = Buffer.from(JSON.stringify(reservation));
    return await this.#swap(this.#keyOf(place), value, found?.revision ?? 0n);
  }

  /** Frees the name if it is reserved for this owner. May be repeated. */
  async release(place: NamePlace, ownerId: string): Promise<void> {
    const found = await this.#documents.get(this.#keyOf(place));
    if (found === undefined) return;
    if (decode(found.value).ownerId === ownerId) await this.#swap(found.key, null, found.revision);
  }

  /** False when another writer was first. */
  async #swap(key: string, value: Uint8Array | null, revision: bigint): Promise<boolean> {
    try {
      await this.#documents.compareAndSwap(key, value, revision);
      return true;
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
  }

  #keyOf({ account, region, name }: NamePlace): string {
    return `${this.#kind}-names/${account}/${region}/${name}`;
  }
}

/** Reservations of earlier versions name their owner `queueId`. */
function decode(value: Uint8Array): Reservation {
  const { ownerId, queueId, reservedMs } = JSON.parse(Buffer.from(value).toString()) as Reservation & {
    readonly queueId?: string;
  };
  return { ownerId: ownerId ?? queueId ?? "", reservedMs };
}
