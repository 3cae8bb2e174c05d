import { readFileSync } from "node:fs";

/**
 * How long the main thread of a process has been ready to run and had no core, in milliseconds since its start; undefined
 * when the process has ended. Linux: the second field of `/proc/PID/schedstat`, in nanoseconds (its `sched-stats` page).
 */
export function waitedForCoreMs(pid: number): number | undefined {
  try {
    const [, waitedNs = "0"] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ");
    return Number(waitedNs) / 1e6;
  } catch {
    return undefined;
  }
}
