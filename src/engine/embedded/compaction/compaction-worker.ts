// The worker thread of CompactionThread: receives one job, sends one reply.
import { parentPort } from "node:worker_threads";
import { EngineError, type EngineErrorKind } from "../../engine-error.ts";
import { blockingDisk } from "../io/blocking-disk.ts";
import { errorCode } from "../io/disk.ts";
import { type CompactionJob, type CompactionResult, runCompactionJob } from "./compaction-job.ts";
import { JobMemory } from "./job-memory.ts";

export type CompactionReply =
  | { readonly kind: "done"; readonly result: CompactionResult }
  | {
      readonly kind: "failed";
      readonly message: string;
      readonly engineKind: EngineErrorKind | undefined;
      readonly code: string | undefined;
    };

const memory = new JobMemory(blockingDisk);

async function run(job: CompactionJob): Promise<CompactionReply> {
  try {
    return { kind: "done", result: await runCompactionJob(blockingDisk, memory, job) };
  } catch (error) {
    return {
      kind: "failed",
      message: error instanceof Error ? error.message : String(error),
      engineKind: error instanceof EngineError ? error.kind : undefined,
      code: errorCode(error),
    };
  }
}

parentPort?.on("message", (job: CompactionJob) => {
  void run(job).then((reply) => parentPort?.postMessage(reply));
});
