import { EngineError } from "../../engine-error.ts";
import { errorCode } from "./disk.ts";

/** The error for stored bytes that are missing or not as written; `what` says which. */
export function damaged(what: string, options?: ErrorOptions): EngineError {
  return new EngineError("corrupt", `The log is damaged: ${what}.`, options);
}

/** Runs `use`; a file that it does not find is damage. */
export async function damagedIfAbsent<Result>(path: string, use: () => Promise<Result>): Promise<Result> {
  try {
    return await use();
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    throw damaged(`${path} is missing`, { cause: error });
  }
}
