import { EngineError } from "../../engine/engine-error.ts";
import type { AppendBatch, ShardLog, ShardRef } from "../../engine/shard-log.ts";
import type { Clock } from "../../time/clock.ts";
import type { QueueState } from "../state/queue-state.ts";
import { entryHeadBytes, type LoadedLog } from "./load-state.ts";
import { snapshotEntries } from "./snapshot-entries.ts";
import { originEntry } from "./state-entry.ts";

/** Bytes of changes for each byte of the snapshot before a new generation begins. */
const changesPerSnapshot = 2;

/** Pause after a switch that failed. */
const retryMs = 1_000;

export interface StateLogOptions {
  readonly log: ShardLog;
  readonly clock: Clock;
  readonly ref: ShardRef;
  readonly loaded: LoadedLog;
  readonly state: QueueState;
  /** Bytes of changes that a log may have behind its snapshot, however small that is. */
  readonly changeBytesMax: number;
  /** Lets the queue's row name another log. Returns false when the queue is gone, being deleted, or another server's. */
  readonly commit: (change: { readonly from: ShardRef; readonly to: ShardRef }) => Promise<boolean>;
  /** Told when another server has taken the queue over: nothing can be written any more. */
  readonly lost: () => void;
  /** Told when a switch to another generation failed; it is tried again. */
  readonly failed: (error: unknown) => void;
}

/**
 * The durable state of one queue: a log with the queue's id whose entries are changes. When they outweigh the snapshot that the
 * log begins with, a new generation begins: a snapshot is written to it piece by piece while every change goes to both logs;
 * then the queue's row names the new one, and the old one is dropped. Changes never wait for it.
 */
export class StateLog {
  readonly #options: StateLogOptions;
  /** The logs that changes go to: the one that counts, and during a switch the next one too. Another array for other logs. */
  #refs: readonly ShardRef[];
  #snapshotBytes: number;
  #changeBytes: number;
  /** Whether changes are missing in the log, so that only a snapshot makes it complete. */
  #isIncomplete = false;
  readonly #appending = new Set<Promise<unknown>>();
  #failedAppends = 0;
  #switching: Promise<void> | undefined;
  #retryAtMs = 0;
  #isClosed = false;

  constructor(options: StateLogOptions) {
    this.#options = options;
    this.#refs = [options.ref];
    this.#snapshotBytes = options.loaded.snapshotBytes;
    this.#changeBytes = options.loaded.changeBytes;
  }

  /** The refs of all logs that there may be. */
  get refs(): readonly ShardRef[] {
    return this.#refs;
  }

  /**
   * Stores entries, those of several calls in the order of the calls. `ended` is called when they are durable, or with the
   * error, before a snapshot is made that counts on it. Never rejects.
   */
  append(bodies: readonly Uint8Array[], ended: (error?: unknown) => void): Promise<void> {
    for (const body of bodies) this.#changeBytes += body.length + entryHeadBytes;
    const appending = this.#appendTo(this.#refs, bodies)
      .then(
        () => ended(),
        (error: unknown) => {
          this.#failedAppends += 1;
          ended(error);
        },
      )
      .finally(() => this.#appending.delete(appending));
    this.#appending.add(appending);
    this.switchIfDue();
    return appending;
  }

  /** Some changes could not be written. A snapshot will have them. */
  markIncomplete(): void {
    this.#isIncomplete = true;
  }

  switchIfDue(): void {
    const { clock, failed, changeBytesMax } = this.#options;
    const changesMax = Math.max(changeBytesMax, changesPerSnapshot * this.#snapshotBytes);
    const isDue = this.#isIncomplete || this.#changeBytes > changesMax;
    if (!isDue || this.#isClosed || this.#switching !== undefined || clock.monotonicMs() < this.#retryAtMs) return;
    this.#switching = this.#switch()
      .catch((error: unknown) => {
        this.#retryAtMs = clock.monotonicMs() + retryMs;
        failed(error);
      })
      .finally(() => {
        this.#switching = undefined;
      });
  }

  /** Resolves when no append and no switch is running. No further switch begins. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#switching;
    await Promise.allSettled(this.#appending);
  }

  async #switch(): Promise<void> {
    const { log, commit } = this.#options;
    const [current, written] = this.#refs as [ShardRef, ShardRef?];
    const next = written ?? (await this.#writeNext(current));
    // A commit that fails may have happened. Both logs are complete and stay so, whichever the row names.
    if (!(await commit({ from: current, to: next }))) {
      this.#refs = [current];
      await log.dropShard(next);
      throw new EngineError("closed", "The queue is gone, and its state with it.");
    }
    this.#refs = [next];
    await log.dropShard(current);
  }

  /** Makes the log of the next generation and writes a snapshot to it; from then on every change goes to both logs. */
  async #writeNext(current: ShardRef): Promise<ShardRef> {
    const next = await this.#createNext(current);
    const wasIncomplete = this.#isIncomplete;
    const failedBefore = this.#failedAppends;
    const changeBytesBefore = this.#changeBytes;
    this.#isIncomplete = false;
    this.#refs = [current, next];
    try {
      // Changes that went to the old log alone are in the state when their appends have ended.
      await Promise.allSettled([...this.#appending]);
      this.#snapshotBytes = await this.#writeSnapshot(current, next);
      await Promise.allSettled([...this.#appending]);
      if (this.#failedAppends > failedBefore) {
        throw new EngineError("unavailable", "Changes of a queue were not stored while its state was written again.");
      }
    } catch (error) {
      this.#isIncomplete ||= wasIncomplete;
      this.#refs = [current];
      await this.#options.log.dropShard(next).catch(() => undefined);
      throw error;
    }
    this.#changeBytes -= changeBytesBefore;
    return next;
  }

  /**
   * Begins a log of its own under a number that no other server uses, before anything is changed: what is appended to the log
   * before is lost from then on, since it is sealed. Returns false when another server was faster, or the queue is gone.
   */
  async takeOver(generation: number): Promise<boolean> {
    const { log, commit } = this.#options;
    const [from] = this.#refs as [ShardRef];
    const to = await log.createShard(from.streamId, generation, { openShardCount: 1 });
    this.#snapshotBytes = await this.#writeSnapshot(from, to);
    this.#changeBytes = 0;
    if (!(await commit({ from, to }))) {
      await log.dropShard(to);
      return false;
    }
    this.#refs = [to];
    await log.dropShard(from);
    return true;
  }

  /** Returns the bytes written. */
  async #writeSnapshot(current: ShardRef, next: ShardRef): Promise<number> {
    let bytes = 0;
    let written = this.#appendTo([next], [originEntry(current)]);
    for (const body of snapshotEntries(this.#options.state)) {
      // An entry is appended in the turn in which it was made: changes are in the order in which they came.
      const writing = this.#appendTo([next], [body]);
      writing.catch(() => undefined);
      bytes += body.length + entryHeadBytes;
      await written;
      if (this.#isClosed) throw new EngineError("closed", "The queue was closed while its state was written again.");
      written = writing;
    }
    await written;
    return bytes;
  }

  /** An empty log of the next generation. One that an interrupted switch left behind is dropped. */
  async #createNext({ streamId, shardIndex }: ShardRef): Promise<ShardRef> {
    const { log } = this.#options;
    const ref = await log.createShard(streamId, shardIndex + 1, { openShardCount: 1 });
    if ((await log.seek(ref, { at: "newest" })) === 1n) return ref;
    await log.dropShard(ref);
    return await log.createShard(streamId, shardIndex + 1, { openShardCount: 1 });
  }

  async #appendTo(refs: readonly ShardRef[], bodies: readonly Uint8Array[]): Promise<void> {
    const positions = await this.#options.log.appendBatch(batchOf(refs, bodies, this.#options.clock.nowMs()));
    if (!positions.includes(0n)) return;
    this.#options.lost();
    throw new EngineError("unavailable", "Another server has taken over the queue; nothing was stored.");
  }
}

/** Each body once for each log. */
function batchOf(refs: readonly ShardRef[], bodies: readonly Uint8Array[], timeMs: number): AppendBatch {
  const count = bodies.length * refs.length;
  const [only] = bodies;
  const bodyStarts = new Uint32Array(count);
  const bodyBytes = new Uint32Array(count);
  const shardOf = new Uint16Array(count);
  let at = 0;
  for (const [index, body] of bodies.entries()) {
    for (let slot = 0; slot < refs.length; slot += 1) {
      const row = slot * bodies.length + index;
      shardOf[row] = slot;
      bodyStarts[row] = at;
      bodyBytes[row] = body.length;
    }
    at += body.length;
  }
  return {
    count,
    shards: refs,
    shardOf,
    recordCounts: new Uint16Array(count).fill(1),
    timesMs: new Float64Array(count).fill(timeMs),
    bytes: bodies.length === 1 && only !== undefined ? only : Buffer.concat(bodies),
    bodyStarts,
    bodyBytes,
    settingsEpoch: 0,
  };
}
