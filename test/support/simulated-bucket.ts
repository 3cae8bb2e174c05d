import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { DestinationError } from "../../src/channels/batch/destination.ts";
import type { ObjectStore } from "../../src/channels/bucket/object-store.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** How often, of all requests, each thing happens; the rest succeeds. */
export interface StoreFaults {
  /** Nothing is stored, and the server says so. */
  readonly fails: number;
  /** Nothing is stored for now: another request for the key is under way (409). */
  readonly conflicts: number;
  /** The object is stored, and the response is lost. */
  readonly loses: number;
  /** The request takes many turns. */
  readonly isSlow: number;
}

/** A bucket that outlives the servers that write to it. */
export class SimulatedBucket {
  readonly objects = new Map<string, Buffer>();
  faults: StoreFaults = { fails: 0, conflicts: 0, loses: 0, isSlow: 0 };
  /** The bucket is deleted, or the store away. */
  isGone = false;
  repeatedCount = 0;
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** The store as one process sees it. What was sent before the process ends may arrive after it. */
  connect(): ObjectStore {
    return {
      check: async () => {
        if (this.isGone) throw new DestinationError("404");
      },
      putNew: (key, bytes) => this.request(() => this.#put(key, Buffer.from(bytes))),
      get: (key) => this.request(() => this.objects.get(key) ?? assert.fail(`no object ${key}`)),
      close: () => undefined,
    };
  }

  /** One request to the store: it may wait or fail, and its response may be lost. */
  async request<T>(act: () => T): Promise<T> {
    const { fails, conflicts, loses, isSlow } = this.faults;
    const random = this.#random;
    for (let turns = random.integer(0, random.next() < isSlow ? 200 : 3); turns > 0; turns -= 1) await nextTurn();
    if (this.isGone) throw new DestinationError("404 or no answer");
    if (random.next() < fails) throw new DestinationError("503");
    if (random.next() < conflicts) throw new DestinationError("409");
    const result = act();
    for (let turns = random.integer(0, 3); turns > 0; turns -= 1) await nextTurn();
    if (random.next() < loses) throw new DestinationError("time-out");
    return result;
  }

  #put(key: string, body: Buffer): boolean {
    const isNew = !this.objects.has(key);
    if (isNew) this.objects.set(key, body);
    else this.repeatedCount += 1;
    return isNew;
  }
}
