import type { Stream } from "../stream.ts";

/** Open shards of a stream; for a CREATING stream those of its plan. */
export function openShardCount({ intent, shards }: Pick<Stream, "intent" | "shards">): number {
  if (intent?.kind === "create") return intent.opening.length;
  return shards.reduce((count, shard) => (shard.closed === undefined ? count + 1 : count), 0);
}
