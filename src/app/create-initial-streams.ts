import type { StreamAtStart } from "../config/config.ts";
import { StartError } from "../config/start-error.ts";
import { ServiceError } from "../model/service-error.ts";
import type { OperationContext } from "../operations/operation-context.ts";
import { createStream } from "../operations/streams/create-stream.ts";

/** How long a start waits for the streams of `--stream` to become ACTIVE. */
const activeMsMax = 30_000;

/**
 * Creates the streams of `--stream name:shards` that are absent, in the server's account and, if none is given, its region, and waits until they
 * are ACTIVE, so that a client that starts after the ready line can use them. Existing streams are not changed, whatever
 * their shard count.
 */
export async function createInitialStreams(
  streams: readonly StreamAtStart[],
  context: OperationContext,
): Promise<void> {
  const { account, region: ownRegion } = context.caller;
  for (const { name, shardCount, region = ownRegion } of streams) {
    if (context.registry.find(account, region, name) !== undefined) continue;
    const caller = { ...context.caller, region };
    try {
      await createStream.handle({ StreamName: name, ShardCount: shardCount }, { ...context, caller });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      throw new StartError(`--stream ${name}:${shardCount} cannot be created: ${error.message}`);
    }
  }
  // With --transition-delay clients are to see the stream CREATING.
  if (context.transitionDelayMs > 0) return;
  const signal = AbortSignal.timeout(activeMsMax);
  for (const { name, region = ownRegion } of streams) {
    let revision = context.registry.find(account, region, name);
    while (revision?.stream.status === "CREATING" && (await context.registry.superseded(revision, signal))) {
      revision = context.registry.find(account, region, name);
    }
  }
}
