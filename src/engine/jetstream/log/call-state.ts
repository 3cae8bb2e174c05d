import { EngineError } from "../../engine-error.ts";

/** One append call whose entries go to several shards, each stored or refused by itself. */
export class CallState {
  readonly settled: Promise<BigUint64Array>;
  readonly #positions: BigUint64Array;
  readonly #resolvers = Promise.withResolvers<BigUint64Array>();
  #leftCount: number;
  #storedCount = 0;
  #error: EngineError | undefined;

  constructor(count: number) {
    this.#positions = new BigUint64Array(count);
    this.#leftCount = count;
    this.settled = this.#resolvers.promise;
    if (count === 0) this.#resolvers.resolve(this.#positions);
  }

  /** 0n: the log of the row is sealed. */
  resolve(row: number, position: bigint): void {
    this.#positions[row] = position;
    if (position !== 0n) this.#storedCount += 1;
    this.#end();
  }

  reject(error: EngineError): void {
    this.#error ??= error;
    this.#end();
  }

  #end(): void {
    this.#leftCount -= 1;
    if (this.#leftCount > 0) return;
    if (this.#error === undefined) this.#resolvers.resolve(this.#positions);
    else this.#resolvers.reject(this.#storedCount === 0 ? this.#error : partly(this.#error));
  }
}

/** Other entries of the call are stored, so the call as a whole did not fail to store. */
function partly(error: EngineError): EngineError {
  if (error.kind === "not_found" || error.kind === "corrupt") return error;
  return new EngineError("indeterminate", `Some of the records were stored, others not: ${error.message}`, {
    cause: error,
  });
}
