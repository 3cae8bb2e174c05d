import type { Stream } from "../stream.ts";

/** Open shards of a stream; of one that is CREATING, those that it is being made with. */
export function openShardCount({ intent, shards }: Pick<Stream, "intent" | "shards">): number {
  if (intent?.kind === "create") return intent.opening.length;
  return shards.reduce((count, shard) => (shard.closed === undefined ? count + 1 : count), 0);
}
