import type { WatchedPipe } from "./pipe-reader-worker.ts";
import { startWorker } from "./start-worker.ts";

/**
 * Calls `onGone` once when the reader of a pipe has closed its end; returns a function that ends the watch. Node tells that
 * only when the next write fails, which may be never for a program that waits for its input. `poll_oneoff` of Node's WASI asks
 * the kernel, in a thread with a standard error of its own, so that Node's warning about the module is not shown.
 */
export function watchPipeReader(pipe: WatchedPipe, onGone: () => void): () => void {
  const options = { name: "millrace-pipe-reader", workerData: pipe, stderr: true };
  const worker = startWorker("./pipe-reader-worker", import.meta.url, options);
  // The thread alone must not keep the process alive.
  worker.unref();
  worker.once("message", onGone);
  // Where there is no WASI, the next write tells.
  worker.on("error", () => undefined);
  return () => void worker.terminate();
}
