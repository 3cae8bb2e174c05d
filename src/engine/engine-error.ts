/**
 * The kinds of errors of an engine, by what they mean for the caller:
 *
 * - `unavailable`    nothing was stored; may be tried again
 * - `indeterminate`  it is not known whether it was stored
 * - `not_found`      the engine has no such shard or stream
 * - `too_large`      the entry or document is over the engine's limit
 * - `throttled`      a budget (memory, disk, queue) is full; nothing was stored
 * - `corrupt`        stored bytes are damaged or missing; no other bytes are returned in their place
 * - `conflict`       a compare-and-swap found another revision
 * - `closed`         the engine is not open yet or closed
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

/** An error of disk, memory or network. The message says what happened to the data and may reach clients and operators. */
export class EngineError extends Error {
  readonly kind: EngineErrorKind;

  constructor(kind: EngineErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EngineError";
    this.kind = kind;
  }
}
