import { inspectData } from "../app/data-directory-tools.ts";
import { readDataDirectoryArguments } from "./data-directory-arguments.ts";
import { describeStartFailure } from "./start-failure.ts";

/** Prints JSON. Resolves with the exit code: 0 printed, 1 our fault, 2 it cannot be looked at. */
export async function inspect(argv: readonly string[]): Promise<number> {
  const { directory, keys, problems } = readDataDirectoryArguments("inspect", argv, process.env);
  if (problems !== undefined) {
    for (const problem of problems) process.stderr.write(`millrace: ${problem}\n`);
    return 2;
  }
  try {
    const text = JSON.stringify(await inspectData(directory, keys), undefined, 2);
    // Whoever reads may take its time: the process must not end before all is written.
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
