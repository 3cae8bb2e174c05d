/** The only source of time in the server. Tests pass a simulated clock. */
export interface Clock {
  /** Wall clock, ms since the Unix epoch. May step in either direction. */
  nowMs(): number;
  /** ms from an unspecified origin, never decreasing; for durations. */
  monotonicMs(): number;
  /** Resolves after `ms`, or rejects with the signal's reason. Does not keep the process alive by itself. */
  delay(ms: number, signal?: AbortSignal): Promise<void>;
}
