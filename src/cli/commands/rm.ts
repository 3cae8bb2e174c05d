import type { Command } from "commander";
import type { ConnectionOptions } from "../client/connection.ts";
import { waitUntilGone } from "../client/wait-for-stream.ts";
import { CommandError, exitCodes } from "../output/command-error.ts";
import { note } from "../output/progress.ts";
import { addConnectionOptions, defineCommand, runConnected } from "./define-command.ts";

interface RemoveOptions extends ConnectionOptions {
  readonly consumers?: boolean;
  readonly yes?: boolean;
  readonly wait: boolean;
}

export function rmCommand(): Command {
  const command = defineCommand({
    name: "rm <stream...>",
    summary: "delete streams with all their records",
    description: "Deletes streams with all their records. On Amazon Kinesis it needs --yes.",
    arguments: { stream: "names of streams" },
    examples: ["millrace rm orders", "millrace rm orders clicks --consumers"],
  })
    .option("--consumers", "also streams that have registered consumers")
    .option("-y, --yes", "really delete streams of Amazon Kinesis")
    .option("--no-wait", "do not wait until they are gone");
  addConnectionOptions(command);
  return runConnected<RemoveOptions>(command, async ({ kinesis, isAws, place }, streams, options) => {
    if (isAws && options.yes !== true) {
      throw new CommandError(
        `this deletes ${streams.join(", ")} in ${place} for ever; add --yes if that is what you want`,
      );
    }
    for (const stream of streams) {
      await kinesis.deleteStream({ StreamName: stream, EnforceConsumerDeletion: options.consumers === true });
      if (options.wait) await waitUntilGone(kinesis, stream);
      note(`${stream} is ${options.wait ? "deleted" : "being deleted"}`);
    }
    return exitCodes.done;
  });
}
