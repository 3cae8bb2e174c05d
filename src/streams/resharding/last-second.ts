import type { Stream } from "../stream.ts";

/**
 * The latest second that any sequence number of the stream may carry, also of records still on their way, and that any ARN of
 * its consumers carries: a later stream of the same name begins behind it, and so do its consumers.
 */
export function lastSecondUsed(stream: Stream, nowMs: number): number {
  let last = Math.max(Math.floor(nowMs / 1000), stream.consumerSecondUsed ?? 0);
  if (stream.intent?.kind === "create") last = Math.max(last, stream.intent.createSecond);
  for (const shard of stream.shards) last = Math.max(last, shard.createSecond, shard.closed?.second ?? 0);
  for (const consumer of stream.consumers ?? []) last = Math.max(last, Math.floor(consumer.createdMs / 1000));
  return last;
}
