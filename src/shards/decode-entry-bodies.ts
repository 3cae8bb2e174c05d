import type { Position, StoredEntry } from "../engine/shard-log.ts";
import { decodedLengthOf, decodeEntry, entryIdentityOf, isEncoded, keyNumberOf } from "../records/entry-encoding.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { Shard } from "../streams/stream.ts";
import type { ShardServices } from "./shard-services.ts";

export interface DecodedBodiesLimit {
  /** The position that the reader begins at, within the first entry. */
  readonly from: Position;
  readonly recordsMax: number;
  /** Bytes of decoded bodies; soft: one entry is decoded whatever its size. */
  readonly bytesMax: number;
}

/**
 * Entries with their bodies decrypted and decompressed, as many from the first on as the limit allows. Their decoded sizes
 * count, since compressed entries may be small in storage and large in memory. When one cannot be decoded those before it
 * are returned, and the next read throws. Errors: KeyError, EngineError of kind `corrupt`.
 */
export function decodeEntryBodies(
  services: ShardServices,
  of: { readonly revision: StreamRevision; readonly shard: Shard },
  entries: readonly StoredEntry[],
  limit: DecodedBodiesLimit,
): readonly StoredEntry[] | Promise<readonly StoredEntry[]> {
  return entries.some(({ body }) => isEncoded(body)) ? decodeAll(services, of, entries, limit) : entries;
}

async function decodeAll(
  services: ShardServices,
  { revision, shard }: { readonly revision: StreamRevision; readonly shard: Shard },
  entries: readonly StoredEntry[],
  { from, recordsMax, bytesMax }: DecodedBodiesLimit,
): Promise<readonly StoredEntry[]> {
  const decoded: StoredEntry[] = [];
  let bytes = 0;
  // Counted, because positions may have gaps. Less those before the reader in the first entry.
  let recordCount = -skippedRecords(entries[0], from);
  try {
    for (const entry of entries) {
      bytes += decodedBytes(entry);
      const isBeyond = recordCount >= recordsMax || bytes > bytesMax;
      if (isBeyond && decoded.length > 0) break;
      recordCount += entry.count;
      decoded.push(await decodeOne(services, revision, shard, entry));
    }
  } catch (error) {
    if (decoded.length === 0) throw error;
  }
  return decoded;
}

function skippedRecords(first: StoredEntry | undefined, from: Position): number {
  return first === undefined || first.position >= from ? 0 : Number(from - first.position);
}

function decodedBytes({ body }: StoredEntry): number {
  return isEncoded(body) ? decodedLengthOf(body) : body.length;
}

async function decodeOne(
  { keys }: ShardServices,
  revision: StreamRevision,
  shard: Shard,
  entry: StoredEntry,
): Promise<StoredEntry> {
  if (!isEncoded(entry.body)) return entry;
  const ref = revision.ref(shard);
  const number = keyNumberOf(entry.body);
  const cipher =
    number === undefined
      ? undefined
      : (keys.cachedCipher(ref.streamId, number) ?? (await keys.cipher(revision, number)));
  return { ...entry, body: decodeEntry(entry.body, cipher, entryIdentityOf(ref, entry)) };
}
