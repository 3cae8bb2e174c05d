import type { Command } from "commander";
import type { ConnectionOptions } from "../client/connection.ts";
import { type ListedShard, listShards } from "../client/list-shards.ts";
import { exitCodes } from "../output/command-error.ts";
import { formatOf, type OutputOptions, printRows, type Row } from "../output/print-rows.ts";
import { addConnectionOptions, addFormatOptions, defineCommand, runConnected } from "./define-command.ts";

interface ShardsOptions extends ConnectionOptions, OutputOptions {
  readonly open?: boolean;
}

const hashKeys = 2n ** 128n;

export function shardsCommand(): Command {
  const command = defineCommand({
    name: "shards <stream>",
    summary: "print the shards as a tree: which was split or merged into which",
    description:
      "Prints the shards of a stream as a tree: the children of a split or merge are below their parent, " +
      "and a merged shard names its other parent. SHARE is the part of the hash keys.",
    arguments: { stream: "name of the stream" },
    examples: ["millrace shards orders", "millrace shards orders --open --json"],
  }).option("--open", "only open shards, as a list");
  addConnectionOptions(addFormatOptions(command));
  return runConnected<ShardsOptions>(command, async ({ kinesis }, [stream = ""], options) => {
    const format = formatOf(options);
    const shards = await listShards(kinesis, stream);
    const shown =
      options.open === true ? shards.filter(isOpen).map((shard) => ({ shard, branch: "" })) : lineage(shards);
    await printRows(
      shown.map(({ shard, branch }) =>
        format === "text" ? { ...rowOf(shard), shard: branch + shard.id } : rowOf(shard),
      ),
      ["shard", "state", "share", "firstHashKey", "adjacentParent"],
      format,
    );
    return exitCodes.done;
  });
}

export function isOpen({ endingSequenceNumber }: ListedShard): boolean {
  return endingSequenceNumber === undefined;
}

export function rowOf(shard: ListedShard): Row {
  const { id, parents, firstHashKey, lastHashKey, startingSequenceNumber, endingSequenceNumber } = shard;
  return {
    shard: id,
    state: isOpen(shard) ? "open" : "closed",
    share: shareText(lastHashKey - firstHashKey + 1n),
    parent: parents[0],
    adjacentParent: parents[1],
    firstHashKey: String(firstHashKey),
    lastHashKey: String(lastHashKey),
    startingSequenceNumber,
    endingSequenceNumber,
  };
}

/** Percent, to one place. */
function shareText(keys: bigint): string {
  return `${(Number((keys * 10_000n) / hashKeys) / 100).toFixed(1)}%`;
}

interface Branch {
  readonly shard: ListedShard;
  /** What is drawn before the shard: `│  └─ `. */
  readonly branch: string;
}

/** Each shard once, below its first listed parent. */
export function lineage(shards: readonly ListedShard[]): readonly Branch[] {
  const listed = new Set(shards.map(({ id }) => id));
  const parentOf = ({ parents }: ListedShard): string | undefined => parents.find((parent) => listed.has(parent));
  const below = (parent: string | undefined, indent: string): readonly Branch[] => {
    const children = shards.filter((shard) => parentOf(shard) === parent);
    return children.flatMap((shard, index) => {
      const isLast = index === children.length - 1;
      const branch = parent === undefined ? "" : `${indent}${isLast ? "└─ " : "├─ "}`;
      const next = parent === undefined ? "" : `${indent}${isLast ? "   " : "│  "}`;
      return [{ shard, branch }, ...below(shard.id, next)];
    });
  };
  return below(undefined, "");
}
