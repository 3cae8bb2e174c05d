import { EngineError } from "../engine/engine-error.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { decodeEntryBodies } from "../shards/decode-entry-bodies.ts";
import type { ShardServices } from "../shards/shard-services.ts";
import { CachedRead } from "./cached-read.ts";
import type { QueueState } from "./state/queue-state.ts";
import type { ShardCursor } from "./state/shard-cursor.ts";

/** Bytes of one read: some receives of ten small records, and not too much memory for a queue that is read once. */
const readBytesMax = 256 * 1024;
const readEntriesMax = 1024;
/** Decoded bodies of one read. */
const decodedBytesMax = 1024 * 1024;

export interface RecordsWanted {
  readonly state: QueueState;
  readonly cursor: ShardCursor;
  readonly position: number;
  readonly recordsMax: number;
  /** Records that were stored before have expired, or came before the queue's start. */
  readonly oldestMs: number;
}

/**
 * Reads records from a position on. Undefined if the record of the position is gone: then the cursor has moved on. Errors:
 * KeyError, EngineError.
 */
export async function readRecords(
  services: ShardServices,
  revision: StreamRevision,
  { state, cursor, position, recordsMax, oldestMs }: RecordsWanted,
): Promise<CachedRead | undefined> {
  const shard = revision.shard(cursor.shardIndex);
  if (shard === undefined) {
    state.removeShard(cursor.shardIndex);
    return undefined;
  }
  const ref = revision.ref(shard);
  const limit = { entriesMax: readEntriesMax, bytesMax: readBytesMax, recordsMax };
  let lease: Disposable | undefined;
  try {
    const read = await services.log.read(ref, BigInt(position), limit);
    lease = read.lease;
    const [first] = read.entries;
    if (first === undefined) {
      if (Number(read.next) <= position) throw lost(cursor, position);
      state.expireBelow(cursor, Number(read.next));
      return undefined;
    }
    if (Number(first.position) > position) state.expireBelow(cursor, Number(first.position));
    if (first.storedMs < oldestMs) {
      state.expireBelow(cursor, Number(await services.log.seek(ref, { at: "time", timeMs: oldestMs })));
      return undefined;
    }
    const decodeLimit = { from: BigInt(position), recordsMax, bytesMax: decodedBytesMax };
    const entries = await decodeEntryBodies(services, { revision, shard }, read.entries, decodeLimit);
    const cached = new CachedRead(entries, { cursor: cursor.number, shard, lease });
    lease = undefined;
    return cached;
  } catch (error) {
    if (!(error instanceof EngineError && error.kind === "not_found")) throw error;
    // The shard was dropped with its last record.
    state.removeShard(cursor.shardIndex);
    return undefined;
  } finally {
    lease?.[Symbol.dispose]();
  }
}

function lost({ shardIndex }: ShardCursor, position: number): EngineError {
  return new EngineError("corrupt", `Record ${position} of shard ${shardIndex} was stored and is not there any more.`);
}
