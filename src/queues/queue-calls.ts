import type { StreamRevision } from "../registry/stream-revision.ts";
import type { StreamQueue } from "../streams/stream.ts";

/** The queue that a call is about, as one revision of its stream's document has it. */
export interface QueueRef {
  readonly revision: StreamRevision;
  readonly queue: StreamQueue;
}

/** Which records of a queue a call is about: those that are still tried, or its dead letters. */
export type RecordKind = "live" | "dead";

export interface ReceiveRequest {
  readonly kind: RecordKind;
  /** 1 to 10. */
  readonly recordsMax: number;
  /** How long to wait until a record is visible. */
  readonly waitSeconds: number;
  /** How long the records are in flight; absent: as long as the queue says. */
  readonly visibilitySeconds?: number | undefined;
  /** Aborts when the caller is gone: then nothing is taken in flight. */
  readonly signal: AbortSignal;
}

/**
 * Why an entry of a call was refused:
 *
 * - `malformed`      no receipt handle of this queue
 * - `other_kind`     the handle of a dead letter in a call about live records, or the reverse
 * - `superseded`     the record was received again since, became a dead letter or was restored: another handle counts
 * - `not_in_flight`  the visibility of a record that is not in flight cannot be changed
 * - `throttled`      the disk or its budget is full; nothing changed
 * - `failed`         the storage failed; it may or may not have been acknowledged
 */
export type EntryRefusal = "malformed" | "other_kind" | "superseded" | "not_in_flight" | "throttled" | "failed";

/** By entry of the request; undefined where it succeeded. */
export type EntryOutcomes = readonly (EntryRefusal | undefined)[];

export interface VisibilityEntry {
  readonly receiptHandle: string;
  /** Counted from now; 0 makes the record visible at once. */
  readonly visibilitySeconds: number;
}

/** Figures of a queue whose state is in memory. The counters begin with the server. */
export interface QueueFigures {
  readonly receivedCount: number;
  readonly acknowledgedCount: number;
  readonly emptyReceiveCount: number;
  /** Records that a receive could return now; undefined where the engine's positions do not tell how many there are. */
  readonly visibleCount: number | undefined;
  readonly inFlightCount: number;
  readonly visibleDeadLetterCount: number;
  readonly inFlightDeadLetterCount: number;
}
