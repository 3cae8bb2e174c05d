import { EngineError } from "../engine-error.ts";

/** Stored bytes that are not as they were written; `what` completes the sentence. */
export function damaged(what: string, options?: ErrorOptions): EngineError {
  return new EngineError("corrupt", `The log is damaged: ${what}.`, options);
}
