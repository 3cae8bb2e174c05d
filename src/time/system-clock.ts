import { setTimeout as timeout } from "node:timers/promises";
import type { Clock } from "./clock.ts";

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  delay: (ms, signal) => timeout(ms, undefined, { ref: false, ...(signal === undefined ? {} : { signal }) }),
};
