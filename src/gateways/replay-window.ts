/** How far behind the highest one a number may still arrive: more calls than one gateway has on their way to another. */
const windowCount = 65_536;

/** Tells numbers that were taken before. Numbers far below the highest one count as taken. */
export class ReplayWindow {
  readonly #taken = new Set<number>();
  #highest = -1;

  /** Whether this number is taken for the first time. */
  take(number: number): boolean {
    if (number <= this.#highest - windowCount || this.#taken.has(number)) return false;
    this.#taken.add(number);
    this.#highest = Math.max(this.#highest, number);
    if (this.#taken.size > 2 * windowCount) {
      for (const taken of this.#taken) if (taken <= this.#highest - windowCount) this.#taken.delete(taken);
    }
    return true;
  }
}
