import { constants, setPriority } from "node:os";

/**
 * Lets the other threads and processes of the machine run before the calling thread where all of them want its cores. Linux
 * has a priority for each thread; elsewhere it is the process's, and stays as it is.
 */
export function lowerThreadPriority(): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // A sandbox may forbid it; only time is lost.
  }
}
