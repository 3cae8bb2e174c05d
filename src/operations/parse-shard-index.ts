import { shardNotInStream } from "../model/shard-errors.ts";
import type { StreamPlace } from "../model/stream-errors.ts";
import { parseShardId } from "../streams/positions/shard-id.ts";

/** The index in a ShardId; text before the first dash is ignored (observed). Errors: ResourceNotFoundException. */
export function parseShardIndex(shardId: string, stream: StreamPlace): number {
  const index = parseShardId(shardId);
  if (index === undefined) throw shardNotInStream(stream, shardId);
  return index;
}
