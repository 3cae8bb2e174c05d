import type { DocumentStore } from "../engine/document-store.ts";
import { EngineError } from "../engine/engine-error.ts";
import { type CommitmentState, commitmentAt, noCommitment } from "../streams/billing-commitment.ts";

/** Settings of one account in one region: one small document, absent until something was set. */
export class AccountSettingsStore {
  readonly #catalog: DocumentStore;

  constructor(catalog: DocumentStore) {
    this.#catalog = catalog;
  }

  /** The minimum throughput billing commitment as it is at `nowMs`. */
  async commitment(account: string, region: string, nowMs: number): Promise<CommitmentState> {
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
    next: (present: CommitmentState) => CommitmentState,
  ): Promise<CommitmentState> {
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

function decode(value: Uint8Array): CommitmentState {
  return JSON.parse(Buffer.from(value).toString()) as CommitmentState;
}
