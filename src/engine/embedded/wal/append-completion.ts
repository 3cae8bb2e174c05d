import { EngineError } from "../../engine-error.ts";
import type { PendingWrite } from "./group-commit.ts";

/** The entries of one request that are not durable yet, perhaps in several commit groups. */
export class AppendCompletion implements PendingWrite {
  #expected = 0;
  #storedCount = 0;
  #failure: EngineError | undefined;
  #resolve: (() => void) | undefined;
  #reject: ((failure: EngineError) => void) | undefined;

  /** Call it before each frame is submitted. */
  expect(): void {
    this.#expected += 1;
  }

  complete(failure: EngineError | undefined): void {
    this.#expected -= 1;
    if (failure === undefined) this.#storedCount += 1;
    else if (this.#failure?.kind !== "indeterminate") this.#failure = failure;
    if (this.#expected === 0) this.#finish();
  }

  /** Resolves when all frames are durable. Rejects with `unavailable` only if none of them was stored. */
  completed(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (this.#expected === 0) this.#finish();
    });
  }

  #finish(): void {
    const failure = this.#failure;
    if (failure === undefined) this.#resolve?.();
    else if (this.#storedCount === 0) this.#reject?.(failure);
    else this.#reject?.(new EngineError("indeterminate", failure.message, { cause: failure }));
  }
}
