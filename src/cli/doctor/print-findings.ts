import { exitCodes } from "../output/command-error.ts";
import { type OutputFormat, printRows } from "../output/print-rows.ts";
import { writeOut } from "../output/stdout.ts";
import type { Finding } from "./finding.ts";

/** A line for each finding, and one for what to do about it; or JSON. Resolves with the exit code. */
export async function printFindings(findings: readonly Finding[], format: OutputFormat): Promise<number> {
  if (format === "text") await writeOut(findings.map(lineOf).join(""));
  else
    await printRows(
      findings.map((finding) => ({ ...finding })),
      [],
      format,
    );
  return findings.some(({ state }) => state === "fail") ? exitCodes.partly : exitCodes.done;
}

function lineOf({ check, state, found, advice }: Finding): string {
  return `${state.padEnd(4)}  ${check}: ${found}\n${advice === "" ? "" : `      -> ${advice}\n`}`;
}
