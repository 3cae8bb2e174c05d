import { setTimeout as timeout } from "node:timers/promises";
import type { Clock } from "./clock.ts";

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  async delay(ms, signal) {
    try {
      await timeout(ms, undefined, { ref: false, ...(signal === undefined ? {} : { signal }) });
    } catch (error) {
      // Node rejects with its own AbortError, callers get the signal's reason.
      throw signal?.aborted === true ? signal.reason : error;
    }
  },
};
