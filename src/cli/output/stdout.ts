/** Standard output: data only. A reader that has gone (`| head -1`) ends the program, quietly and with exit code 0. */
import { fstatSync } from "node:fs";
import { watchPipeReader } from "../../platform/pipe-reader.ts";

/** Resolves when the text has left the process, so that a slow reader slows the caller. */
export function writeOut(text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error === null || error === undefined ? resolve() : reject(error)));
  });
}

export function endWithReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    leave();
  });
}

/** A command that must undo something first listens to SIGPIPE, and ends the process itself. */
function leave(): void {
  if (process.listenerCount("SIGPIPE") === 0) process.exit(0);
  process.emit("SIGPIPE");
}

/**
 * For commands that may wait long without a write: ends the process when the reader of the pipe has gone. Returns a function
 * that ends the watch.
 */
export function watchReader(): () => void {
  if (!fstatSync(1).isFIFO()) return () => undefined;
  return watchPipeReader({ descriptor: 1 }, leave);
}
