import { setTimeout as pause } from "node:timers/promises";
import type { Kinesis } from "@aws-sdk/client-kinesis";
import type { ListChannelsOutput, ListQueuesOutput } from "../../model/shapes.generated.ts";
import { CommandError } from "../output/command-error.ts";
import { callOperation } from "./call-operation.ts";

/** What stands beside streams: called by ARN, while people know its name. */
export interface NamedResource {
  readonly name: string;
  readonly arn: string;
  readonly status: string;
  /** Why it failed. */
  readonly reason?: string | undefined;
  readonly streamArns: readonly string[];
}

export interface ResourceKind {
  readonly noun: "queue" | "channel";
  /** The operation that deletes one, and its member with the ARN. */
  readonly deletion: { readonly operation: string; readonly member: string };
  readonly listPage: (kinesis: Kinesis, input: object) => Promise<ResourcePage>;
}

interface ResourcePage {
  readonly resources: readonly NamedResource[];
  readonly nextToken: string | undefined;
}

const statusPollMs = 100;
const statusMsMax = 120_000;

export const queues: ResourceKind = {
  noun: "queue",
  deletion: { operation: "DeleteQueue", member: "QueueARN" },
  async listPage(kinesis, input) {
    const { QueueSummaries, NextToken } = await callNew<ListQueuesOutput>(kinesis, "ListQueues", input);
    const resources = QueueSummaries.map(({ QueueName, QueueARN, QueueStatus, Streams }) => {
      const streamArns = Streams.map(({ StreamARN }) => StreamARN);
      return { name: QueueName, arn: QueueARN, status: QueueStatus, streamArns };
    });
    return { resources, nextToken: NextToken };
  },
};

export const channels: ResourceKind = {
  noun: "channel",
  deletion: { operation: "DeleteChannel", member: "ChannelARN" },
  async listPage(kinesis, input) {
    const { ChannelSummaries, NextToken } = await callNew<ListChannelsOutput>(kinesis, "ListChannels", input);
    const resources = ChannelSummaries.map((summary) => {
      const { ChannelName, ChannelARN, ChannelStatus, ChannelStatusReason, Streams } = summary;
      const streamArns = Streams.map(({ StreamARN }) => StreamARN);
      return { name: ChannelName, arn: ChannelARN, status: ChannelStatus, reason: ChannelStatusReason, streamArns };
    });
    return { resources, nextToken: NextToken };
  },
};

/** Calls an operation that the SDK may not know yet. */
export async function callNew<Output>(kinesis: Kinesis, operation: string, input: object): Promise<Output> {
  const answer = await callOperation(kinesis, operation, JSON.stringify(input));
  return (answer === "" ? {} : JSON.parse(answer)) as Output;
}

export async function listResources(kinesis: Kinesis, kind: ResourceKind): Promise<readonly NamedResource[]> {
  const found: NamedResource[] = [];
  for (let input: object = {}; ; ) {
    const { resources, nextToken } = await kind.listPage(kinesis, input);
    found.push(...resources);
    if (nextToken === undefined) return found;
    input = { NextToken: nextToken };
  }
}

export async function resourceArnOf(kinesis: Kinesis, kind: ResourceKind, nameOrArn: string): Promise<string> {
  if (nameOrArn.startsWith("arn:")) return nameOrArn;
  const found = (await listResources(kinesis, kind)).find(({ name }) => name === nameOrArn);
  if (found === undefined) throw new CommandError(`there is no ${kind.noun} ${nameOrArn}`);
  return found.arn;
}

/** Resolves when the resource has the status; without a status when it is gone. */
export async function waitForResource(
  kinesis: Kinesis,
  kind: ResourceKind,
  { arn, status }: { readonly arn: string; readonly status?: string },
): Promise<void> {
  const endMs = performance.now() + statusMsMax;
  for (;;) {
    const present = (await listResources(kinesis, kind)).find((each) => each.arn === arn);
    if (present?.status === status) return;
    if (status !== undefined && present?.status === "FAILED") {
      throw new CommandError(`the ${kind.noun} ${present.name} is FAILED: ${present.reason}`);
    }
    if (performance.now() > endMs) {
      throw new CommandError(`the ${kind.noun} ${arn} is ${present?.status} after two minutes`);
    }
    await pause(statusPollMs);
  }
}
