import type { StreamRecord } from "../records/stream-record.ts";
import type { ShardPage } from "./shard-source.ts";

/** Where reading ends: never, at a time in milliseconds since the epoch, or at what the stream holds when reading begins. */
export type StreamEnd =
  | { readonly kind: "never" }
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "present" };

export interface CutPage {
  readonly records: readonly StreamRecord[];
  /** The shard has been read to the end. */
  readonly hasEnded: boolean;
}

/**
 * Cuts the pages of one shard at the end.
 *
 * The present is a time of the server's clock, which the first page tells: the arrival of its last record and how far that is
 * behind. A shard ends there, or sooner, when nothing is left to read in it.
 */
export function endRule(end: StreamEnd): (page: ShardPage) => CutPage {
  if (end.kind === "never") return ({ records }) => ({ records, hasEnded: false });
  let presentMs: number | undefined;
  const isBefore = ({ arrivalMs }: StreamRecord): boolean =>
    end.kind === "time" ? arrivalMs < end.ms : arrivalMs <= (presentMs ?? arrivalMs);
  return ({ records, millisBehind }) => {
    const last = records.at(-1);
    if (last !== undefined) presentMs ??= last.arrivalMs + millisBehind;
    const isAtTip = millisBehind === 0 && (end.kind === "present" || Date.now() >= end.ms);
    const cutAt = records.findIndex((record) => !isBefore(record));
    if (cutAt < 0) return { records, hasEnded: isAtTip };
    return { records: records.slice(0, cutAt), hasEnded: true };
  };
}
