#!/usr/bin/env node
import { flagsHelp } from "../config/flags.ts";
import { packageVersion } from "./package-version.ts";
import { applyRuntimeFlags } from "./runtime-flags.ts";

applyRuntimeFlags(process.env);

const help = `Millrace: a self-hosted server that speaks the Amazon Kinesis Data Streams API.

Usage: millrace serve [options]
       millrace verify DIR    look at every byte of a data directory; exit code 0: whole, 1: not
       millrace inspect DIR   print what a data directory holds, as JSON
       Both open an encrypted directory with --key-provider, --keyring, --kms-endpoint, --kms-region, or their variables.
       millrace backup TARGET [--data-dir DIR]    copy everything acknowledged so far to TARGET, while a server runs or not
       millrace restore BACKUP [--data-dir DIR]   look at every byte of a backup and make a data directory of it

TARGET and restore's DIR are empty or do not exist yet; both are data directories afterwards. Exit codes of both: 0: done,
1: damage was found (a backup is made all the same if a server would still open it; nothing is restored), 2: not possible.

Options of serve; each is also an environment variable (--data-dir: MILLRACE_DATA_DIR) and a key of the file that --config names:
${flagsHelp()}
  --help     print this
  --version  print the version
`;

/** Resolves with the exit code once the command is done. */
async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  if (argv.includes("--help") || argv.includes("-h") || command === "help") {
    process.stdout.write(help);
    return 0;
  }
  if (argv.includes("--version")) {
    process.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  if (command === "verify") {
    const { verify } = await import("./verify.ts");
    return verify(rest);
  }
  if (command === "inspect") {
    const { inspect } = await import("./inspect.ts");
    return inspect(rest);
  }
  if (command === "backup") {
    const { backup } = await import("./backup.ts");
    return backup(rest, process.env);
  }
  if (command === "restore") {
    const { restore } = await import("./restore.ts");
    return restore(rest, process.env);
  }
  if (command !== "serve") {
    const problem = command === undefined ? "say what to do" : `there is no command ${JSON.stringify(command)}`;
    process.stderr.write(`millrace: ${problem}; try "millrace serve" or "millrace --help"\n`);
    return 2;
  }
  const { serve } = await import("./serve.ts");
  return serve(rest);
}

process.exit(await main(process.argv.slice(2)));
