import { EngineError } from "../../engine-error.ts";
import { errorCode } from "../io/disk.ts";
import {
  afterDiskSpaceRequest,
  afterIdle,
  afterStep,
  afterStepChosen,
  afterStepFailure,
  afterWalSpaceRequest,
  type CompactorState,
  initialCompactorState,
  isRunDue,
} from "./compactor-state.ts";
import { nextStep, type Step } from "./next-step.ts";
import { StepExecutor, type StepExecutorOptions } from "./step-executor.ts";

export type CompactorOptions = Omit<StepExecutorOptions, "writeNoopGroup">;

/** What the compactor needs of the side that appends to the WAL. */
export interface NoopGroupWriter {
  /** Whether the WAL takes no writes any more: then nothing is moved either. */
  readonly hasFailed: boolean;
  /** Writes a commit group that changes nothing; resolves when it is durable. */
  writeNoopGroup(): Promise<void>;
}

/** While nothing else happens, expired data is looked for this often. */
const expiryIntervalMs = 30 * 60_000;

/**
 * The background loop that moves the entries of closed WAL files into segments and frees what no longer counts, one step
 * after another. `nextStep()` decides, `StepExecutor` acts. Appends never wait for it.
 */
export class Compactor {
  readonly #options: CompactorOptions;
  readonly #executor: StepExecutor;
  readonly #stopping = new AbortController();
  #writer: NoopGroupWriter | undefined;
  #state: CompactorState = initialCompactorState;
  #running: Promise<void> | undefined;
  #lastError: string | undefined;
  #isTimerSet = false;

  constructor(options: CompactorOptions) {
    this.#options = options;
    this.#executor = new StepExecutor({ ...options, writeNoopGroup: () => this.#writeNoopGroup() });
  }

  /** Nothing runs before this. Records may have expired while the directory was closed, so it looks at once. */
  start(writer: NoopGroupWriter): void {
    this.#writer = writer;
    this.maybeRun();
  }

  /** Why the last step failed, or which damage was met, in a sentence; undefined if all is well. No data is lost by it. */
  get lastError(): string | undefined {
    return this.#lastError ?? this.#executor.damage;
  }

  /** Bytes of all segments on disk. */
  get segmentBytes(): number {
    return this.#options.segments.bytes;
  }

  /** Begins a run if there may be something to do. Cheap, to be called after each commit group. */
  maybeRun(): void {
    if (this.#running !== undefined || this.#isStopped()) return;
    const { wal, snapshotter, segments, clock } = this.#options;
    const counters = {
      generation: wal.generation,
      coveredLsn: snapshotter.coveredLsn,
      deadBytes: segments.deadBytes,
    };
    if (!isRunDue(this.#state, counters, clock.monotonicMs())) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** The disk budget is used up: frees whatever can be freed, the spare WAL file too. */
  requestDiskSpace(): void {
    const state = afterDiskSpaceRequest(this.#state, this.#options.clock.monotonicMs());
    if (state === this.#state) return;
    this.#state = state;
    this.maybeRun();
  }

  /** The WAL has reached its bound: removes flushed files as soon as two snapshot files cover them. */
  requestWalSpace(): void {
    this.#state = afterWalSpaceRequest(this.#state);
    this.maybeRun();
  }

  /** Resolves when there is nothing left to do for now. */
  async settled(): Promise<void> {
    this.#state = { ...this.#state, isExpiryDue: true };
    for (this.maybeRun(); this.#running !== undefined; this.maybeRun()) await this.#running;
  }

  /** Cuts off a job, and waits for the writes of a step. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#options.jobs.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    // Appends whose group has just become durable are resolved first.
    await Promise.resolve();
    for (let step = this.#chooseStep(); step.kind !== "wait"; step = this.#chooseStep()) {
      try {
        await this.#executor.perform(step);
        this.#lastError = undefined;
      } catch (error) {
        // Any other error is a fault in the program, and must not be reported as one of the disk.
        if (!(error instanceof EngineError) && errorCode(error) === undefined) throw error;
        if (!this.#stopping.signal.aborted) this.#noteFailure(error);
        return;
      }
      this.#state = afterStep(this.#state, step);
    }
    this.#state = afterIdle(this.#state, this.#executor.facts());
  }

  #chooseStep(): Step {
    this.#setTimer();
    const { limits, clock } = this.#options;
    const storage = { ...this.#executor.facts(), isStopped: this.#isStopped() };
    const step = nextStep({ state: this.#state, storage, limits, nowMs: clock.nowMs() });
    this.#state = afterStepChosen(this.#state, step, storage.deadBytes);
    return step;
  }

  #noteFailure(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#lastError =
      `Compaction failed: old WAL files could not be moved into segments or removed (${reason}). No data is lost, but ` +
      "disk space is not freed. It is tried again with the next writes.";
    this.#state = afterStepFailure(this.#state, this.#options.clock.monotonicMs());
  }

  #isStopped(): boolean {
    return this.#stopping.signal.aborted || this.#writer?.hasFailed !== false;
  }

  async #writeNoopGroup(): Promise<void> {
    await this.#writer?.writeNoopGroup();
  }

  /** While there are segments, time alone makes work: records expire. */
  #setTimer(): void {
    if (this.#isTimerSet || this.#options.segments.count === 0) return;
    this.#isTimerSet = true;
    const run = (): void => {
      this.#isTimerSet = false;
      this.#state = { ...this.#state, isExpiryDue: true };
      this.maybeRun();
    };
    this.#options.clock.delay(expiryIntervalMs, this.#stopping.signal).then(run, () => undefined);
  }
}
