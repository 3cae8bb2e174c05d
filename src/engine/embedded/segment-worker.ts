// The thread in which files of the log become segments: one job in, one answer out.
import { parentPort } from "node:worker_threads";
import { EngineError, type EngineErrorKind } from "../engine-error.ts";
import { blockingDisk } from "./blocking-disk.ts";
import { errorCode } from "./disk.ts";
import { JobMemory } from "./job-memory.ts";
import { type JobResult, runJob, type SegmentJob } from "./segment-jobs.ts";

export type JobAnswer =
  | { readonly kind: "done"; readonly result: JobResult }
  | {
      readonly kind: "failed";
      readonly message: string;
      readonly engineKind: EngineErrorKind | undefined;
      readonly code: string | undefined;
    };

const memory = new JobMemory(blockingDisk);

async function answer(job: SegmentJob): Promise<JobAnswer> {
  try {
    return { kind: "done", result: await runJob(blockingDisk, memory, job) };
  } catch (error) {
    return {
      kind: "failed",
      message: error instanceof Error ? error.message : String(error),
      engineKind: error instanceof EngineError ? error.kind : undefined,
      code: errorCode(error),
    };
  }
}

parentPort?.on("message", (job: SegmentJob) => {
  void answer(job).then((value) => parentPort?.postMessage(value));
});
