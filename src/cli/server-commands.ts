import type { Command } from "commander";
import { addFlagOptions, type CommandText, defineCommand } from "./commands/define-command.ts";

/** Options of the commands that may open an encrypted data directory; flags of `serve` too. */
const keyFlags: readonly string[] = ["key-provider", "keyring", "kms-endpoint", "kms-region"];

const texts = {
  serve: {
    name: "serve",
    summary: "run the server",
    description:
      "Runs the server until SIGTERM or Ctrl-C. Each option is also an environment variable (--data-dir: MILLRACE_DATA_DIR) " +
      "and a key in the file of --config.",
    examples: [
      "millrace serve",
      "millrace serve --port 5000 --stream orders:4 --stream clicks:1",
      "millrace serve --engine memory --limits aws",
    ],
  },
  verify: {
    name: "verify <dir>",
    summary: "check every byte of a data directory",
    description:
      "Checks every byte of a data directory that no server has open. Exit codes: 0 no damage, 1 damage, 2 not possible, " +
      "3 internal error.",
    arguments: { dir: "the data directory" },
    examples: ["millrace verify ./millrace-data"],
  },
  inspect: {
    name: "inspect <dir>",
    summary: "print the contents of a data directory as JSON",
    description:
      "Prints the contents of a data directory as JSON. Exit codes: 0 printed, 1 internal error, 2 not possible.",
    arguments: { dir: "the data directory" },
    examples: ["millrace inspect ./millrace-data | jq .logs"],
  },
  backup: {
    name: "backup <target>",
    summary: "copy a data directory, also while its server runs",
    description:
      "Copies a data directory, also while its server runs. A damaged directory is copied if a server would open it. " +
      "Exit codes: 0 done, 1 damage, 2 not possible, 3 internal error.",
    arguments: { target: "a directory that is empty or absent" },
    examples: ["millrace backup /backups/monday --data-dir ./millrace-data"],
  },
  restore: {
    name: "restore <backup>",
    summary: "check a backup and copy it to a new data directory",
    description:
      "Checks a backup, and copies it to a data directory that is empty or absent if there is no damage. " +
      "Exit codes: 0 done, 1 damage, 2 not possible, 3 internal error.",
    arguments: { backup: "a directory that backup has made" },
    examples: ["millrace restore /backups/monday --data-dir ./millrace-data"],
  },
} satisfies Readonly<Record<string, CommandText>>;

/** For the help: main.ts runs these commands, which read their arguments themselves. */
export function serverCommands(): readonly Command[] {
  const serve = addFlagOptions(defineCommand(texts.serve), () => true);
  const verify = addFlagOptions(defineCommand(texts.verify), (name) => keyFlags.includes(name));
  const inspect = addFlagOptions(defineCommand(texts.inspect), (name) => keyFlags.includes(name));
  const dataDir = "--data-dir <directory>";
  const backup = defineCommand(texts.backup).option(dataDir, "the data directory to copy (./millrace-data)");
  const restore = defineCommand(texts.restore).option(dataDir, "the data directory to make (./millrace-data)");
  return [serve, verify, inspect, backup, restore];
}
