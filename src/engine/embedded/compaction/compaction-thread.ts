import { Worker } from "node:worker_threads";
import type { Clock } from "../../../time/clock.ts";
import { EngineError } from "../../engine-error.ts";
import type { CompactionJob, CompactionResult, CompactionRunner } from "./compaction-job.ts";
import type { CompactionReply } from "./compaction-worker.ts";

/** A thread that had nothing to do for so long gives back its memory, which is about that of one file of the log. */
const idleMsMax = 30_000;

/** Jobs in a thread of their own, begun with the first one: putting records never waits for sorting them. */
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
        worker.once("message", (answer: CompactionReply) => {
          if (answer.kind === "done") resolve(answer.result);
          else reject(errorOf(answer));
        });
        worker.postMessage(job);
      });
    } finally {
      this.#fail = undefined;
      worker.removeAllListeners("message");
      this.#restLater();
    }
  }

  async close(): Promise<void> {
    this.#idle.abort();
    const worker = this.#worker;
    this.#worker = undefined;
    this.#fail?.(new EngineError("closed", "The engine is closed."));
    await worker?.terminate();
  }

  #start(): Worker {
    // Built, its name ends otherwise than in the sources.
    const name = import.meta.url.endsWith(".ts") ? "./compaction-worker.ts" : "./compaction-worker.js";
    const worker = new Worker(new URL(name, import.meta.url), { name: "millrace-compaction" });
    // A thread that does nothing must not keep the process alive.
    worker.unref();
    worker.on("error", (error: unknown) => {
      this.#worker = undefined;
      this.#fail?.(error instanceof Error ? error : new Error(String(error)));
    });
    return worker;
  }

  #restLater(): void {
    const idle = new AbortController();
    this.#idle = idle;
    const rest = (): void => {
      const worker = this.#worker;
      this.#worker = undefined;
      void worker?.terminate();
    };
    this.#clock.delay(idleMsMax, idle.signal).then(rest, () => undefined);
  }
}

/** An error as it was thrown in the other thread. */
function errorOf({ message, engineKind, code }: Extract<CompactionReply, { readonly kind: "failed" }>): Error {
  if (engineKind !== undefined) return new EngineError(engineKind, message);
  const error = new Error(message);
  return code === undefined ? error : Object.assign(error, { code });
}
