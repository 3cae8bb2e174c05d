import type { Kinesis } from "@aws-sdk/client-kinesis";
import { type Command, InvalidArgumentError } from "commander";
import type { ConnectionOptions } from "../client/connection.ts";
import { type ListedShard, listShards } from "../client/list-shards.ts";
import { waitUntilActive } from "../client/wait-for-stream.ts";
import { CommandError, exitCodes } from "../output/command-error.ts";
import { formatOf, type OutputOptions, printRows } from "../output/print-rows.ts";
import { note } from "../output/progress.ts";
import { addConnectionOptions, addFormatOptions, defineCommand, runConnected, wholeNumber } from "./define-command.ts";
import { isOpen, rowOf } from "./shards.ts";
import { wholeShardId } from "./tail.ts";

interface ReshardOptions extends ConnectionOptions, OutputOptions {
  readonly wait: boolean;
  readonly at?: string;
}

/** `split`, `merge` and `resize`: each waits, and prints the shards that it has opened. */
export function splitCommand(): Command {
  const command = defineCommand({
    name: "split <stream> <shard>",
    summary: "split a shard in two",
    description: "Splits a shard in two, and prints the new shards.",
    arguments: { stream: "name of the stream", shard: "the open shard, also as a number" },
    examples: ["millrace split orders 0", "millrace split orders shardId-000000000000 --at 10%"],
  }).option("--at <where>", "first hash key of the upper part, or a part of the shard (50%)", parseWhere);
  return addReshard(command, async (kinesis, [stream = "", shard = ""], { at = "50%" }) => {
    const shards = await listShards(kinesis, stream);
    const id = wholeShardId(shard);
    const found = shards.find((each) => each.id === id);
    if (found === undefined) throw new CommandError(`the stream ${stream} has no shard ${id}`);
    await kinesis.splitShard({ StreamName: stream, ShardToSplit: id, NewStartingHashKey: hashKeyAt(found, at) });
  });
}

export function mergeCommand(): Command {
  const command = defineCommand({
    name: "merge <stream> <shard> <adjacent>",
    summary: "merge two adjacent shards",
    description: "Merges two open shards whose hash keys are adjacent, and prints the new shard.",
    arguments: { stream: "name of the stream", shard: "a shard, also as a number", adjacent: "the shard beside it" },
    examples: ["millrace merge orders 0 1"],
  });
  return addReshard(command, async (kinesis, [stream = "", shard = "", adjacent = ""]) => {
    await kinesis.mergeShards({
      StreamName: stream,
      ShardToMerge: wholeShardId(shard),
      AdjacentShardToMerge: wholeShardId(adjacent),
    });
  });
}

export function resizeCommand(): Command {
  const command = defineCommand({
    name: "resize <stream> <count>",
    summary: "change how many shards a stream has",
    description: "Splits and merges shards evenly until the stream has COUNT open shards, and prints the new ones.",
    arguments: { stream: "name of the stream", count: "open shards" },
    examples: ["millrace resize orders 8"],
  });
  return addReshard(command, async (kinesis, [stream = "", count = ""]) => {
    const TargetShardCount = wholeNumber(1, 1_000_000)(count);
    await kinesis.updateShardCount({ StreamName: stream, TargetShardCount, ScalingType: "UNIFORM_SCALING" });
  });
}

function addReshard(
  command: Command,
  reshard: (kinesis: Kinesis, args: readonly string[], options: ReshardOptions) => Promise<void>,
): Command {
  command.option("--no-wait", "do not wait until the stream is ACTIVE again");
  addConnectionOptions(addFormatOptions(command));
  return runConnected<ReshardOptions>(command, async ({ kinesis }, args, options) => {
    const format = formatOf(options);
    const [stream = ""] = args;
    const before = new Set((await listShards(kinesis, stream)).map(({ id }) => id));
    await reshard(kinesis, args, options);
    if (!options.wait) {
      note(`${stream} is being changed`);
      return exitCodes.done;
    }
    await waitUntilActive(kinesis, stream);
    const opened = (await listShards(kinesis, stream)).filter((shard) => isOpen(shard) && !before.has(shard.id));
    await printRows(opened.map(rowOf), ["shard", "share", "firstHashKey", "parent", "adjacentParent"], format);
    return exitCodes.done;
  });
}

function parseWhere(text: string): string {
  if (/^\d{1,39}$/.test(text) || /^(?:[1-9]|[1-9]\d)(?:\.\d{1,2})?%$/.test(text)) return text;
  throw new InvalidArgumentError("It must be a hash key, or a part such as 50%.");
}

function hashKeyAt({ firstHashKey, lastHashKey }: ListedShard, where: string): string {
  if (!where.endsWith("%")) return where;
  const hundredths = BigInt(Math.round(Number(where.slice(0, -1)) * 100));
  return String(firstHashKey + ((lastHashKey - firstHashKey + 1n) * hundredths) / 10_000n);
}
