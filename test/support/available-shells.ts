import { spawnSync } from "node:child_process";

/** Whether the machine has the shell; scripts/get-shells.mjs gets those that it can, and `npm test` runs it. */
export function hasShell(shell: string): boolean {
  return spawnSync(shell, ["-c", "exit"]).error === undefined;
}
