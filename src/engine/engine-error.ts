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

/** Whether a compare-and-swap found another revision. */
export function isConflict(error: unknown): boolean {
  return error instanceof EngineError && error.kind === "conflict";
}

/** Entries of one append whose shards failed, each by itself, while others were stored or met a seal. */
export class PartialAppendError extends EngineError {
  /** By entry, as `appendBatch()` resolves; 0n too for entries that failed. */
  readonly positions: BigUint64Array;
  /** By the number of the entry. */
  readonly failures: ReadonlyMap<number, EngineError>;

  constructor(kind: EngineErrorKind, positions: BigUint64Array, failures: ReadonlyMap<number, EngineError>) {
    const [first] = failures.values();
    super(kind, `Some of the records were stored, others not: ${first?.message}`, { cause: first });
    this.name = "PartialAppendError";
    this.positions = positions;
    this.failures = failures;
  }
}
