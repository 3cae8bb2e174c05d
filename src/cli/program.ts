import { Command, CommanderError, type HelpConfiguration } from "commander";
import { benchCommand } from "./commands/bench.ts";
import { callCommand } from "./commands/call.ts";
import { checkClusterCommand } from "./commands/check-cluster.ts";
import { completeCommand, completionCommand } from "./commands/completion.ts";
import { copyCommand } from "./commands/copy.ts";
import { createCommand } from "./commands/create.ts";
import { helpColumns } from "./commands/define-command.ts";
import { describeCommand } from "./commands/describe.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { exportCommand } from "./commands/export.ts";
import { findCommand } from "./commands/find.ts";
import { healthCommand } from "./commands/health.ts";
import { importCommand } from "./commands/import.ts";
import { lsCommand } from "./commands/ls.ts";
import { putCommand } from "./commands/put.ts";
import { mergeCommand, resizeCommand, splitCommand } from "./commands/reshard.ts";
import { channelCommand } from "./commands/resources/channel.ts";
import { queueCommand } from "./commands/resources/queue.ts";
import { rmCommand } from "./commands/rm.ts";
import { shardsCommand } from "./commands/shards.ts";
import { tailCommand } from "./commands/tail.ts";
import { exitCodes } from "./output/command-error.ts";
import { serverCommands } from "./server-commands.ts";

/** The commands by topic, in the order of the help. */
const groups: Readonly<Record<string, () => readonly Command[]>> = {
  "Streams:": () => [
    lsCommand(),
    createCommand(),
    describeCommand(),
    shardsCommand(),
    findCommand(),
    splitCommand(),
    mergeCommand(),
    resizeCommand(),
    rmCommand(),
  ],
  "Records:": () => [tailCommand(), putCommand(), exportCommand(), importCommand()],
  "Queues and channels:": () => [queueCommand(), channelCommand()],
  "Checks:": () => [healthCommand(), doctorCommand(), checkClusterCommand(), benchCommand()],
  "More:": () => [callCommand(), completionCommand(), completeCommand()],
  "Server and data directory:": () => [...serverCommands(), copyCommand()],
};

/** What the scripts of completion call. */
const hiddenCommand = "complete";

const environmentHelp = `
Without --endpoint, MILLRACE_ENDPOINT, AWS_ENDPOINT_URL_KINESIS and
AWS_ENDPOINT_URL, commands call a Millrace on this machine,
http://127.0.0.1:4567. Only "--endpoint aws" calls Amazon Kinesis. Credentials
and region come from the environment and the profiles of the AWS tools.

Exit codes: 0 done; 1 done in part, or the answer is no; 2 not possible, and the
message says why; 3 internal error. serve ends with 1 after an internal error,
and with 3 when its log cannot be written.`;

/** Arguments in capitals, as in the other documents: `--from START`, `put STREAM [DATA...]`. */
const helpStyle: HelpConfiguration = {
  helpWidth: helpColumns,
  minWidthToWrap: 30,
  optionTerm: ({ flags }) => capitalized(flags),
  argumentTerm: (argument) => capitalized(`<${argument.name()}>`),
  subcommandTerm: (command) => command.name(),
  commandUsage: (command) => {
    const rest = command.commands.length > 0 ? "COMMAND [OPTIONS]" : command.usage().replace(/\[options\] ?/, "");
    const options = command.commands.length > 0 ? [] : ["[OPTIONS]"];
    return [...pathOf(command), capitalized(rest), ...options].filter((word) => word !== "").join(" ");
  },
};

/** `millrace queue create`, word by word. */
function pathOf(command: Command): readonly string[] {
  return [...(command.parent === null ? [] : pathOf(command.parent)), command.name()];
}

function capitalized(terms: string): string {
  return terms
    .replaceAll(/<([a-z-]+)(\.{3})?>/g, (_, name: string, dots = "") => `${name.toUpperCase()}${dots}`)
    .replaceAll(/\[([a-z-]+)(\.{3})?\]/g, (_, name: string, dots = "") => `[${name.toUpperCase()}${dots}]`)
    .replaceAll(/[<>]/g, "");
}

/** The whole tree of commands; nothing that they need is loaded. */
export function createProgram(): Command {
  const program = new Command("millrace")
    .description(
      "A self-hosted server that speaks the Amazon Kinesis Data Streams API, and\nthe tools for it and for Kinesis.",
    )
    .helpCommand("help [command]", "show the help of a command")
    .option("--version", "print the version")
    .helpOption("-h, --help", "show this help")
    .addHelpText("after", environmentHelp);
  for (const [group, commands] of Object.entries(groups)) {
    program.commandsGroup(group);
    for (const command of commands()) program.addCommand(command, { hidden: command.name() === hiddenCommand });
  }
  for (const command of allCommands(program)) {
    command
      .configureHelp(helpStyle)
      .showSuggestionAfterError()
      .showHelpAfterError(`(${pathOf(command).join(" ")} --help shows how to use it.)`)
      .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "millrace: ")) })
      .exitOverride();
  }
  return program;
}

/** The command, its subcommands, and theirs. */
export function allCommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

/** What `--help` prints, examples included. */
export function helpOf(command: Command): string {
  let help = "";
  command.configureOutput({
    writeOut: (text) => {
      help += text;
    },
  });
  command.outputHelp();
  return help;
}

/** Resolves with the exit code when the command has ended. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync([...argv], { from: "user" });
    return Number(process.exitCode ?? exitCodes.done);
  } catch (error) {
    // Commander has printed what was wrong, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.notPossible;
    throw error;
  }
}
