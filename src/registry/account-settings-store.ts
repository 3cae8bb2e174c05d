import type { DocumentStore } from "../engine/document-store.ts";
import { isConflict } from "../engine/engine-error.ts";
import { type CommitmentState, commitmentAt, noCommitment } from "../streams/billing-commitment.ts";

/** Settings of accounts, one document for each account and region. It is absent until a setting is changed. */
export class AccountSettingsStore {
  readonly #documents: DocumentStore;

  constructor(documents: DocumentStore) {
    this.#documents = documents;
  }

  /** The minimum throughput billing commitment as of `nowMs`. */
  async commitment(account: string, region: string, nowMs: number): Promise<CommitmentState> {
    const known = await this.#documents.get(keyOf(account, region));
    return known === undefined ? noCommitment : commitmentAt(decode(known.value), nowMs);
  }

  /** Whether the account may use features that require the commitment. */
  async isCommitted(account: string, region: string, nowMs: number): Promise<boolean> {
    return (await this.commitment(account, region, nowMs)).status !== "DISABLED";
  }

  /** Writes what `next` returns for the present commitment. `next` runs again when another change came first. */
  async change(
    account: string,
    region: string,
    nowMs: number,
    next: (present: CommitmentState) => CommitmentState,
  ): Promise<CommitmentState> {
    const key = keyOf(account, region);
    for (;;) {
      const known = await this.#documents.get(key);
      const present = known === undefined ? noCommitment : commitmentAt(decode(known.value), nowMs);
      const changed = next(present);
      try {
        await this.#documents.compareAndSwap(key, Buffer.from(JSON.stringify(changed)), known?.revision ?? 0n);
        return changed;
      } catch (error) {
        if (!isConflict(error)) throw error;
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
