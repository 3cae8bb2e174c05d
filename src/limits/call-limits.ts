import type { OperationName } from "../model/shapes.generated.ts";
import type { LimitsTable } from "./limits-table.ts";
import { SweptMap } from "./swept-map.ts";
import { TokenBucket } from "./token-bucket.ts";

/** The rate of calls of each operation. The burst is the calls of one second; a refused call is not charged. */
export class CallLimits {
  readonly #callsPerSecond: LimitsTable["callsPerSecond"];
  readonly #buckets = new SweptMap<TokenBucket>((bucket, nowMs) => {
    bucket.refill(nowMs);
    return bucket.isFull;
  });

  constructor(table: Pick<LimitsTable, "callsPerSecond">) {
    this.#callsPerSecond = table.callsPerSecond;
  }

  /** Whether a call is within the rate. `key`: the account, stream, shard or consumer whose calls count together. */
  admit(operation: OperationName, key: string, nowMs: number): boolean {
    const perSecond = this.#callsPerSecond[operation];
    if (perSecond === undefined) return true;
    const name = `${operation} ${key}`;
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      // A part of a rate may be less than one call a second.
      bucket = new TokenBucket({ capacity: Math.max(1, perSecond), perSecond }, nowMs);
      this.#buckets.add(name, bucket, nowMs);
    }
    return bucket.take(1, nowMs);
  }
}
