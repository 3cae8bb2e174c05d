const dayMs = 24 * 3600 * 1000;

/**
 * The MinimumThroughputBillingCommitment of one account and region (API reference, UpdateAccountSettings). It lasts at least
 * a day: disabled earlier, it stays in force until then and ends by itself.
 */
export interface CommitmentState {
  readonly status: "ENABLED" | "DISABLED" | "ENABLED_UNTIL_EARLIEST_ALLOWED_END";
  readonly startedMs?: number;
  readonly endedMs?: number;
  readonly earliestEndMs?: number;
}

export const noCommitment: CommitmentState = { status: "DISABLED" };

/** The state at `nowMs` of a commitment that was stored earlier. */
export function commitmentAt(stored: CommitmentState, nowMs: number): CommitmentState {
  const { status, startedMs, earliestEndMs } = stored;
  const hasEnded =
    status === "ENABLED_UNTIL_EARLIEST_ALLOWED_END" && earliestEndMs !== undefined && earliestEndMs <= nowMs;
  if (!hasEnded) return stored;
  return { status: "DISABLED", ...(startedMs === undefined ? {} : { startedMs }), endedMs: earliestEndMs };
}

/** Withdraws a pending end; an enabled commitment does not change. */
export function enableCommitment(present: CommitmentState, nowMs: number): CommitmentState {
  if (present.status === "DISABLED") return { status: "ENABLED", startedMs: nowMs, earliestEndMs: nowMs + dayMs };
  return { ...present, status: "ENABLED" };
}

/** Ends the commitment at its earliest end, or at once after that. */
export function disableCommitment(present: CommitmentState, nowMs: number): CommitmentState {
  if (present.status !== "ENABLED") return present;
  return commitmentAt({ ...present, status: "ENABLED_UNTIL_EARLIEST_ALLOWED_END" }, nowMs);
}
