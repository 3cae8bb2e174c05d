/** Most entries, whatever keys clients name. Beyond it the oldest half is removed, with what it had spent. */
const entriesMax = 131_072;
const entriesBeforeSweepMin = 1_024;

/**
 * A map whose entries expire: an expired entry, such as a token bucket that is full again, equals an absent one. They are
 * removed when the map has doubled since the last sweep, so memory follows use, and deleted streams need no clean-up.
 */
export class SweptMap<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #isExpired: (value: Value, nowMs: number) => boolean;
  #sweepAt = entriesBeforeSweepMin;

  constructor(isExpired: (value: Value, nowMs: number) => boolean) {
    this.#isExpired = isExpired;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  add(key: string, value: Value, nowMs: number): void {
    if (this.#entries.size >= this.#sweepAt) this.#sweep(nowMs);
    this.#entries.set(key, value);
  }

  #sweep(nowMs: number): void {
    for (const [key, value] of this.#entries) if (this.#isExpired(value, nowMs)) this.#entries.delete(key);
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= entriesMax / 2) break;
      this.#entries.delete(key);
    }
    this.#sweepAt = Math.min(entriesMax, Math.max(entriesBeforeSweepMin, 2 * this.#entries.size));
  }
}
