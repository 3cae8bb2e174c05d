import { verifyData } from "../app/data-directory-tools.ts";
import { keyHint, readDataDirectoryArguments } from "./data-directory-arguments.ts";
import { describeStartFailure } from "./start-failure.ts";

/** Resolves with the exit code: 0 all is as it was written, 1 something is not, 2 it cannot be looked at, 3 our fault. */
export async function verify(argv: readonly string[]): Promise<number> {
  const { directory, keys, problems: mistakes } = readDataDirectoryArguments("verify", argv, process.env);
  if (mistakes !== undefined) {
    for (const mistake of mistakes) process.stderr.write(`millrace: ${mistake}\n`);
    return 2;
  }
  try {
    const { problems, counts, isOpened } = await verifyData(directory, keys);
    for (const problem of problems) process.stdout.write(`${problem}\n`);
    if (!isOpened) {
      const sentence = `The contents are encrypted and only their checksums were looked at; they open with ${keyHint}.`;
      process.stdout.write(`${sentence}\n`);
    }
    const looked = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
    process.stdout.write(`${problems.length === 0 ? "whole" : `${problems.length} problems`}: ${looked.join(", ")}\n`);
    return problems.length === 0 ? 0 : 1;
  } catch (error) {
    const { text, exitCode } = describeStartFailure(error);
    process.stderr.write(`millrace: ${text}\n`);
    return exitCode === 2 ? 2 : 3;
  }
}
