import { appendsRefused, appendsResumed, walStopped } from "../../telemetry/diagnostic-events.ts";
import type { Clock } from "../../time/clock.ts";
import type { StreamBytes } from "../engine.ts";
import type { EngineError } from "../engine-error.ts";
import type { DiskReserve } from "./disk-reserve.ts";

/** Why entries are refused: the disk budget is used up, or the disk has only its reserve left. */
export type Shortage = "disk_budget" | "disk_space";

/** Between two looks at the disk. */
const intervalMs = 1_000;
/** Between two reports of a condition that goes on. */
const reportMs = 60_000;
/** A shortage that comes back within `reportMs` of its end is over when nothing has been refused for so long. */
const recurrenceQuietMs = 10_000;

export interface StorageFaultReporterOptions {
  readonly clock: Clock;
  readonly reserve: DiskReserve;
  /** Why entries of so many bytes would be refused now; undefined if they would be stored. */
  readonly shortageOf: (bytes: number) => Shortage | undefined;
  /** What operators read about a shortage. */
  readonly sentenceOf: (shortage: Shortage) => string;
  /** Set from the first failed write of the WAL on. */
  readonly failure: () => EngineError | undefined;
  readonly largestStreams: () => readonly StreamBytes[];
  /** Called at intervals while entries are refused. */
  readonly onShortage: () => void;
}

/**
 * Reports that entries are refused for want of space or that the WAL has stopped: once when it begins, each minute while it
 * lasts, and when it is over. Only meanwhile it looks at the disk at intervals; else each append and each look at health does.
 */
export class StorageFaultReporter {
  readonly #options: StorageFaultReporterOptions;
  readonly #closing = new AbortController();
  #isWatching = false;
  #shortage: Shortage | undefined;
  /** Bytes of the largest refusal since entries were last stored: the shortage lasts until so many would be. */
  #bytes = 0;
  #refusedCount = 0;
  #reportedMs = Number.NEGATIVE_INFINITY;
  /** The shortage that was reported and whose end was not. */
  #reported: Shortage | undefined;
  /** `refusedCount` at the last look at the disk. */
  #seenCount = 0;
  #refusedMs = Number.NEGATIVE_INFINITY;
  #endedMs = Number.NEGATIVE_INFINITY;
  /** The shortage has come back soon after its end. */
  #isRecurring = false;
  #stopReportedMs = Number.NEGATIVE_INFINITY;

  constructor(options: StorageFaultReporterOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#closing.abort();
  }

  /** Writes refused for want of space since the open. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** The shortage in effect. It ends when what was refused would be stored. */
  get shortage(): Shortage | undefined {
    if (this.#shortage === undefined) return undefined;
    this.#shortage = this.#options.shortageOf(this.#bytes);
    if (this.#shortage === undefined) this.#bytes = 0;
    return this.#shortage;
  }

  /** Entries of so many bytes were refused. */
  refused(shortage: Shortage, bytes: number): void {
    this.#shortage = shortage;
    this.#bytes = Math.max(this.#bytes, bytes);
    this.#refusedCount += 1;
    this.#refusedMs = this.#options.clock.monotonicMs();
    this.#reportShortage();
    void this.#watch();
  }

  /** Reports a stopped WAL. */
  stopped(failure: EngineError): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#stopReportedMs < reportMs) return;
    this.#stopReportedMs = nowMs;
    walStopped.publish({ error: failure });
    void this.#watch();
  }

  #reportShortage(): void {
    const { clock, sentenceOf, largestStreams } = this.#options;
    const shortage = this.#shortage;
    const nowMs = clock.monotonicMs();
    if (shortage === undefined || nowMs - this.#reportedMs < reportMs) return;
    if (this.#reported === undefined) this.#isRecurring = nowMs - this.#endedMs < reportMs;
    this.#reportedMs = nowMs;
    this.#reported = shortage;
    appendsRefused.publish({
      cause: shortage,
      sentence: sentenceOf(shortage),
      refusedCount: this.#refusedCount,
      largestStreams: largestStreams(),
    });
  }

  /** Looks at the disk at intervals until the shortage is over; a stopped WAL stays so. */
  async #watch(): Promise<void> {
    if (this.#isWatching) return;
    this.#isWatching = true;
    const { clock, reserve, failure, onShortage } = this.#options;
    const { signal } = this.#closing;
    for (;;) {
      const stopped = failure();
      if (stopped === undefined && this.#reported === undefined && this.shortage === undefined) break;
      await clock.delay(stopped === undefined ? intervalMs : reportMs, signal).catch(() => undefined);
      if (signal.aborted) break;
      await reserve.measure();
      if (stopped !== undefined) this.stopped(stopped);
      if (this.shortage === undefined) {
        this.#reportEnd();
      } else {
        this.#reportShortage();
        onShortage();
      }
      this.#seenCount = this.#refusedCount;
    }
    this.#isWatching = false;
  }

  /** Only when nothing was refused since the last look: compaction frees space little by little. */
  #reportEnd(): void {
    if (this.#reported === undefined || this.#refusedCount !== this.#seenCount) return;
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#isRecurring && nowMs - this.#refusedMs < recurrenceQuietMs) return;
    this.#endedMs = nowMs;
    appendsResumed.publish({ cause: this.#reported, refusedCount: this.#refusedCount });
    this.#reported = undefined;
    this.#reportedMs = Number.NEGATIVE_INFINITY;
  }
}
