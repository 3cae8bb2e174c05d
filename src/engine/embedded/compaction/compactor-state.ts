/**
 * What the compactor remembers between steps: which requests are open, what it has seen, and until when it pauses. Each
 * function returns the state after one event; none has an effect.
 */
import type { Step } from "./next-step.ts";

/** After a failed step, and between two requests for disk space that count. */
const pauseMs = 1_000;

export interface CompactorState {
  /** Expired data is looked for at the next decision. */
  readonly isExpiryDue: boolean;
  /** `deadBytes` of the segments when expired data was last looked for. */
  readonly expiryDeadBytes: number;
  /** The disk budget is used up. */
  readonly wantsDiskSpace: boolean;
  /** On the monotonic clock. */
  readonly diskSpaceRequestedMs: number;
  /** The WAL has reached its bound. */
  readonly wantsWalSpace: boolean;
  /** The open request has had its group; a second one would not help. */
  readonly hasWrittenNoop: boolean;
  /** No run begins before this moment, on the monotonic clock. */
  readonly pausedUntilMs: number;
  /** The generation and the covered LSN when there was last nothing to do; -1 before that. */
  readonly idleGeneration: number;
  readonly idleCoveredLsn: number;
}

/** At the start everything is looked at once. */
export const initialCompactorState: CompactorState = {
  isExpiryDue: true,
  expiryDeadBytes: 0,
  wantsDiskSpace: false,
  diskSpaceRequestedMs: Number.NEGATIVE_INFINITY,
  wantsWalSpace: false,
  hasWrittenNoop: false,
  pausedUntilMs: 0,
  idleGeneration: -1,
  idleCoveredLsn: -1,
};

/** What grows while the engine works; any difference may mean a step. */
export interface GrowthCounters {
  /** The generation of the WAL file that is written to. */
  readonly generation: number;
  /** Both snapshot files hold all groups up to this one. */
  readonly coveredLsn: number;
  /** Bytes of extents that ceased to count since the start. */
  readonly deadBytes: number;
}

/** Whether there may be a step now. */
export function isRunDue(state: CompactorState, counters: GrowthCounters, monotonicMs: number): boolean {
  if (monotonicMs < state.pausedUntilMs) return false;
  if (state.isExpiryDue || state.wantsWalSpace || counters.deadBytes !== state.expiryDeadBytes) return true;
  return counters.generation !== state.idleGeneration || counters.coveredLsn !== state.idleCoveredLsn;
}

/** A request less than a second after the last one changes nothing: every refused append makes one. */
export function afterDiskSpaceRequest(state: CompactorState, monotonicMs: number): CompactorState {
  if (monotonicMs < state.diskSpaceRequestedMs + pauseMs) return state;
  return {
    ...state,
    wantsDiskSpace: true,
    diskSpaceRequestedMs: monotonicMs,
    hasWrittenNoop: false,
    isExpiryDue: true,
  };
}

export function afterWalSpaceRequest(state: CompactorState): CompactorState {
  return { ...state, wantsWalSpace: true, hasWrittenNoop: false };
}

/** A step is about to be performed: it has used up the requests that led to it. */
export function afterStepChosen(state: CompactorState, step: Step, deadBytes: number): CompactorState {
  // Comes before every other rule, so none of them has looked at anything yet.
  if (step.kind === "rewriteManifest") return state;
  // Segments are compacted only when nothing in the WAL can give back space.
  const hasLeftWal = step.kind === "compact" || step.kind === "wait";
  return {
    ...state,
    isExpiryDue: false,
    expiryDeadBytes: deadBytes,
    wantsDiskSpace: state.wantsDiskSpace && !hasLeftWal,
    hasWrittenNoop: state.hasWrittenNoop || step.kind === "writeNoopGroup",
  };
}

/** Expired data is looked for after each flush, so that it is found in time while the WAL grows. */
export function afterStep(state: CompactorState, step: Step): CompactorState {
  return step.kind === "flush" ? { ...state, isExpiryDue: true } : state;
}

/** Pauses, and then begins again from the first rule. */
export function afterStepFailure(state: CompactorState, monotonicMs: number): CompactorState {
  return { ...state, isExpiryDue: true, pausedUntilMs: monotonicMs + pauseMs };
}

/** There is nothing to do until something grows. */
export function afterIdle(state: CompactorState, { generation, coveredLsn }: GrowthCounters): CompactorState {
  return { ...state, wantsWalSpace: false, idleGeneration: generation, idleCoveredLsn: coveredLsn };
}
