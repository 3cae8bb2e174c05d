import type { ContentAccess } from "../directory/content-cipher.ts";
import type { Disk } from "../io/disk.ts";
import type { EngineState } from "../state/engine-state.ts";
import { snapshotsKept, writeSnapshot } from "../state/snapshot-files.ts";

export interface SnapshotterOptions {
  readonly disk: Disk;
  /** The directory `catalog/`. */
  readonly directory: string;
  readonly contents: ContentAccess;
  readonly state: EngineState;
  /** The generation of the oldest WAL file that must exist now. */
  readonly oldestGeneration: () => number;
  /** LSN of the snapshot file that recovery used; 0 if there is none, or a newer one is damaged. */
  readonly snapshotLsn: number;
  /** A snapshot file is written after this many bytes of control frames, or after the size of the last one if larger. */
  readonly afterBytes: number;
}

/** Writes a snapshot file when enough has changed since the last one. One at a time; appends do not wait for it. */
export class Snapshotter {
  readonly #options: SnapshotterOptions;
  /** LSNs of the snapshot files on disk, at most two, the newer one last. */
  #writtenLsns: readonly number[];
  #lastBytes = 0;
  #writing: Promise<void> | undefined;
  #lastError: string | undefined;

  constructor(options: SnapshotterOptions) {
    this.#options = options;
    this.#writtenLsns = options.snapshotLsn === 0 ? [] : [options.snapshotLsn];
  }

  /** Why the last attempt failed, in a sentence; undefined if it succeeded. No data is lost by it: the WAL has everything. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Both snapshot files on disk include all groups up to this LSN; 0 while there is only one. */
  get coveredLsn(): number {
    return this.#writtenLsns.length < snapshotsKept ? 0 : (this.#writtenLsns[0] ?? 0);
  }

  /** Whether a snapshot written now would include a group that the last one does not. */
  get isBehind(): boolean {
    return this.#options.state.lsn !== this.#writtenLsns.at(-1);
  }

  /** To be called after each group. A large state is written less often, so that snapshots cost no more than its changes. */
  maybeWrite(): void {
    const { state, afterBytes } = this.#options;
    if (this.#writing !== undefined || state.controlBytes < Math.max(afterBytes, this.#lastBytes)) return;
    void this.write();
  }

  /** Resolves when no snapshot is being written. */
  async finish(): Promise<void> {
    await this.#writing;
  }

  /** Writes one as of the last group applied, or of a later one. Never rejects: see `lastError`. */
  write(): Promise<void> {
    // One that is being written already may not have the last group.
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
      this.#lastError =
        `A snapshot file could not be written to catalog/ (${reason}). No data is lost: the write-ahead log has ` +
        "everything, but it cannot be shortened and the next start takes longer. It is tried again after more changes.";
    }
  }
}
