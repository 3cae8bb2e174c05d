import type { Environment } from "../config/config-sources.ts";
import { packageVersion } from "../config/package-version.ts";
import { applyRuntimeFlags } from "./runtime-flags.ts";
import { StopSignals } from "./stop-signals.ts";

applyRuntimeFlags(process.env);

type Command = (argv: readonly string[], environment: Environment) => Promise<number>;

/**
 * The commands of the server and its data directories read their arguments themselves, so that a start does not load the tree
 * of the other commands. Each loads its code only when it is run.
 */
const serverCommands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => {
    // Before the rest is loaded: as the first process of a container, this one gets no signal that it does not listen for.
    const signals = new StopSignals(process, () => process.exit(1));
    const { serve } = await import("./serve.ts");
    return (argv, environment) => serve(argv, environment, signals);
  },
  verify: async () => (await import("./verify.ts")).verify,
  inspect: async () => (await import("./inspect.ts")).inspect,
  backup: async () => (await import("./backup-and-restore.ts")).backup,
  restore: async () => (await import("./backup-and-restore.ts")).restore,
};

/** Resolves with the exit code when the command has ended. */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  const isHelp = argv.includes("--help") || argv.includes("-h");
  if (name === undefined) {
    process.stderr.write(`millrace: no command given; try "millrace serve" or "millrace --help"\n`);
    return 2;
  }
  if (name === "--version" || (Object.hasOwn(serverCommands, name) && rest.includes("--version"))) {
    process.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  const load = Object.hasOwn(serverCommands, name) && !isHelp ? serverCommands[name] : undefined;
  if (load !== undefined) return (await load())(rest, process.env);
  const { runProgram } = await import("./program.ts");
  return runProgram(argv);
}
