import { resolve } from "node:path";
import { verifyData } from "../data-tools.ts";
import { describeStartFailure } from "./start-failure.ts";

/** Resolves with the exit code: 0 all is as it was written, 1 something is not, 2 it cannot be looked at, 3 our fault. */
export async function verify(argv: readonly string[]): Promise<number> {
  const [directory, ...rest] = argv;
  if (directory === undefined || rest.length > 0) {
    process.stderr.write("millrace: verify takes one data directory\n");
    return 2;
  }
  try {
    const { problems, counts } = await verifyData(resolve(directory));
    for (const problem of problems) process.stdout.write(`${problem}\n`);
    const looked = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
    process.stdout.write(`${problems.length === 0 ? "whole" : `${problems.length} problems`}: ${looked.join(", ")}\n`);
    return problems.length === 0 ? 0 : 1;
  } catch (error) {
    const { text, exitCode } = describeStartFailure(error);
    process.stderr.write(`millrace: ${text}\n`);
    return exitCode === 2 ? 2 : 3;
  }
}
