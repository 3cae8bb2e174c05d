/** The only source of time in the server. A simulated sibling lives with the tests. */
export interface Clock {
  /** Wall clock, ms since the epoch. May step in either direction. */
  nowMs(): number;
  /** Never falls; for measuring durations. */
  monotonicMs(): number;
  /** Resolves after `ms`, or rejects with the signal's reason. Does not keep the process alive by itself. */
  delay(ms: number, signal?: AbortSignal): Promise<void>;
}
