import { readFileSync } from "node:fs";
import type { Environment } from "../config/config-sources.ts";
import { flagsHelp } from "../config/flags.ts";
import { applyRuntimeFlags, restartWithStartFlags } from "./runtime-flags.ts";

if (process.argv[2] === "serve") restartWithStartFlags(process.env);
applyRuntimeFlags(process.env);

const help = `Millrace: a self-hosted server that speaks the Amazon Kinesis Data Streams API.

Usage: millrace serve [options]                           run the server
       millrace verify DIR [key options]                  check every byte of a data directory
       millrace inspect DIR [key options]                 print the contents of a data directory as JSON
       millrace backup TARGET [--data-dir DIR]            copy a data directory to TARGET, also while a server runs
       millrace restore BACKUP [--data-dir DIR]           check a backup and copy it to a new data directory

Exit codes of verify, backup and restore: 0: done, no damage; 1: damage found; 2: not possible; 3: internal error.
A damaged directory is backed up if a server would still open it; a damaged backup is not restored. TARGET, and DIR of
restore, must be empty or absent.
Key options, for an encrypted directory: --keyring FILE, or --key-provider kms with --kms-endpoint and --kms-region.

Options of serve; each is also an environment variable (--data-dir: MILLRACE_DATA_DIR) and a key in the file of --config:
${flagsHelp()}
  --help     print this
  --version  print the version
`;

type Command = (argv: readonly string[], environment: Environment) => Promise<number>;

/** Loads the code of a command only when it is run. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import("./serve.ts")).serve,
  verify: async () => (await import("./verify.ts")).verify,
  inspect: async () => (await import("./inspect.ts")).inspect,
  backup: async () => (await import("./backup-and-restore.ts")).backup,
  restore: async () => (await import("./backup-and-restore.ts")).restore,
};

/** Resolves with the exit code when the command has ended. */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (argv.includes("--help") || argv.includes("-h") || name === "help") {
    process.stdout.write(help);
    return 0;
  }
  if (argv.includes("--version")) {
    process.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  const load = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    const problem = name === undefined ? "no command given" : `unknown command ${JSON.stringify(name)}`;
    process.stderr.write(`millrace: ${problem}; try "millrace serve" or "millrace --help"\n`);
    return 2;
  }
  const command = await load();
  return command(rest, process.env);
}

/** From the package.json two folders up, which holds for src/, for dist/ and for the published package. */
function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}
