import { inspectData } from "../app/data-directory-tools.ts";
import type { Environment } from "../config/config-sources.ts";
import { readDataDirectoryArguments } from "./data-directory-arguments.ts";
import { describeStartFailure } from "./start-failure.ts";

/** Prints JSON. Resolves with the exit code: 0 printed, 1 internal error, 2 not possible. */
export async function inspect(argv: readonly string[], environment: Environment): Promise<number> {
  const { directory, keys, problems } = readDataDirectoryArguments("inspect", argv, environment);
  if (problems !== undefined) {
    for (const problem of problems) process.stderr.write(`millrace: ${problem}\n`);
    return 2;
  }
  try {
    const text = JSON.stringify(await inspectData(directory, keys), undefined, 2);
    // The process must not end before a slow reader has all of it.
    await new Promise<void>((resolved) => {
      process.stdout.write(`${text}\n`, () => resolved());
    });
    return 0;
  } catch (error) {
    const { text, exitCode } = describeStartFailure(error);
    process.stderr.write(`millrace: ${text}\n`);
    return exitCode;
  }
}
