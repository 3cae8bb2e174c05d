import { setTimeout as pause } from "node:timers/promises";
import type { Kinesis } from "@aws-sdk/client-kinesis";
import { CommandError } from "../output/command-error.ts";

const pollMsMin = 50;
const pollMsMax = 2_000;
/** The service takes about half a minute for a new stream, and longer for many shards. */
const waitMsMax = 600_000;

/** Resolves when the stream is ACTIVE. */
export async function waitUntilActive(kinesis: Kinesis, stream: string): Promise<void> {
  await waitUntil(`${stream} is not ACTIVE`, async () => (await statusOf(kinesis, stream)) === "ACTIVE");
}

/** Resolves when there is no stream of this name. */
export async function waitUntilGone(kinesis: Kinesis, stream: string): Promise<void> {
  await waitUntil(`${stream} is not deleted`, async () => (await statusOf(kinesis, stream)) === undefined);
}

/** Undefined if there is no such stream. */
export async function statusOf(kinesis: Kinesis, stream: string): Promise<string | undefined> {
  try {
    const { StreamDescriptionSummary } = await kinesis.describeStreamSummary({ StreamName: stream });
    return StreamDescriptionSummary?.StreamStatus;
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}

async function waitUntil(what: string, isReached: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + waitMsMax;
  for (let pollMs = pollMsMin; ; pollMs = Math.min(pollMs * 2, pollMsMax)) {
    if (await isReached()) return;
    if (performance.now() > endMs) throw new CommandError(`${what} after ${waitMsMax / 60_000} minutes`);
    await pause(pollMs);
  }
}
