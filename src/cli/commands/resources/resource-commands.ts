import type { Command } from "commander";
import type { ConnectionOptions } from "../../client/connection.ts";
import {
  callNew,
  listResources,
  type ResourceKind,
  resourceArnOf,
  waitForResource,
} from "../../client/named-resources.ts";
import { CommandError, exitCodes } from "../../output/command-error.ts";
import { formatOf, type OutputOptions, printRows } from "../../output/print-rows.ts";
import { note } from "../../output/progress.ts";
import {
  addConnectionOptions,
  addFormatOptions,
  type CommandText,
  defineCommand,
  runConnected,
} from "../define-command.ts";

/** The command with those of queues or channels below it. */
export function resourceCommand(text: CommandText, subcommands: readonly Command[]): Command {
  const command = defineCommand(text).helpCommand("help [command]", "show the help of a command");
  for (const subcommand of subcommands) command.addCommand(subcommand);
  return command;
}

/** `ls` of queues or channels. */
export function listCommand(kind: ResourceKind): Command {
  const { noun } = kind;
  const command = defineCommand({
    name: "ls",
    summary: `list the ${noun}s`,
    examples: [`millrace ${noun} ls`, `millrace ${noun} ls --json`],
  });
  addConnectionOptions(addFormatOptions(command));
  return runConnected<ConnectionOptions & OutputOptions>(command, async ({ kinesis }, _, options) => {
    const format = formatOf(options);
    const rows = (await listResources(kinesis, kind)).map(({ name, status, streamArns, arn }) => ({
      [noun]: name,
      status,
      stream: streamArns.map((streamArn) => streamArn.split("/").at(-1)),
      arn,
    }));
    await printRows(rows, [noun, "status", "stream", "arn"], format);
    return exitCodes.done;
  });
}

interface RemovalText {
  /** What is deleted and what stays, after "delete". */
  readonly what: string;
  readonly example: string;
}

/** `rm` of queues or channels. */
export function removeCommand(kind: ResourceKind, { what, example }: RemovalText): Command {
  const { noun, deletion } = kind;
  const command = defineCommand({
    name: `rm <${noun}>`,
    summary: `delete ${what}`,
    description: `Deletes ${what}. On Amazon Kinesis it needs --yes.`,
    arguments: { [noun]: `name or ARN of the ${noun}` },
    examples: [example],
  }).option("-y, --yes", `really delete a ${noun} of Amazon Kinesis`);
  addConnectionOptions(command);
  return runConnected<ConnectionOptions & { readonly yes?: boolean }>(
    command,
    async ({ kinesis, isAws, place }, [name = ""], { yes }) => {
      if (isAws && yes !== true) throw new CommandError(`this deletes ${name} in ${place} for ever; add --yes`);
      const arn = await resourceArnOf(kinesis, kind, name);
      await callNew(kinesis, deletion.operation, { [deletion.member]: arn });
      await waitForResource(kinesis, kind, { arn });
      note(`the ${noun} ${name} is deleted`);
      return exitCodes.done;
    },
  );
}
