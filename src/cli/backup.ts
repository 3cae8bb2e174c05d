import { backUpData } from "../app/data-directory-tools.ts";
import { runCopy } from "./copy-command.ts";

/** Resolves with the exit code: 0 made, 1 there is damage, and it is made only if a server would open it, 2 it cannot be made, 3 our fault. */
export function backup(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const command = {
    name: "backup",
    wants: "directory to make",
    copy: (target: string, dataDirectory: string) => backUpData(dataDirectory, target),
    done: "backed up",
    doneWithProblems: "backed up with problems",
  };
  return runCopy(command, argv, environment);
}
