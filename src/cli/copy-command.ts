import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { DirectoryCopy } from "../app/data-directory-tools.ts";
import { configDefaults } from "../config/config.ts";
import { describeStartFailure } from "./start-failure.ts";

export interface CopyCommand {
  readonly name: string;
  /** What its one argument is, for people. */
  readonly wants: string;
  /** `place` is the argument; absolute paths. */
  readonly copy: (place: string, dataDirectory: string) => Promise<DirectoryCopy>;
  /** The first word of the line about a copy without problems, and of one with. */
  readonly done: string;
  readonly doneWithProblems: string;
}

/** Resolves with the exit code: 0 done, 1 there is damage, which is printed, 2 it cannot be done, 3 our fault. */
export async function runCopy(
  command: CopyCommand,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const { place, dataDirectory, problem } = readArguments(command, argv);
  if (problem !== undefined) {
    process.stderr.write(`millrace: ${problem}\n`);
    return 2;
  }
  const named = dataDirectory ?? environment["MILLRACE_DATA_DIR"];
  const directory = resolve(named === undefined || named === "" ? configDefaults.dataDirectory : named);
  try {
    const { problems, ...figures } = await command.copy(resolve(place), directory);
    for (const one of problems) process.stdout.write(`${one}\n`);
    const what = Object.entries(figures).map(([name, figure]) => `${name} ${figure}`);
    const outcome = problems.length === 0 ? command.done : command.doneWithProblems;
    process.stdout.write(`${outcome}: ${what.join(", ")}\n`);
    return problems.length === 0 ? 0 : 1;
  } catch (error) {
    const { text, exitCode } = describeStartFailure(error);
    process.stderr.write(`millrace: ${text}\n`);
    // Of all that engines throw only damage comes from copying.
    if (error instanceof Error && error.name === "EngineError") return 1;
    return exitCode === 2 ? 2 : 3;
  }
}

type Arguments =
  | { readonly place: string; readonly dataDirectory: string | undefined; readonly problem?: undefined }
  | { readonly place?: undefined; readonly dataDirectory?: undefined; readonly problem: string };

function readArguments({ name, wants }: CopyCommand, argv: readonly string[]): Arguments {
  const sentence = `${name} takes one ${wants} and --data-dir DIR`;
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { "data-dir": { type: "string" } },
      allowPositionals: true,
    });
    const [place, ...rest] = positionals;
    const isWrong = place === undefined || place === "" || rest.length > 0 || values["data-dir"] === "";
    return isWrong ? { problem: sentence } : { place, dataDirectory: values["data-dir"] };
  } catch {
    return { problem: sentence };
  }
}
