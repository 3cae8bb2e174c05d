import { shardNotInStream } from "../model/shard-errors.ts";
import type { StreamPlace } from "../model/stream-errors.ts";
import { parseShardId } from "../streams/positions/shard-id.ts";

/** The index that a ShardId argument means: only its number counts, whatever stands before the first dash (observed). */
export function resolveShardId(shardId: string, stream: StreamPlace): number {
  const index = parseShardId(shardId);
  if (index === undefined) throw shardNotInStream(stream, shardId);
  return index;
}
