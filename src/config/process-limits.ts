import { readFileSync } from "node:fs";

/** Limits of the whole process. A limit of one module is beside that module. */

/** How long a drain waits for requests in flight before it cuts their connections. */
export const drainMsMax = 5_000;

/** Shards of one stream that is created at start; also the limit of the service for one CreateStream. */
export const shardCountAtStartMax = 10_000;

export const streamsAtStartMax = 1_000;

/** One hour: a longer delay is a mistake in the unit. */
export const transitionDelayMsMax = 3_600_000;

/** The smallest memory or disk budget. */
export const budgetBytesMin = 1024 ** 2;

/** Files and connections that the process may have open; undefined where the system does not tell, as anywhere but on Linux. */
export function openFileCountMax(): number | undefined {
  let limits: string;
  try {
    limits = readFileSync("/proc/self/limits", "utf8");
  } catch {
    return undefined;
  }
  const soft = /^Max open files +(\d+|unlimited)/m.exec(limits)?.[1];
  if (soft === undefined) return undefined;
  return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}
