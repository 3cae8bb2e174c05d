import { readFileSync } from "node:fs";
import { text as readText } from "node:stream/consumers";
import type { Command } from "commander";
import { operationNames } from "../../model/shapes.generated.ts";
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
      const answer = await callOperation(kinesis, operation, body).catch((error: unknown) => {
        throw isUnknownOperation(error) ? unknownOperation(operation) : error;
      });
      const isShort = compact === true || answer === "";
      await writeOut(`${isShort ? answer : JSON.stringify(JSON.parse(answer), undefined, 2)}\n`);
      return exitCodes.done;
    },
  );
}

function isUnknownOperation(error: unknown): boolean {
  return error instanceof Error && error.name === "UnknownOperationException";
}

function unknownOperation(operation: string): CommandError {
  const [closest] = operationNames
    .map((name) => ({ name, distance: editDistance(operation.toLowerCase(), name.toLowerCase()) }))
    .toSorted((one, other) => one.distance - other.distance);
  const isClose = closest !== undefined && closest.distance <= operation.length / 3;
  return new CommandError(`the API has no operation ${operation}${isClose ? ` (did you mean ${closest.name}?)` : ""}`);
}

/** Letters that are inserted, deleted or replaced to make the one text of the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let at = 0; at < to.length; at++) {
      const replaced = (row[at] as number) + (to[at] === letter ? 0 : 1);
      next.push(Math.min(replaced, (row[at + 1] as number) + 1, (next[at] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
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
