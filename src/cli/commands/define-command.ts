import { Command, InvalidArgumentError, Option } from "commander";
import type { Environment } from "../../config/config-sources.ts";
import { type FlagName, flags } from "../../config/flags.ts";
import { type Connection, type ConnectionOptions, connect, defaultEndpoint, endpointOf } from "../client/connection.ts";
import { describeFailure } from "../client/describe-failure.ts";
import { outputFormats } from "../output/print-rows.ts";
import { note } from "../output/progress.ts";
import { endWithReader } from "../output/stdout.ts";

/** Columns of a help text. */
export const helpColumns = 80;

export interface CommandText {
  /** The name and its arguments: `put STREAM [DATA...]` as commander writes them, `put <stream> [data...]`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What the command's own help says first; the summary if absent. */
  readonly description?: string;
  /** Command lines that work, without a prompt. */
  readonly examples: readonly string[];
  /** What each argument is, by name. */
  readonly arguments?: Readonly<Record<string, string>>;
}

/** A command without options. Its help has the examples at the end. */
export function defineCommand({
  name,
  summary,
  description,
  examples,
  arguments: argumentTexts = {},
}: CommandText): Command {
  const [, word = "", rest = ""] = /^(\S+) ?(.*)$/.exec(name) ?? [];
  const command = new Command(word)
    .summary(summary)
    .description(description ?? `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
    .helpOption("-h, --help", "show this help");
  for (const argument of rest.split(" ").filter((each) => each !== "")) {
    command.argument(argument, argumentTexts[argument.replaceAll(/[<>[\].]/g, "")] ?? "");
  }
  return command.addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}\n`).join("")}`.trimEnd());
}

export function addConnectionOptions(command: Command): Command {
  return command
    .optionsGroup("Connection:")
    .option(
      "-e, --endpoint <url>",
      `the server, or "aws" for Amazon Kinesis (env: MILLRACE_ENDPOINT; ${defaultEndpoint})`,
    )
    .option("--region <name>", "the region (env: AWS_REGION; us-east-1)")
    .option("--profile <name>", "a profile of the AWS tools (env: AWS_PROFILE)")
    .option("--ca-bundle <file>", "certificates to trust, PEM (env: AWS_CA_BUNDLE)")
    .option("--no-verify-tls", "accept every certificate");
}

export function addFormatOptions(command: Command): Command {
  return command
    .addOption(new Option("-f, --format <format>", "how to print").choices([...outputFormats]).default("text"))
    .option("--json", "short for --format json");
}

/** Adds flags of `serve` as options, in the order of its help. */
export function addFlagOptions(
  command: Command,
  isWanted: (name: FlagName) => boolean,
  helpOf: (flag: (typeof flags)[number]) => string = ({ help }) => help,
): Command {
  for (const flag of flags) {
    if (!isWanted(flag.name)) continue;
    const term = `--${flag.name}${"argument" in flag ? ` <${flag.argument}>` : ""}`;
    if ("list" in flag) command.option(term, helpOf(flag), collect);
    else command.option(term, helpOf(flag));
  }
  return command;
}

/** Where a command sends its calls, for the message of a failure. */
interface Destination {
  place: string | undefined;
}

/** Runs the command's code. Its failures become one line on standard error and an exit code. */
export function run<Options>(
  command: Command,
  action: (args: readonly string[], options: Options, destination: Destination) => Promise<number>,
): Command {
  return command.action(async () => {
    endWithReader();
    const destination: Destination = { place: undefined };
    try {
      process.exitCode = await action(command.args, command.opts() as Options, destination);
    } catch (error) {
      const { text, exitCode } = describeFailure(error, destination.place);
      note(text);
      process.exitCode = exitCode;
    }
  });
}

/** As `run`, for a command that calls the API. */
export function runConnected<Options extends ConnectionOptions>(
  command: Command,
  action: (connection: Connection, args: readonly string[], options: Options) => Promise<number>,
): Command {
  return run<Options>(command, async (args, options, destination) => {
    const environment: Environment = { ...process.env };
    destination.place = endpointOf(options, environment);
    const connection = await connect(options, environment);
    destination.place = connection.place;
    try {
      return await action(connection, args, options);
    } finally {
      connection.kinesis.destroy();
    }
  });
}

/** A parser of whole numbers for commander. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** For options that may be repeated. */
export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}
