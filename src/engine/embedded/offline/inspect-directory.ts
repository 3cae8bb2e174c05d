import type { VersionedDocument } from "../../document-store.ts";
import { openReadOnly } from "../directory/data-directory.ts";
import type { RootKeyProvider } from "../directory/root-key-provider.ts";
import { formatVersionOf } from "../format/format-file.ts";
import { segmentFileName } from "../format/segment-file.ts";
import { walFileName } from "../format/wal-file.ts";
import type { Disk } from "../io/disk.ts";
import { writeDiscardingDisk } from "../io/write-discarding-disk.ts";
import { recover } from "../recovery/recover.ts";
import type { LogState } from "../state/log-state.ts";

/** A longer value is shown by its length only. */
const documentTextBytesMax = 64 * 1024;

/**
 * Describes what a data directory holds, as a value for JSON; changes nothing. For an encrypted directory without keys, `logs`
 * and `catalog` are null. Rejects with `DataDirectoryError` if there is no data directory, if a server has it open or if
 * `keys` are not its keys, and with `EngineError("corrupt")` if a server would not open it.
 */
export async function inspectDirectory(disk: Disk, path: string, keys?: RootKeyProvider | undefined): Promise<object> {
  const looking = writeDiscardingDisk(disk);
  const directory = await openReadOnly(looking, path, keys);
  try {
    const { state, walFiles, segments, findings } = await recover(looking, directory);
    const { format, isClosed } = directory;
    const { number, flushedThrough, oldestGeneration, nextSegmentId, starts } = segments.manifest;
    return {
      format: {
        version: formatVersionOf(format),
        encrypted: format.isEncrypted === true,
        directoryId: format.identity.directoryId.toString("hex"),
        madeAt: new Date(format.madeMs).toISOString(),
        devClock: format.devClock,
      },
      findings,
      wal: {
        lastLsn: state.lsn,
        cleanlyClosed: state.isCleanlyClosed,
        files: walFiles.map((file) => ({ file: `wal/${walFileName(file.generation)}`, ...file })),
      },
      manifest: { number, flushedThrough, oldestGeneration, nextSegmentId, starts: Object.fromEntries(starts) },
      segments: [...segments.segments].map((segment) => ({
        file: `segments/${segmentFileName(segment.id)}`,
        ...segment,
        // What counts in a segment is known from the logs only.
        ...(isClosed ? { liveBytes: null, lastMs: null } : {}),
      })),
      snapshotLsn: state.knownThroughLsn,
      logs: isClosed ? null : [...state.logs.values()].map(describeLog),
      catalog: isClosed ? null : [...state.documents.values()].map(describeDocument),
    };
  } finally {
    await directory.lock.release();
  }
}

function describeLog(log: LogState): object {
  const { id, streamId, shardIndex, oldest, tip, durableStoredMs, retentionMs, sealedBy, extents, index } = log;
  return {
    id,
    streamId,
    shardIndex,
    oldest,
    tip,
    lastStoredAt: durableStoredMs === 0 ? null : new Date(durableStoredMs).toISOString(),
    retentionMs,
    sealedBy: sealedBy ?? null,
    inSegments: extents.all().map(({ segmentId, position, end, length }) => ({
      file: `segments/${segmentFileName(segmentId)}`,
      position,
      end,
      bytes: length,
    })),
    inWal: { from: index.count === 0 ? null : index.positionAt(0), entries: index.count },
  };
}

function describeDocument({ key, revision, value }: VersionedDocument): object {
  return {
    key,
    revision: Number(revision),
    bytes: value.byteLength,
    value: describeValue(Buffer.from(value)),
  };
}

/** The stream documents are JSON; any other value is shown as text, or in base64 if it is not text. */
function describeValue(value: Buffer): unknown {
  if (value.length > documentTextBytesMax) return `${value.length} bytes`;
  const text = value.toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    return text.includes("\ufffd") ? value.toString("base64") : text;
  }
}
