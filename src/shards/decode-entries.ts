import type { Position, StoredEntry } from "../engine/shard-log.ts";
import { dataKeyIdOf, decodeEntry, entryIdentityOf, isEncoded, plainBytesOf } from "../records/entry-encoding.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { Shard } from "../streams/stream.ts";
import type { ShardServices } from "./shard-services.ts";

export interface DecodeLimit {
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
export function decodeEntries(
  services: ShardServices,
  of: { readonly revision: StreamRevision; readonly shard: Shard },
  entries: readonly StoredEntry[],
  limit: DecodeLimit,
): readonly StoredEntry[] | Promise<readonly StoredEntry[]> {
  return entries.some(({ body }) => isEncoded(body)) ? open(services, of, entries, limit) : entries;
}

async function open(
  services: ShardServices,
  { revision, shard }: { readonly revision: StreamRevision; readonly shard: Shard },
  entries: readonly StoredEntry[],
  { from, recordsMax, bytesMax }: DecodeLimit,
): Promise<readonly StoredEntry[]> {
  const opened: StoredEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const isFirst = opened.length === 0;
    if (!isFirst && entry.position - from >= recordsMax) break;
    try {
      bytes += isEncoded(entry.body) ? plainBytesOf(entry.body) : entry.body.length;
      if (!isFirst && bytes > bytesMax) break;
      opened.push(isEncoded(entry.body) ? await openOne(services, revision, shard, entry) : entry);
    } catch (error) {
      if (isFirst) throw error;
      break;
    }
  }
  return opened;
}

async function openOne(
  { keys }: ShardServices,
  revision: StreamRevision,
  shard: Shard,
  entry: StoredEntry,
): Promise<StoredEntry> {
  const ref = revision.ref(shard);
  const number = dataKeyIdOf(entry.body);
  const cipher =
    number === undefined
      ? undefined
      : (keys.cachedCipher(ref.streamId, number) ?? (await keys.cipher(revision, number)));
  return { ...entry, body: decodeEntry(entry.body, cipher, entryIdentityOf(ref, entry)) };
}
