import { EngineError } from "../../engine-error.ts";
import { errorCode } from "./disk.ts";

/** Stored bytes that are not as they were written; `what` completes the sentence. */
export function damaged(what: string, options?: ErrorOptions): EngineError {
  return new EngineError("corrupt", `The log is damaged: ${what}.`, options);
}

/** What `use` gives, where a file that is not there is damage. */
export async function missingIfAbsent<Result>(path: string, use: () => Promise<Result>): Promise<Result> {
  try {
    return await use();
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    throw damaged(`${path} is missing`, { cause: error });
  }
}
