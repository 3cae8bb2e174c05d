import { EngineError } from "../../engine-error.ts";

/** What `look` resolves to; undefined, and one sentence more in `problems`, if it rejects with `corrupt`. */
export async function collectDamage<Result>(
  problems: string[],
  look: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof EngineError) || error.kind !== "corrupt") throw error;
    problems.push(error.message);
    return undefined;
  }
}
