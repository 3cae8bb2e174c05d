import type { Stream } from "./stream.ts";

/**
 * The latest second that any sequence number of the stream may carry, also of records still on their way: a later stream
 * of the same name begins behind it.
 */
export function lastSecondUsed(stream: Stream, nowMs: number): number {
  let last = Math.floor(nowMs / 1000);
  if (stream.intent?.kind === "create") last = Math.max(last, stream.intent.createSecond);
  for (const shard of stream.shards) last = Math.max(last, shard.createSecond, shard.closed?.second ?? 0);
  return last;
}
