const dayMs = 24 * 3600 * 1000;

/**
 * MinimumThroughputBillingCommitment of one account and region (API reference, UpdateAccountSettings). It lasts a day at
 * least: disabled earlier, it stays in force until then and ends by itself.
 */
export interface CommitmentState {
  readonly status: "ENABLED" | "DISABLED" | "ENABLED_UNTIL_EARLIEST_ALLOWED_END";
  readonly startedMs?: number;
  readonly endedMs?: number;
  readonly earliestEndMs?: number;
}

export const noCommitment: CommitmentState = { status: "DISABLED" };

/** What a commitment written earlier has become. */
export function commitmentAt(written: CommitmentState, nowMs: number): CommitmentState {
  const { status, startedMs, earliestEndMs } = written;
  const hasEnded =
    status === "ENABLED_UNTIL_EARLIEST_ALLOWED_END" && earliestEndMs !== undefined && earliestEndMs <= nowMs;
  if (!hasEnded) return written;
  return { status: "DISABLED", ...(startedMs === undefined ? {} : { startedMs }), endedMs: earliestEndMs };
}

/** Enabling one that is about to end takes the end back; enabling twice changes nothing. */
export function enableCommitment(present: CommitmentState, nowMs: number): CommitmentState {
  if (present.status === "DISABLED") return { status: "ENABLED", startedMs: nowMs, earliestEndMs: nowMs + dayMs };
  return { ...present, status: "ENABLED" };
}

export function disableCommitment(present: CommitmentState, nowMs: number): CommitmentState {
  if (present.status !== "ENABLED") return present;
  return commitmentAt({ ...present, status: "ENABLED_UNTIL_EARLIEST_ALLOWED_END" }, nowMs);
}
