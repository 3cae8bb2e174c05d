import { hash } from "node:crypto";
import type { Command } from "commander";
import type { ConnectionOptions } from "../client/connection.ts";
import { listShards } from "../client/list-shards.ts";
import { exitCodes } from "../output/command-error.ts";
import { formatOf, type OutputOptions, printRows } from "../output/print-rows.ts";
import { addConnectionOptions, addFormatOptions, defineCommand, runConnected } from "./define-command.ts";
import { isOpen } from "./shards.ts";

interface FindOptions extends ConnectionOptions, OutputOptions {
  readonly closed?: boolean;
}

export function findCommand(): Command {
  const command = defineCommand({
    name: "find <stream> <key...>",
    summary: "print which shard takes a partition key",
    arguments: { stream: "name of the stream", key: "partition keys" },
    examples: ["millrace find orders alice bob", "millrace find orders alice --closed --json"],
  }).option("--closed", "also closed shards, which may have older records of the key");
  addConnectionOptions(addFormatOptions(command));
  return runConnected<FindOptions>(command, async ({ kinesis }, [stream = "", ...keys], options) => {
    const format = formatOf(options);
    const all = await listShards(kinesis, stream);
    const shards = options.closed === true ? all : all.filter(isOpen);
    const rows = keys.flatMap((key) => {
      const hashKey = BigInt(`0x${hash("md5", key, "hex")}`);
      const taking = shards.filter(
        ({ firstHashKey, lastHashKey }) => firstHashKey <= hashKey && hashKey <= lastHashKey,
      );
      return taking.map((shard) => ({
        key,
        shard: shard.id,
        state: isOpen(shard) ? "open" : "closed",
        hashKey: String(hashKey),
      }));
    });
    await printRows(rows, ["key", "shard", "state", "hashKey"], format);
    return exitCodes.done;
  });
}
