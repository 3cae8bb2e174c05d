import { setTimeout as pause } from "node:timers/promises";
import type { Kinesis } from "@aws-sdk/client-kinesis";
import type { OnTrouble } from "../client/retry-transient.ts";
import { CommandError } from "../output/command-error.ts";
import { note } from "../output/progress.ts";
import type { ShardSource } from "./shard-source.ts";
import { subscribeToShards } from "./subscribe-shard.ts";

export interface ConsumerOptions {
  readonly kinesis: Kinesis;
  readonly stream: string;
  readonly name: string;
  readonly onTrouble: OnTrouble;
}

const statusPollMs = 200;
const activeMsMax = 120_000;
/** What ends the command, and the exit codes that shells give for it. A reader of the output that has gone is no failure. */
const signalCodes = { SIGINT: 130, SIGTERM: 143, SIGPIPE: 0 } as const;
const signals = ["SIGINT", "SIGTERM", "SIGPIPE"] as const;

/** Reads as a registered consumer. One that does not exist is registered, and deregistered at the end, also by Ctrl-C. */
export async function withConsumer(
  { kinesis, stream, name, onTrouble }: ConsumerOptions,
  read: (source: ShardSource) => Promise<void>,
): Promise<void> {
  const summary = await kinesis.describeStreamSummary({ StreamName: stream });
  const streamArn = summary.StreamDescriptionSummary?.StreamARN ?? "";
  const isNew = !(await exists(kinesis, streamArn, name));
  if (isNew) {
    await kinesis.registerStreamConsumer({ StreamARN: streamArn, ConsumerName: name });
    note(`registered the consumer ${name} for the time of this command`);
  }
  const deregister = async (): Promise<void> => {
    if (isNew) await kinesis.deregisterStreamConsumer({ StreamARN: streamArn, ConsumerName: name });
  };
  const onSignal = (signal: (typeof signals)[number]): void => {
    void deregister().finally(() => process.exit(signalCodes[signal]));
  };
  for (const signal of signals) process.once(signal, onSignal);
  try {
    const consumerArn = await untilActive(kinesis, streamArn, name);
    await read(subscribeToShards({ kinesis, consumerArn, onTrouble }));
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
    await deregister();
  }
}

async function exists(kinesis: Kinesis, streamArn: string, name: string): Promise<boolean> {
  try {
    await kinesis.describeStreamConsumer({ StreamARN: streamArn, ConsumerName: name });
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return false;
    throw error;
  }
}

async function untilActive(kinesis: Kinesis, streamArn: string, name: string): Promise<string> {
  const endMs = performance.now() + activeMsMax;
  for (;;) {
    const input = { StreamARN: streamArn, ConsumerName: name };
    const { ConsumerDescription } = await kinesis.describeStreamConsumer(input);
    if (ConsumerDescription?.ConsumerStatus === "ACTIVE") return ConsumerDescription.ConsumerARN ?? "";
    if (performance.now() > endMs) throw new CommandError(`the consumer ${name} does not become ACTIVE`);
    await pause(statusPollMs);
  }
}
