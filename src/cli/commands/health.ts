import type { Command } from "commander";
import type { ConnectionOptions } from "../client/connection.ts";
import { awsEndpoint, endpointOf } from "../client/connection.ts";
import { fetchEndpoint } from "../client/fetch-endpoint.ts";
import { CommandError, exitCodes } from "../output/command-error.ts";
import { formatOf, type OutputOptions, printObject } from "../output/print-rows.ts";
import { addConnectionOptions, addFormatOptions, defineCommand, run } from "./define-command.ts";

export function healthCommand(): Command {
  const command = defineCommand({
    name: "health",
    summary: "ask a Millrace server whether it is ready",
    description:
      "Asks a Millrace server whether it is ready: the health check of a container without a shell. " +
      "Exit codes: 0 ready, 1 not ready, 2 no answer.",
    examples: ["millrace health", "millrace health --endpoint http://10.0.0.7:4567 --json"],
  });
  addConnectionOptions(addFormatOptions(command));
  return run<ConnectionOptions & OutputOptions>(command, async (_, options, destination) => {
    const endpoint = endpointOf(options, process.env);
    destination.place = endpoint;
    if (endpoint === awsEndpoint) throw new CommandError("Amazon Kinesis has no health to ask for; give a URL");
    const { status, body } = await fetchEndpoint(`${endpoint}/health`, options, process.env);
    await printObject(parseReport(body, endpoint), formatOf(options));
    return status === 200 ? exitCodes.done : exitCodes.partly;
  });
}

function parseReport(body: string, endpoint: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(body) as Readonly<Record<string, unknown>>;
  } catch {
    throw new CommandError(`${endpoint}/health does not answer as a Millrace does`);
  }
}
