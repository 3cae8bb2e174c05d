import { EngineError } from "../engine/engine-error.ts";
import { shardDoesNotExist } from "../model/shard-errors.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { formatShardId } from "../streams/positions/shard-id.ts";
import type { Shard } from "../streams/stream.ts";

/**
 * The result of a call to the log. Throws ResourceNotFoundException when the shard's log is gone: freed because the
 * stream is being deleted or the shard's last record has expired, a moment before the document says so.
 */
export async function resourceNotFoundIfLogGone<T>(
  { stream }: StreamRevision,
  { index }: Shard,
  result: Promise<T>,
): Promise<T> {
  try {
    return await result;
  } catch (error) {
    const isGone = error instanceof EngineError && error.kind === "not_found";
    throw isGone ? shardDoesNotExist(stream, formatShardId(index)) : error;
  }
}
