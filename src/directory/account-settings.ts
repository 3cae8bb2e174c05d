import type { Catalog } from "../engine/catalog.ts";
import { EngineError } from "../engine/engine-error.ts";
import { type Commitment, commitmentAt, noCommitment } from "../streams/commitment.ts";

/** Settings of one account in one region: one small document, absent until something was set. */
export class AccountSettings {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** The minimum throughput billing commitment as it is at `nowMs`. */
  async commitment(account: string, region: string, nowMs: number): Promise<Commitment> {
    const known = await this.#catalog.get(keyOf(account, region));
    return known === undefined ? noCommitment : commitmentAt(decode(known.value), nowMs);
  }

  /** Whether the account may use what comes with the commitment. */
  async isCommitted(account: string, region: string, nowMs: number): Promise<boolean> {
    return (await this.commitment(account, region, nowMs)).status !== "DISABLED";
  }

  /** Writes what `next` makes of the present commitment, asked again when somebody else was quicker. */
  async change(
    account: string,
    region: string,
    nowMs: number,
    next: (present: Commitment) => Commitment,
  ): Promise<Commitment> {
    const key = keyOf(account, region);
    for (;;) {
      const known = await this.#catalog.get(key, { fresh: true });
      const present = known === undefined ? noCommitment : commitmentAt(decode(known.value), nowMs);
      const changed = next(present);
      try {
        await this.#catalog.compareAndSwap(key, Buffer.from(JSON.stringify(changed)), known?.revision ?? 0n);
        return changed;
      } catch (error) {
        if (!(error instanceof EngineError && error.kind === "conflict")) throw error;
      }
    }
  }
}

function keyOf(account: string, region: string): string {
  return `accounts/${account}/${region}`;
}

function decode(value: Uint8Array): Commitment {
  return JSON.parse(Buffer.from(value).toString()) as Commitment;
}
