/**
 * What may go wrong in an engine, by what the caller must think of it:
 *
 * - `unavailable`    surely not stored; may be tried again
 * - `indeterminate`  may or may not be stored
 * - `not_found`      the shard or stream is unknown to the engine
 * - `too_large`      the entry or document is over the engine's limit
 * - `throttled`      a budget (memory, disk, queue) is full; nothing was stored
 * - `corrupt`        stored bytes are damaged or missing; never answered with other bytes instead
 * - `conflict`       a compare-and-swap met another revision
 * - `closed`         the engine is closed or not yet open
 */
export type EngineErrorKind =
  | "unavailable"
  | "indeterminate"
  | "not_found"
  | "too_large"
  | "throttled"
  | "corrupt"
  | "conflict"
  | "closed";

/** The world's error: disk, memory or network. Never the caller's fault, never ours. */
export class EngineError extends Error {
  readonly kind: EngineErrorKind;

  constructor(kind: EngineErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EngineError";
    this.kind = kind;
  }
}
