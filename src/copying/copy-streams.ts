import type { CopyTarget } from "../engine/copied-log.ts";
import type { VersionedDocument } from "../engine/document-store.ts";
import type { Engine } from "../engine/engine.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { Position, ShardRef, StoredEntry } from "../engine/shard-log.ts";
import { gatewayDocumentPrefix } from "../gateways/shared-documents.ts";
import { isOriginEntry } from "../queues/log/state-entry.ts";
import { firstGeneration, stateLogRef } from "../queues/state-log-ref.ts";
import { retentionMs } from "../streams/retention-window.ts";
import type { Shard, Stream, StreamQueue } from "../streams/stream.ts";
import { decodeStream, encodeStream, streamDocumentPrefix } from "../streams/stream-document.ts";
import { digestOf, isCopyNote, readCopyNote, writeCopyNote } from "./copy-note.ts";

/** Read and stored at once. */
const pageLimit = { entriesMax: 4_096, bytesMax: 4 * 1024 * 1024 };
/** The target is full for a moment while it moves what was stored to its place. */
const throttledMsMax = 60_000;
const throttledPauseMs = 50;

export interface CopyCounts {
  streams: number;
  shards: number;
  queues: number;
  documents: number;
  records: number;
  bytes: number;
}

export interface CopySource extends Pick<Engine, "log" | "documents" | "densePositions"> {}

export interface CopyDestination extends Pick<Engine, "documents" | "densePositions" | "limits"> {
  readonly log: CopyTarget;
}

/** A stream, and where its logs end in the source: those of its shards, and the state logs of its queues. */
interface StreamCopy {
  readonly key: string;
  readonly stream: Stream;
  readonly ends: readonly Position[];
  readonly queueEnds: readonly Position[];
}

/**
 * Copies all documents and logs, with their positions and times, so that sequence numbers stay. Nothing else uses source and
 * target meanwhile. May be interrupted at any moment and called again. Rejects with `EngineError` and a sentence if the
 * target has something else, if it cannot hold what the source has, or if the source has changed since an interrupted copy.
 */
export async function copyStreams(
  source: CopySource,
  target: CopyDestination,
  counts: CopyCounts,
  onProgress: () => void,
): Promise<void> {
  const documents = (await source.documents.list("")).filter((document) => isCopied(document));
  const streams: StreamCopy[] = [];
  for (const document of documents) {
    if (document.key.startsWith(streamDocumentPrefix)) streams.push(await streamCopyOf(source, document));
  }
  const before = await readCopyNote(source.documents);
  if (before?.note.state === "copying")
    throw refusal("The source itself is an interrupted copy: finish that one first.");
  const hasGaps = !source.densePositions || before?.note.hasGaps === true;
  const digest = digestOf(
    documents,
    streams.flatMap(({ ends, queueEnds }) => [...ends, ...queueEnds].map(String)),
  );
  const revision = await beginCopy(target, { digest, hasGaps });
  const placed = new Map<string, Uint8Array>();
  for (const copy of streams) {
    placed.set(copy.key, await copyStream(source, target, copy, { counts, onProgress }));
    counts.streams += 1;
  }
  // Streams are seen when all of their records are there.
  for (const { key, value } of documents) await putDocument(target, key, placed.get(key) ?? value);
  counts.documents = documents.length;
  await writeCopyNote(target.documents, { v: 1, state: "done", source: digest, hasGaps }, revision);
}

/** Documents of gateways are about those that run. */
function isCopied(document: VersionedDocument): boolean {
  return !document.key.startsWith(gatewayDocumentPrefix) && !isCopyNote(document);
}

async function streamCopyOf({ log }: CopySource, { key, value }: VersionedDocument): Promise<StreamCopy> {
  const stream = decodeStream(value);
  const tipOf = async (ref: ShardRef) => (await ifExists(log.seek(ref, { at: "newest" }))) ?? 1n;
  const ends: Position[] = [];
  for (const shard of stream.shards) {
    const tip = await tipOf(refOf(stream, shard));
    const end = shard.closed?.end ?? 1n;
    ends.push(end > tip ? end : tip);
  }
  const queueEnds: Position[] = [];
  for (const queue of stream.queues ?? [])
    queueEnds.push(queue.stateLog === undefined ? 1n : await tipOf(stateLogRef(queue)));
  return { key, stream, ends, queueEnds };
}

/** A stream that is being deleted may have lost some of its logs. */
async function ifExists<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof EngineError && error.kind === "not_found") return undefined;
    throw error;
  }
}

/** Notes the copy in an empty target, or finds its note. Returns the note's revision. */
async function beginCopy(
  { documents }: CopyDestination,
  { digest, hasGaps }: { readonly digest: string; readonly hasGaps: boolean },
): Promise<bigint> {
  const found = await readCopyNote(documents);
  if (found === undefined) {
    if ((await documents.list("")).length > 0) throw refusal("The target is not empty. Nothing was changed in it.");
    return await writeCopyNote(documents, { v: 1, state: "copying", source: digest, hasGaps }, 0n);
  }
  if (found.note.state === "done")
    throw refusal("The target is not empty: an earlier copy is complete. Nothing was changed.");
  if (found.note.source !== digest) {
    throw refusal(
      "The target has an interrupted copy of something else, or the source has changed since. Nothing was changed. Empty the target and copy again.",
    );
  }
  return found.revision;
}

interface LogProgress {
  readonly counts: Pick<CopyCounts, "records" | "bytes">;
  readonly onProgress: () => void;
}

interface Progress extends LogProgress {
  readonly counts: CopyCounts;
}

/** Copies the logs of a stream. Resolves with its document for the target. */
async function copyStream(
  source: CopySource,
  target: CopyDestination,
  { stream, ends, queueEnds }: StreamCopy,
  progress: Progress,
): Promise<Uint8Array> {
  const openShardCount = stream.shards.filter(({ closed }) => closed === undefined).length;
  const copiedBelow = ends.reduce((max, end) => (end > max ? end : max), 1n);
  const shards: Shard[] = [];
  for (const [index, shard] of stream.shards.entries()) {
    const hint = { openShardCount, copiedBelow };
    const to = await target.log.createShard(stream.id, shard.index, hint);
    const log = { from: refOf(stream, shard), to, end: ends[index] ?? 1n };
    await copyLog(source, target, log, progress);
    if (shard.closed !== undefined) await target.log.seal(to, "copy");
    shards.push({ ...shard, placement: to.placement });
    progress.counts.shards += 1;
  }
  const refs = shards.map((shard) => refOf(stream, shard));
  if (refs.length > 0) await target.log.setRetention(stream.id, refs, retentionMs(stream.retentionHours));
  if (stream.queues === undefined) return encodeStream({ ...stream, shards });
  const queues: StreamQueue[] = [];
  for (const [index, queue] of stream.queues.entries())
    queues.push(await copyQueue(source, target, { queue, end: queueEnds[index] ?? 1n }, progress));
  return encodeStream({ ...stream, shards, queues });
}

/** Copies the state log of a queue. Resolves with the queue's row for the target. */
async function copyQueue(
  source: CopySource,
  target: CopyDestination,
  { queue, end }: { readonly queue: StreamQueue; readonly end: Position },
  { counts, onProgress }: Progress,
): Promise<StreamQueue> {
  if (queue.stateLog === undefined) return queue;
  const to = await target.log.createShard(queue.id, firstGeneration, { openShardCount: 1, copiedBelow: end });
  // The generation before is none of the target's.
  const isLeftOut = ({ body }: StoredEntry): boolean => isOriginEntry(body);
  // Its entries are not records.
  const changes = { records: 0, bytes: 0 };
  await copyLog(source, target, { from: stateLogRef(queue), to, end, isLeftOut }, { counts: changes, onProgress });
  counts.queues += 1;
  return { ...queue, stateLog: { generation: firstGeneration, placement: to.placement } };
}

interface LogCopy {
  readonly from: ShardRef;
  readonly to: ShardRef;
  readonly end: Position;
  /** Default: no entry is. */
  readonly isLeftOut?: (entry: StoredEntry) => boolean;
}

async function copyLog(
  source: CopySource,
  { log, limits }: CopyDestination,
  { from, to, end, isLeftOut = () => false }: LogCopy,
  { counts, onProgress }: LogProgress,
): Promise<void> {
  for (let next = await log.copiedEnd(to); next < end; ) {
    const page = await ifExists(source.log.read(from, next, pageLimit));
    if (page === undefined) return;
    const entries = page.entries.filter((entry) => !isLeftOut(entry));
    const large = entries.find(({ body }) => body.length > limits.entryBytesMax);
    if (large !== undefined) {
      throw refusal(
        `An entry of ${large.body.length} bytes is over the target's limit of ${limits.entryBytesMax} bytes.`,
      );
    }
    const isAtEnd = page.entries.length === 0;
    await whenNotThrottled(() => log.appendCopied(to, entries, isAtEnd && end > page.next ? end : page.next));
    counts.records += entries.reduce((sum, { count }) => sum + count, 0);
    counts.bytes += entries.reduce((sum, { body }) => sum + body.length, 0);
    onProgress();
    page.lease?.[Symbol.dispose]();
    if (isAtEnd) return;
    next = page.next;
  }
}

async function whenNotThrottled(store: () => Promise<void>): Promise<void> {
  const giveUpAt = performance.now() + throttledMsMax;
  for (;;) {
    try {
      return await store();
    } catch (error) {
      if (!(error instanceof EngineError && error.kind === "throttled") || performance.now() > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, throttledPauseMs));
    }
  }
}

/** What an interrupted copy has put before is the same. */
async function putDocument({ documents }: CopyDestination, key: string, value: Uint8Array): Promise<void> {
  const known = await documents.get(key);
  if (known !== undefined && Buffer.compare(known.value, value) === 0) return;
  await documents.compareAndSwap(key, value, known?.revision ?? 0n);
}

function refOf({ id }: Stream, { index, placement }: Shard): ShardRef {
  return { streamId: id, shardIndex: index, placement };
}

function refusal(sentence: string): EngineError {
  return new EngineError("unavailable", sentence);
}
