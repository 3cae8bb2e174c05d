import type { Disk } from "./disk.ts";
import type { DirectoryIdentity } from "./format-file.ts";
import type { Ledger } from "./ledger.ts";
import { writeSnapshot } from "./snapshot-files.ts";

export interface SnapshotterOptions {
  readonly disk: Disk;
  /** The directory `catalog/`. */
  readonly directory: string;
  readonly identity: DirectoryIdentity;
  readonly ledger: Ledger;
  readonly oldestGeneration: number;
  /** Of the snapshot that recovery used; 0 without one. */
  readonly snapshotLsn: number;
  readonly afterBytes: number;
}

/** Writes a snapshot when enough has changed since the last, one at a time, beside the log. */
export class Snapshotter {
  readonly #options: SnapshotterOptions;
  #writtenLsn: number;
  #lastBytes = 0;
  #writing: Promise<void> | undefined;
  #trouble: string | undefined;

  constructor(options: SnapshotterOptions) {
    this.#options = options;
    this.#writtenLsn = options.snapshotLsn;
  }

  /** Why the last attempt failed, in a sentence. The log holds everything all the same. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** To be called after each group. A large catalog is written less often, so that it costs no more than its changes. */
  consider(): void {
    const { ledger, afterBytes } = this.#options;
    if (this.#writing !== undefined || ledger.controlBytes < Math.max(afterBytes, this.#lastBytes)) return;
    void this.write();
  }

  /** Resolves when none is being written. */
  async finish(): Promise<void> {
    await this.#writing;
  }

  /** As of the last group applied. Resolves also when it fails. */
  write(): Promise<void> {
    const writing = this.#write().finally(() => {
      this.#writing = undefined;
    });
    this.#writing = writing;
    return writing;
  }

  async #write(): Promise<void> {
    const { disk, directory, identity, ledger, oldestGeneration } = this.#options;
    const lsn = ledger.lsn;
    if (lsn === this.#writtenLsn) return;
    ledger.controlBytes = 0;
    try {
      this.#lastBytes = await writeSnapshot(disk, directory, { ledger, oldestGeneration }, identity);
      this.#writtenLsn = lsn;
      this.#trouble = undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#trouble = `The last snapshot of the catalog could not be written (${reason}); a restart will take longer.`;
    }
  }
}
