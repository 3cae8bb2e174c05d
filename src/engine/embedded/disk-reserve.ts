import type { Clock } from "../../time/clock.ts";
import { EngineError } from "../engine-error.ts";
import { type Disk, errorCode } from "./io/disk.ts";

/** At most this share of the disk is reserved, so that a small disk is not refused whole. */
const reserveShareMax = 1 / 6;
/** The share of the reserve that compaction leaves to control frames. */
const controlShare = 1 / 5;
/** The share of the reserve that control frames leave to snapshots and the manifest. */
const floorShare = 1 / 20;
/** A measurement older than this is repeated when space is asked for. */
const measuredMsMax = 100;

export interface DiskReserveOptions {
  readonly disk: Disk;
  /** The data directory. */
  readonly directory: string;
  readonly clock: Clock;
  /** Bytes of frames that are submitted and not yet written. */
  readonly pendingBytes: () => number;
  /** Free bytes at the open. */
  readonly freeBytes: number;
  /** Bytes of WAL files and segments at the open. */
  readonly usedBytes: number;
  /** Bytes that one step of compaction may write. */
  readonly compactionBytes: number;
}

/**
 * What the file system has left, whatever the disk budget says: other programs write to it too. Part of it is a reserve
 * from the beginning. Entries leave the reserve free, so that compaction, which frees space, still has some; compaction
 * leaves a part of it to control frames, and these leave a part to snapshots and the manifest.
 *
 * The estimate is the last measurement without the bytes admitted since, so that it is never too high by writes of this
 * engine's WAL.
 */
export class DiskReserve {
  /** Bytes that entries leave free. */
  readonly bytes: number;
  /** Bytes that compaction leaves free. */
  readonly controlBytes: number;
  /** Bytes that control frames leave free. */
  readonly floorBytes: number;
  readonly #options: DiskReserveOptions;
  #freeBytes: number;
  #measuredMs: number;
  /** Bytes admitted since the measurement in progress began. */
  #admittedBytes = 0;
  #measuring: Promise<void> | undefined;
  /** Bytes that steps of compaction in progress may still write. */
  #compactionBytes = 0;

  constructor(options: DiskReserveOptions) {
    const { freeBytes, usedBytes, compactionBytes, clock } = options;
    this.#options = options;
    this.#freeBytes = freeBytes;
    this.#measuredMs = clock.monotonicMs();
    const wantedBytes = compactionBytes / (1 - controlShare);
    this.bytes = Math.floor(Math.min(wantedBytes, (freeBytes + usedBytes) * reserveShareMax));
    this.controlBytes = Math.floor(this.bytes * controlShare);
    this.floorBytes = Math.floor(this.bytes * floorShare);
  }

  /** Bytes that are free when all that was admitted is written. */
  get freeBytes(): number {
    return Math.max(0, this.#freeBytes);
  }

  /** Whether `bytes` may be written and `leftBytes` stay free. */
  has(bytes: number, leftBytes: number): boolean {
    return this.#freeBytes - this.#compactionBytes - bytes >= leftBytes;
  }

  /** Counts bytes that are about to be written. */
  admit(bytes: number): void {
    // First, because the measurement begins with the bytes that are submitted already.
    if (this.#options.clock.monotonicMs() - this.#measuredMs > measuredMsMax) void this.measure();
    this.#freeBytes -= bytes;
    this.#admittedBytes += bytes;
  }

  /** Measures now. Never rejects: a failed measurement leaves the estimate as it is. */
  measure(): Promise<void> {
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined;
    });
    return this.#measuring;
  }

  /**
   * Keeps `bytes` for a step of compaction until the lease is disposed of: what it writes meanwhile is in no measurement.
   * Throws `unavailable` unless the step leaves control frames their part.
   */
  async reserveForCompaction(bytes: number): Promise<Disposable> {
    await this.measure();
    if (!this.has(bytes, this.controlBytes)) {
      throw new EngineError("unavailable", `ENOSPC: it needs up to ${bytes} bytes, and ${this.freeBytes} are free`);
    }
    this.#compactionBytes += bytes;
    return {
      [Symbol.dispose]: () => {
        this.#compactionBytes -= bytes;
        void this.measure();
      },
    };
  }

  async #measure(): Promise<void> {
    const { disk, directory, clock, pendingBytes } = this.#options;
    const pending = pendingBytes();
    this.#admittedBytes = 0;
    this.#measuredMs = clock.monotonicMs();
    try {
      const freeBytes = await disk.freeBytes(directory);
      this.#freeBytes = freeBytes - pending - this.#admittedBytes;
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
    }
  }
}
