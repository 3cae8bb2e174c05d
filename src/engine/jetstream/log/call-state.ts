import { type EngineError, PartialAppendError } from "../../engine-error.ts";

/** One append call whose entries go to several shards, each stored or refused by itself. */
export class CallState {
  readonly settled: Promise<BigUint64Array>;
  readonly #positions: BigUint64Array;
  readonly #resolvers = Promise.withResolvers<BigUint64Array>();
  #leftCount: number;
  readonly #failures = new Map<number, EngineError>();

  constructor(count: number) {
    this.#positions = new BigUint64Array(count);
    this.#leftCount = count;
    this.settled = this.#resolvers.promise;
    if (count === 0) this.#resolvers.resolve(this.#positions);
  }

  /** 0n: the row is fenced. */
  resolve(row: number, position: bigint): void {
    this.#positions[row] = position;
    this.#end();
  }

  reject(row: number, error: EngineError): void {
    this.#failures.set(row, error);
    this.#end();
  }

  #end(): void {
    this.#leftCount -= 1;
    if (this.#leftCount > 0) return;
    const [first] = this.#failures.values();
    if (first === undefined) this.#resolvers.resolve(this.#positions);
    else this.#resolvers.reject(this.#isOneFailure(first) ? first : this.#partly(first));
  }

  /** Whether all entries failed in the same way. */
  #isOneFailure({ kind, message }: EngineError): boolean {
    const failures = [...this.#failures.values()];
    return (
      failures.length === this.#positions.length &&
      failures.every((failure) => failure.kind === kind && failure.message === message)
    );
  }

  /** When other entries are stored, the call as a whole did not fail to store. */
  #partly(first: EngineError): EngineError {
    const kinds = new Set([...this.#failures.values()].map(({ kind }) => kind));
    const isPartly = this.#positions.some((position) => position !== 0n);
    const known = (["not_found", "corrupt"] as const).find((kind) => kinds.has(kind));
    const kind = known ?? (isPartly || kinds.has("indeterminate") ? "indeterminate" : first.kind);
    return new PartialAppendError(kind, this.#positions, this.#failures);
  }
}
