import { ExpiringMap } from "./expiring-map.ts";
import type { LimitsTable } from "./limits-table.ts";
import { TokenBucket } from "./token-bucket.ts";

interface ReadBudget {
  readonly bytes: TokenBucket;
  isSpent: boolean;
}

/**
 * Bytes per second that GetRecords may read from a shard. A page is as large as it is, and paid for afterwards: once the
 * budget is spent the shard is silent until it is whole again. That is a second where it was just met and five where a page
 * brought 10 MiB, as the API reference of GetRecords says.
 */
export class ReadLimits {
  readonly #perSecond: number;
  readonly #budgets = new ExpiringMap<ReadBudget>(({ bytes }, nowMs) => {
    bytes.refill(nowMs);
    return bytes.isFull;
  });

  constructor(table: Pick<LimitsTable, "shardReadBytesPerSecond">) {
    this.#perSecond = table.shardReadBytesPerSecond;
  }

  /** Whether the shard may be read now. Takes nothing: see `charge`. */
  admit(key: string, nowMs: number): boolean {
    const budget = this.#budgets.get(key);
    if (budget === undefined) return true;
    budget.bytes.refill(nowMs);
    if (budget.bytes.isFull) budget.isSpent = false;
    return !budget.isSpent;
  }

  /** What a page has brought: data without partition keys, as the limit of a page counts it. */
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
