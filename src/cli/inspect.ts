import { resolve } from "node:path";
import { inspectData } from "../data-tools.ts";
import { describeStartFailure } from "./start-failure.ts";

/** Prints JSON. Resolves with the exit code: 0 printed, 1 our fault, 2 it cannot be looked at. */
export async function inspect(argv: readonly string[]): Promise<number> {
  const [directory, ...rest] = argv;
  if (directory === undefined || rest.length > 0) {
    process.stderr.write("millrace: inspect takes one data directory\n");
    return 2;
  }
  try {
    const text = JSON.stringify(await inspectData(resolve(directory)), undefined, 2);
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
