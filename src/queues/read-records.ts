import { EngineError } from "../engine/engine-error.ts";
import type { StoredEntry } from "../engine/shard-log.ts";
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
  /** See `Engine.densePositions`. */
  readonly densePositions: boolean;
}

/**
 * Reads records from a position on. Undefined if the record of the position is gone: then the cursor has moved on. Errors:
 * KeyError, EngineError.
 */
export async function readRecords(
  services: ShardServices,
  revision: StreamRevision,
  wanted: RecordsWanted,
): Promise<CachedRead | undefined> {
  const { state, cursor, position, recordsMax, oldestMs, densePositions } = wanted;
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
      if (Number(read.next) <= position) throw lost(cursor, position, densePositions);
      passOver(wanted, Number(read.next));
      return undefined;
    }
    if (Number(first.position) > position) passOver(wanted, Number(first.position));
    if (first.storedMs < oldestMs) {
      state.expireBelow(cursor, Number(await services.log.seek(ref, { at: "time", timeMs: oldestMs })));
      return undefined;
    }
    const decodeLimit = { from: BigInt(position), recordsMax, bytesMax: decodedBytesMax };
    const entries = await decodeEntryBodies(services, { revision, shard }, read.entries, decodeLimit);
    if (!densePositions) skipGaps(state, cursor, entries);
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

/** No record is left from the wanted position to before `end`. */
function passOver({ state, cursor, position, densePositions }: RecordsWanted, end: number): void {
  // Where positions have no gaps, the records before have expired with these.
  if (densePositions) state.expireBelow(cursor, end);
  else state.skip(cursor, position, end);
}

/** Between entries there may be positions that no record has. */
function skipGaps(state: QueueState, cursor: ShardCursor, entries: readonly StoredEntry[]): void {
  let end = Number(entries[0]?.position ?? 0n);
  for (const { position, count } of entries) {
    if (Number(position) > end) state.skip(cursor, end, Number(position));
    end = Number(position) + count;
  }
}

function lost({ shardIndex }: ShardCursor, position: number, densePositions: boolean): EngineError {
  const what = `Record ${position} of shard ${shardIndex}`;
  if (densePositions) return new EngineError("corrupt", `${what} was stored and is not there any more.`);
  return new EngineError("unavailable", `${what}, or the one behind it, cannot be read yet. It may be tried again.`);
}
