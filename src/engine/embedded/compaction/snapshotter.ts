import type { DirectoryContents } from "../directory/directory-cipher.ts";
import type { Disk } from "../io/disk.ts";
import type { EngineState } from "../state/engine-state.ts";
import { snapshotsKept, writeSnapshot } from "../state/snapshot-files.ts";

export interface SnapshotterOptions {
  readonly disk: Disk;
  /** The directory `catalog/`. */
  readonly directory: string;
  readonly contents: DirectoryContents;
  readonly state: EngineState;
  /** The oldest WAL file that must exist now. */
  readonly oldestGeneration: () => number;
  /** Of the snapshot that recovery used; 0 without a sound one. */
  readonly snapshotLsn: number;
  readonly afterBytes: number;
}

/** Writes a snapshot when enough has changed since the last, one at a time, beside the log. */
export class Snapshotter {
  readonly #options: SnapshotterOptions;
  /** Of the two on disk, the newer one last. */
  #writtenLsns: readonly number[];
  #lastBytes = 0;
  #writing: Promise<void> | undefined;
  #lastError: string | undefined;

  constructor(options: SnapshotterOptions) {
    this.#options = options;
    this.#writtenLsns = options.snapshotLsn === 0 ? [] : [options.snapshotLsn];
  }

  /** Why the last attempt failed, in a sentence. The log holds everything all the same. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Both snapshots on disk include all groups up to this one; 0 while there is only one. */
  get coveredLsn(): number {
    return this.#writtenLsns.length < snapshotsKept ? 0 : (this.#writtenLsns[0] ?? 0);
  }

  /** Whether a snapshot would say more than the last one. */
  get isBehind(): boolean {
    return this.#options.state.lsn !== this.#writtenLsns.at(-1);
  }

  /** To be called after each group. A large catalog is written less often, so that it costs no more than its changes. */
  maybeWrite(): void {
    const { state, afterBytes } = this.#options;
    if (this.#writing !== undefined || state.controlBytes < Math.max(afterBytes, this.#lastBytes)) return;
    void this.write();
  }

  /** Resolves when none is being written. */
  async finish(): Promise<void> {
    await this.#writing;
  }

  /** As of the last group applied, or a later one. Resolves also when it fails. */
  write(): Promise<void> {
    // One at a time; one that is being written already may be too old.
    const writing = (this.#writing ?? Promise.resolve())
      .then(() => this.#write())
      .finally(() => {
        if (this.#writing === writing) this.#writing = undefined;
      });
    this.#writing = writing;
    return writing;
  }

  async #write(): Promise<void> {
    const { disk, directory, contents, state, oldestGeneration } = this.#options;
    const lsn = state.lsn;
    if (!this.isBehind) return;
    state.controlBytes = 0;
    try {
      this.#lastBytes = await writeSnapshot(disk, directory, { state, oldestGeneration: oldestGeneration() }, contents);
      this.#writtenLsns = [...this.#writtenLsns, lsn].slice(-snapshotsKept);
      this.#lastError = undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#lastError = `The last snapshot of the catalog could not be written (${reason}); a restart will take longer.`;
    }
  }
}
