import type { StreamAtStart } from "../config/config.ts";
import { StartError } from "../config/start-error.ts";
import { ServiceError } from "../model/service-error.ts";
import type { OperationContext } from "../operations/operation-context.ts";
import { createStream } from "../operations/streams/create-stream.ts";

/** How long the streams of `--stream` may take to be ACTIVE before the server starts without waiting on. */
const bootStreamsMsMax = 30_000;

/**
 * Makes the streams of `--stream name:shards` that are absent, in the server's own account and region, and waits until
 * they are ACTIVE, so that a client started right behind the ready line finds them. Streams that exist stay as they are,
 * whatever their shard count.
 */
export async function createInitialStreams(
  streams: readonly StreamAtStart[],
  context: OperationContext,
): Promise<void> {
  const { account, region } = context.caller;
  for (const { name, shardCount } of streams) {
    if (context.registry.find(account, region, name) !== undefined) continue;
    try {
      await createStream.handle({ StreamName: name, ShardCount: shardCount }, context);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      throw new StartError(`--stream ${name}:${shardCount} could not be made: ${error.message}`);
    }
  }
  // A held transition is meant to be seen by clients: nobody waits for it here.
  if (context.transitionDelayMs > 0) return;
  const signal = AbortSignal.timeout(bootStreamsMsMax);
  for (const { name } of streams) {
    let revision = context.registry.find(account, region, name);
    while (revision?.stream.status === "CREATING" && (await context.registry.superseded(revision, signal))) {
      revision = context.registry.find(account, region, name);
    }
  }
}
