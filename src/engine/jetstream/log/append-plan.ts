import type { PublishOutcome } from "../api/publish.ts";

/** How long an append is held while the servers have no leader; their elections take up to 9 s. */
const holdMsMax = 12_000;
const contentionPauseMsMax = 5;
const leaderlessPauseMsMax = 250;
/** As often in a row a stripe may be contended before the lane moves to the next one. */
const contentionsPerStripeMax = 3;

export interface AppendAttempts {
  /** Attempts so far that ended in the same kind of outcome. */
  readonly sameKindCount: number;
  /** Whether any attempt had no answer, so that it may be stored. */
  readonly maybeStored: boolean;
  readonly elapsedMs: number;
}

/**
 * What to do about an append after an attempt:
 *
 * - `done`      tell the callers
 * - `look`      the fence has another message than the one that was named: see which one; `examines`: first look up whether an
 *               attempt without an answer was stored before it
 * - `repeat`    after a pause, with the same id, on another stripe if `changesStripe`
 * - `find`      find out whether the log group exists, then repeat
 * - `give-up`   the time to hold is over
 */
export type AppendStep =
  | { readonly kind: "done"; readonly sequence: number }
  | { readonly kind: "look"; readonly examines: boolean }
  | { readonly kind: "repeat"; readonly pauseMs: number; readonly changesStripe: boolean }
  | { readonly kind: "find"; readonly pauseMs: number }
  | { readonly kind: "give-up"; readonly as: "unavailable" | "indeterminate"; readonly reason: string };

/** `random`: 0 to 1, spreads writers that contend for a stripe. */
export function nextAppendStep(outcome: PublishOutcome, attempts: AppendAttempts, random: number): AppendStep {
  if (attempts.elapsedMs >= holdMsMax && outcome.kind !== "stored" && outcome.kind !== "refused") {
    const as = attempts.maybeStored ? "indeterminate" : "unavailable";
    return { kind: "give-up", as, reason: reasonOf(outcome) };
  }
  switch (outcome.kind) {
    case "stored":
      return { kind: "done", sequence: outcome.sequence };
    case "refused":
      // Servers with one replica look at the fence before the id, so a refusal does not tell of earlier attempts.
      return { kind: "look", examines: attempts.maybeStored };
    case "contended":
      return {
        kind: "repeat",
        pauseMs: 1 + random * (contentionPauseMsMax - 1),
        // The message that a search ends at must be that of every attempt which may be stored.
        changesStripe: !attempts.maybeStored && attempts.sameKindCount % contentionsPerStripeMax === 0,
      };
    case "unserved":
      return { kind: "find", pauseMs: pauseMs(attempts) };
    case "failed":
      return { kind: "repeat", pauseMs: pauseMs(attempts), changesStripe: false };
    case "unknown":
      return { kind: "repeat", pauseMs: 0, changesStripe: false };
  }
}

function pauseMs({ sameKindCount }: AppendAttempts): number {
  return Math.min(leaderlessPauseMsMax, 25 * 2 ** Math.min(sameKindCount, 8));
}

function reasonOf(outcome: PublishOutcome): string {
  if (outcome.kind === "failed") return `the servers refuse it: ${outcome.reason}`;
  if (outcome.kind === "unserved") return "the log group has no leader";
  if (outcome.kind === "contended") return "other gateways write to the shard all the time";
  return "the servers do not answer";
}
