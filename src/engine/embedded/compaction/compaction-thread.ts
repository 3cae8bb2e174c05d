import type { Worker } from "node:worker_threads";
import { startWorker } from "../../../platform/start-worker.ts";
import type { Clock } from "../../../time/clock.ts";
import { EngineError } from "../../engine-error.ts";
import type { CompactionJob, CompactionResult, CompactionRunner } from "./compaction-job.ts";
import type { CompactionReply } from "./compaction-worker.ts";

/** A thread that has been idle for this long ends, and its memory, about the size of one WAL file, is freed. */
const idleMsMax = 30_000;

/** Runs jobs in a worker thread, so that appends never wait for a sort. The thread starts with the first job. */
export class CompactionThread implements CompactionRunner {
  readonly #clock: Clock;
  #worker: Worker | undefined;
  #idle = new AbortController();
  #fail: ((error: Error) => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async run(job: CompactionJob): Promise<CompactionResult> {
    this.#idle.abort();
    this.#worker ??= this.#start();
    const worker = this.#worker;
    try {
      return await new Promise<CompactionResult>((resolve, reject) => {
        this.#fail = reject;
        worker.once("message", (reply: CompactionReply) => {
          if (reply.kind === "done") resolve(reply.result);
          else reject(errorOf(reply));
        });
        worker.postMessage(job);
      });
    } finally {
      this.#fail = undefined;
      worker.removeAllListeners("message");
      this.#endWhenIdle();
    }
  }

  async close(): Promise<void> {
    this.#idle.abort();
    const worker = this.#worker;
    this.#worker = undefined;
    this.#fail?.(new EngineError("closed", "The storage engine is closed because the server stops."));
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = startWorker("./compaction-worker", import.meta.url, { name: "millrace-compaction" });
    // The thread alone must not keep the process alive.
    worker.unref();
    worker.on("error", (error: unknown) => {
      this.#worker = undefined;
      this.#fail?.(error instanceof Error ? error : new Error(String(error)));
    });
    return worker;
  }

  #endWhenIdle(): void {
    const idle = new AbortController();
    this.#idle = idle;
    const end = (): void => {
      const worker = this.#worker;
      this.#worker = undefined;
      void worker?.terminate();
    };
    this.#clock.delay(idleMsMax, idle.signal).then(end, () => undefined);
  }
}

/** The error that the worker thread threw, with its kind or code. */
function errorOf({ message, engineKind, code }: Extract<CompactionReply, { readonly kind: "failed" }>): Error {
  if (engineKind !== undefined) return new EngineError(engineKind, message);
  const error = new Error(message);
  return code === undefined ? error : Object.assign(error, { code });
}
