// Hot path.
import type { LiveStream } from "../directory/live-stream.ts";
import type { Position, StoredEntry } from "../engine/shard-log.ts";
import { isPacked, placeOf, sealingKeyOf, unpack, unpackedBytes } from "../records/packed-entry.ts";
import type { Shard } from "../streams/stream.ts";
import type { ShardRoom } from "./shard-room.ts";

export interface OpenLimit {
  /** Where the reader begins, within the first entry. */
  readonly from: Position;
  readonly recordsMax: number;
  /** Bytes of opened bodies; soft: one entry is opened whatever its size. */
  readonly bytesMax: number;
}

/**
 * Entries with their bodies as they were laid out: opened and decompressed, as many from the first on as the reader takes.
 * Compressed entries may be small in storage and large in memory, so they are counted as what they become. When one
 * cannot be opened those before it are given, and the next read throws: `KeyError`, or `EngineError` of kind `corrupt`.
 */
export function openEntries(
  room: ShardRoom,
  of: { readonly live: LiveStream; readonly shard: Shard },
  entries: readonly StoredEntry[],
  limit: OpenLimit,
): readonly StoredEntry[] | Promise<readonly StoredEntry[]> {
  return entries.some(({ body }) => isPacked(body)) ? open(room, of, entries, limit) : entries;
}

async function open(
  room: ShardRoom,
  { live, shard }: { readonly live: LiveStream; readonly shard: Shard },
  entries: readonly StoredEntry[],
  { from, recordsMax, bytesMax }: OpenLimit,
): Promise<readonly StoredEntry[]> {
  const opened: StoredEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const isFirst = opened.length === 0;
    if (!isFirst && entry.position - from >= recordsMax) break;
    try {
      bytes += isPacked(entry.body) ? unpackedBytes(entry.body) : entry.body.length;
      if (!isFirst && bytes > bytesMax) break;
      opened.push(isPacked(entry.body) ? await openOne(room, live, shard, entry) : entry);
    } catch (error) {
      if (isFirst) throw error;
      break;
    }
  }
  return opened;
}

async function openOne({ keys }: ShardRoom, live: LiveStream, shard: Shard, entry: StoredEntry): Promise<StoredEntry> {
  const ref = live.ref(shard);
  const number = sealingKeyOf(entry.body);
  const cipher =
    number === undefined ? undefined : (keys.cipherAtHand(ref.streamId, number) ?? (await keys.cipher(live, number)));
  return { ...entry, body: unpack(entry.body, cipher, placeOf(ref, entry)) };
}
