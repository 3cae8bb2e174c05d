import type { LimitsTable } from "./limits-table.ts";
import { SweptMap } from "./swept-map.ts";
import { TokenBucket } from "./token-bucket.ts";

interface ReadBudget {
  readonly bytes: TokenBucket;
  isSpent: boolean;
}

/**
 * The rate of bytes that GetRecords reads from a shard. A read is charged afterwards, whatever its size; once the budget is
 * spent, the shard is throttled until it is full again: after one second at the rate, after five for a read of 10 MiB (API
 * reference, GetRecords).
 */
export class ReadByteLimits {
  readonly #perSecond: number;
  readonly #budgets = new SweptMap<ReadBudget>(({ bytes }, nowMs) => {
    bytes.refill(nowMs);
    return bytes.isFull;
  });

  constructor(table: Pick<LimitsTable, "shardReadBytesPerSecond">) {
    this.#perSecond = table.shardReadBytesPerSecond;
  }

  /** Whether the shard may be read now; charges nothing. */
  admit(key: string, nowMs: number): boolean {
    const budget = this.#budgets.get(key);
    if (budget === undefined) return true;
    budget.bytes.refill(nowMs);
    if (budget.bytes.isFull) budget.isSpent = false;
    return !budget.isSpent;
  }

  /** Charges a read. `bytes`: data without partition keys. */
  charge(key: string, bytes: number, nowMs: number): void {
    if (bytes === 0) return;
    let budget = this.#budgets.get(key);
    if (budget === undefined) {
      const size = { capacity: this.#perSecond, perSecond: this.#perSecond };
      budget = { bytes: new TokenBucket(size, nowMs), isSpent: false };
      this.#budgets.add(key, budget, nowMs);
    }
    budget.bytes.refill(nowMs);
    budget.bytes.spend(bytes);
    if (!budget.bytes.has(1)) budget.isSpent = true;
  }
}
