import { readFileSync } from "node:fs";
import { text as readText } from "node:stream/consumers";
import type { Command } from "commander";
import { callOperation } from "../client/call-operation.ts";
import type { ConnectionOptions } from "../client/connection.ts";
import { CommandError, exitCodes } from "../output/command-error.ts";
import { writeOut } from "../output/stdout.ts";
import { addConnectionOptions, defineCommand, runConnected } from "./define-command.ts";

/** Its response is a stream of events, which `tail --efo` reads. */
const streamed = "SubscribeToShard";

export function callCommand(): Command {
  const command = defineCommand({
    name: "call <operation> [input]",
    summary: "call any operation of the API with JSON",
    description: "Calls any operation of the API with JSON, and prints the response. Data is in base64 there.",
    arguments: { operation: "such as DescribeLimits", input: "JSON, @FILE, or - for standard input ({})" },
    examples: [
      "millrace call DescribeLimits",
      `millrace call ListShards '{"StreamName": "orders"}' | jq '.Shards | length'`,
      "millrace call PutRecord @record.json",
    ],
  }).option("--compact", "print the response as it came, on one line");
  addConnectionOptions(command);
  return runConnected<ConnectionOptions & { readonly compact?: boolean }>(
    command,
    async ({ kinesis }, [operation = "", input], { compact }) => {
      if (operation === streamed)
        throw new CommandError(`${streamed} answers with a stream of events; use tail --efo NAME`);
      const body = await inputText(input);
      const answer = await callOperation(kinesis, operation, body);
      const isShort = compact === true || answer === "";
      await writeOut(`${isShort ? answer : JSON.stringify(JSON.parse(answer), undefined, 2)}\n`);
      return exitCodes.done;
    },
  );
}

async function inputText(input: string | undefined): Promise<string> {
  if (input === undefined) return "{}";
  const body =
    input === "-"
      ? await readText(process.stdin)
      : input.startsWith("@")
        ? readFileSync(input.slice(1), "utf8")
        : input;
  try {
    JSON.parse(body);
  } catch (error) {
    throw new CommandError(`the input is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  return body;
}
