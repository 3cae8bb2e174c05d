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

const tickMs = 100;
/** A shorter pause than this between two ticks is the process's own work. */
const stopMsMin = 500;

/**
 * How long this process has been stopped by a signal (SIGSTOP, a suspended machine), in milliseconds. It neither ran nor was
 * ready to run in that time: what it waited for came while it was stopped.
 */
export class StoppedTime {
  #sumMs = 0;
  #last = timesNow();
  readonly #timer = setInterval(() => this.#count(), tickMs);

  constructor() {
    this.#timer.unref();
  }

  get sumMs(): number {
    this.#count();
    return this.#sumMs;
  }

  /** Runs at least every `tickMs` while the process runs: a longer pause is work, waiting for a core, or a stop. */
  #count(): void {
    const now = timesNow();
    const { wallMs, ownMs } = this.#last;
    const unexplainedMs = now.wallMs - wallMs - tickMs - (now.ownMs - ownMs);
    if (unexplainedMs >= stopMsMin) this.#sumMs += unexplainedMs;
    this.#last = now;
  }
}

/** Wall time, and the time in which this process ran or was ready to run. */
function timesNow(): { readonly wallMs: number; readonly ownMs: number } {
  const { user, system } = process.cpuUsage();
  return { wallMs: performance.now(), ownMs: (user + system) / 1000 + (waitedForCoreMs(process.pid) ?? 0) };
}
