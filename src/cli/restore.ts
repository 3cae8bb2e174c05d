import { restoreData } from "../app/data-directory-tools.ts";
import { runCopy } from "./copy-command.ts";

/** Resolves with the exit code: 0 restored, 1 the backup is damaged, 2 it cannot be, 3 our fault. */
export function restore(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const command = {
    name: "restore",
    wants: "backup",
    copy: (source: string, dataDirectory: string) => restoreData(source, dataDirectory),
    done: "restored",
    doneWithProblems: "not restored",
  };
  return runCopy(command, argv, environment);
}
