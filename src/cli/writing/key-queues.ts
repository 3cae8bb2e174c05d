import { batchBytesMax, batchEntriesMax, entryBytes, type PutEntry } from "./put-batch.ts";

/** A record on its way into a stream. */
export interface QueuedEntry extends PutEntry {
  /** The number of the record in the input: 1, 2, 3 … */
  readonly line: number;
}

export type KeyOrder = "key" | "none";

/**
 * Waiting entries, by partition key. A batch has one entry of a key, and a key in flight is in no other batch: PutRecords may
 * store a later entry of a request and refuse an earlier one, so that this alone keeps the order of a key.
 */
export class KeyQueueMap<Entry extends QueuedEntry> {
  readonly #queues = new Map<string, Entry[]>();
  /** Keys that wait and are not in flight, longest wait first. */
  readonly #ready = new Set<string>();
  readonly #inFlight = new Set<string>();
  readonly #order: KeyOrder;
  #entries = 0;
  #bytes = 0;

  constructor(order: KeyOrder) {
    this.#order = order;
  }

  /** Entries that wait, and those in flight. */
  get entries(): number {
    return this.#entries;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(entry: Entry): void {
    const key = this.#keyOf(entry);
    const queue = this.#queues.get(key);
    if (queue === undefined) this.#queues.set(key, [entry]);
    else queue.push(entry);
    if (!this.#inFlight.has(key)) this.#ready.add(key);
    this.#entries++;
    this.#bytes += entryBytes(entry);
  }

  /** The next batch, now in flight; empty if nothing may be sent. */
  take(): readonly Entry[] {
    const batch: Entry[] = [];
    let bytes = 0;
    for (const key of this.#ready) {
      const queue = this.#queues.get(key) ?? [];
      const [entry] = queue;
      if (entry === undefined) continue;
      const isFull =
        batch.length === batchEntriesMax || (batch.length > 0 && bytes + entryBytes(entry) > batchBytesMax);
      if (isFull) break;
      queue.shift();
      batch.push(entry);
      bytes += entryBytes(entry);
      this.#ready.delete(key);
      if (queue.length === 0) this.#queues.delete(key);
      this.#inFlight.add(key);
    }
    return batch;
  }

  /** The batch is stored, or has failed for good. */
  finish(batch: readonly Entry[]): void {
    for (const entry of batch) {
      const key = this.#keyOf(entry);
      this.#inFlight.delete(key);
      if (this.#queues.has(key)) this.#ready.add(key);
      this.#entries--;
      this.#bytes -= entryBytes(entry);
    }
  }

  /** Without an order each entry has a queue of its own. */
  #keyOf(entry: Entry): string {
    return this.#order === "key" ? entry.partitionKey : String(entry.line);
  }
}
