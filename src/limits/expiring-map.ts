/** Entries of one map at most, whoever invents keys. Past this the oldest half goes, and with it what they had spent. */
const entriesMax = 131_072;
const entriesBeforeSweepMin = 1_024;

/**
 * A map whose entries come to rest by themselves, as a bucket does that has filled up again: an entry at rest is as good
 * as none. They are swept out when the map has doubled since the last sweep, so that memory follows what is in use and
 * nobody has to say when a stream or a shard is gone.
 */
export class ExpiringMap<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #isAtRest: (value: Value, nowMs: number) => boolean;
  #sweepAt = entriesBeforeSweepMin;

  constructor(isAtRest: (value: Value, nowMs: number) => boolean) {
    this.#isAtRest = isAtRest;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  add(key: string, value: Value, nowMs: number): void {
    if (this.#entries.size >= this.#sweepAt) this.#sweep(nowMs);
    this.#entries.set(key, value);
  }

  #sweep(nowMs: number): void {
    for (const [key, value] of this.#entries) if (this.#isAtRest(value, nowMs)) this.#entries.delete(key);
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= entriesMax / 2) break;
      this.#entries.delete(key);
    }
    this.#sweepAt = Math.min(entriesMax, Math.max(entriesBeforeSweepMin, 2 * this.#entries.size));
  }
}
