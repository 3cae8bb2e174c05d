import { type Command, Option } from "commander";
import type { KeyOrder } from "../writing/key-queues.ts";
import { wholeNumber } from "./define-command.ts";

/** The options of commands that write to a stream. */
export interface WritingOptions {
  readonly order: KeyOrder;
  readonly requests: number;
  /** Seconds. */
  readonly retry: number;
}

export function addWritingOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--order <order>", "key: keeps the order of each key, one of its records in a request; none: faster")
        .choices(["key", "none"])
        .default("key"),
    )
    .option("--requests <count>", "requests at once", wholeNumber(1, 256), 8)
    .option(
      "--retry <seconds>",
      "how long to send again what is throttled or fails for now",
      wholeNumber(0, 86_400),
      60,
    );
}

/** As `putInOrder()` takes them. */
export function writingOf({ order, requests, retry }: WritingOptions) {
  return { order, requestsMax: requests, retryMsMax: retry * 1_000 };
}
