import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { backUpData, type DirectoryCopy, restoreData } from "../app/data-directory-tools.ts";
import { configDefaults } from "../config/config.ts";
import type { Environment } from "../config/config-sources.ts";
import { describeStartFailure } from "./start-failure.ts";

interface CopyCommand {
  readonly usage: string;
  /** Absolute paths: the command's argument, and --data-dir. */
  readonly copy: (argument: string, dataDirectory: string) => Promise<DirectoryCopy>;
  /** The first words of the line about a copy without damage, and of one with. */
  readonly done: string;
  readonly doneWithDamage: string;
}

/** Resolves with the exit code: 0 made, 1 damage (made only if a server would open it), 2 not possible, 3 internal error. */
export function backup(argv: readonly string[], environment: Environment): Promise<number> {
  const command: CopyCommand = {
    usage: "usage: millrace backup TARGET [--data-dir DIR], with one TARGET that is empty or absent",
    copy: (target, dataDirectory) => backUpData(dataDirectory, target),
    done: "backed up",
    doneWithDamage: "backed up, but the data directory is damaged",
  };
  return runCopy(command, argv, environment);
}

/** Resolves with the exit code: 0 restored, 1 the backup is damaged, 2 not possible, 3 internal error. */
export function restore(argv: readonly string[], environment: Environment): Promise<number> {
  const command: CopyCommand = {
    usage: "usage: millrace restore BACKUP [--data-dir DIR], with one BACKUP and a DIR that is empty or absent",
    copy: (source, dataDirectory) => restoreData(source, dataDirectory),
    done: "restored",
    doneWithDamage: "nothing was restored, because the backup is damaged",
  };
  return runCopy(command, argv, environment);
}

async function runCopy(command: CopyCommand, argv: readonly string[], environment: Environment): Promise<number> {
  const given = readArguments(argv);
  if (given === undefined) {
    process.stderr.write(`millrace: ${command.usage}\n`);
    return 2;
  }
  const named = given.dataDirectory ?? environment["MILLRACE_DATA_DIR"];
  const directory = resolve(named === undefined || named === "" ? configDefaults.dataDirectory : named);
  try {
    const { problems, ...figures } = await command.copy(resolve(given.argument), directory);
    for (const problem of problems) process.stdout.write(`${problem}\n`);
    const pairs = Object.entries(figures).map(([name, figure]) => `${name} ${figure}`);
    const outcome = problems.length === 0 ? command.done : command.doneWithDamage;
    process.stdout.write(`${outcome}: ${pairs.join(", ")}\n`);
    return problems.length === 0 ? 0 : 1;
  } catch (error) {
    const { text, exitCode } = describeStartFailure(error);
    process.stderr.write(`millrace: ${text}\n`);
    // The only EngineError of copying is that of damage.
    if (error instanceof Error && error.name === "EngineError") return 1;
    return exitCode === 2 ? 2 : 3;
  }
}

/** Undefined: not one argument and --data-dir. */
function readArguments(
  argv: readonly string[],
): { readonly argument: string; readonly dataDirectory: string | undefined } | undefined {
  try {
    const options = { "data-dir": { type: "string" } } as const;
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    const [argument, ...rest] = positionals;
    const isWrong = argument === undefined || argument === "" || rest.length > 0 || values["data-dir"] === "";
    return isWrong ? undefined : { argument, dataDirectory: values["data-dir"] };
  } catch {
    return undefined;
  }
}
