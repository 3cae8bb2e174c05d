import type { SessionCipher } from "../../../cipher/session-cipher.ts";
import type { VersionedDocument, WatchEvent } from "../../document-store.ts";
import type { ShardRef } from "../../shard-log.ts";
import type { ContentAccess } from "../directory/content-cipher.ts";
import { groupHeaderBytes } from "../format/commit-group.ts";
import { decodeCreateLog, decodeDocument, decodeRetention } from "../format/control-body.ts";
import { decryptedBodyAt, FrameView, frameKind, frameKindAt, frameLogIdAt, framePositionAt } from "../format/frame.ts";
import { damaged } from "../io/damage.ts";
import { LogState } from "./log-state.ts";
import { StoredByteCounts } from "./stored-byte-counts.ts";
import { UnindexedEntries } from "./unindexed-entries.ts";
import { generationOf, type WalAddress } from "./wal-index.ts";

/** Holds parts of logs outside of the WAL (segments), and so follows which logs exist. */
export interface LogLifecycleListener {
  /** A log that was created or recovered; the listener may add what it holds of it. */
  attach(log: LogState): void;
  /** A log that was dropped. */
  detach(log: LogState): void;
}

/** A change of a document that is durable. */
export type DocumentChange = Exclude<WatchEvent, { readonly kind: "synced" }>;

/**
 * The state that the WAL describes: every shard log and every document, as of the last commit group applied. Recovery and
 * commit apply groups through the same function, so a restart has the state that was served before it.
 */
export class EngineState {
  readonly logs = new Map<number, LogState>();
  readonly documents = new Map<string, VersionedDocument>();
  readonly storedBytes = new StoredByteCounts();
  /** Stream id to shard index to log id. A key string for each shard would take more memory than the log of an idle shard. */
  readonly #logIds = new Map<string, Map<number, number>>();
  readonly #unindexedEntries = new UnindexedEntries();
  /** A cache: array of shards to the logs of these shards, by index. Cleared when a log is dropped. */
  #logsOfArray = new WeakMap<readonly ShardRef[], (LogState | undefined)[]>();
  /** The revision of the last change of any document. */
  revision = 0;
  nextLogId = 1;
  /** LSN of the last group applied. */
  lsn = 0;
  /** The latest `storedMs` of any entry. */
  lastStoredMs = 0;
  /** Control frames of groups up to this LSN are in the snapshot that was loaded; 0 without one. */
  knownThroughLsn = 0;
  /** Whether the last group was the marker of a clean close. */
  isCleanlyClosed = false;
  /** Bytes of control frames applied since this was last set to 0: what a new snapshot would save a recovery from replaying. */
  controlBytes = 0;
  /** Entries of WAL files up to this generation are in segments; 0: of none. */
  flushedThrough = 0;
  /** Whether WAL files contain entries of logs that were dropped. */
  hasDeadEntries = false;
  /** During recovery missing records are noted in `LogState.gap` and judged at its end. */
  isRecovering = false;

  readonly #cipher: SessionCipher | undefined;
  readonly #isClosed: boolean;
  #allocatedLogId = 0;
  #allocatedRevision = 0;
  #onDocument: (change: DocumentChange) => void = () => {};
  #listener: LogLifecycleListener | undefined;

  /** Without the key of an encrypted directory (`isClosed`) groups are counted, and their content stays unknown. */
  constructor({ cipher, isClosed }: Pick<ContentAccess, "cipher" | "isClosed">) {
    this.#cipher = cipher;
    this.#isClosed = isClosed;
  }

  /** Calls `onDocument` for each document that changes, in order. */
  watchDocuments(onDocument: (change: DocumentChange) => void): void {
    this.#onDocument = onDocument;
  }

  /** Attaches all present logs, and each later one. */
  setLifecycleListener(listener: LogLifecycleListener): void {
    this.#listener = listener;
    for (const log of this.logs.values()) this.#attach(log);
  }

  /** An id that no log has, durable or in flight. */
  allocateLogId(): number {
    this.#allocatedLogId = Math.max(this.#allocatedLogId + 1, this.nextLogId);
    return this.#allocatedLogId;
  }

  /** A revision above all others, durable or in flight. */
  allocateRevision(): number {
    this.#allocatedRevision = Math.max(this.#allocatedRevision, this.revision) + 1;
    return this.#allocatedRevision;
  }

  find(streamId: string, shardIndex: number): LogState | undefined {
    const id = this.#logIds.get(streamId)?.get(shardIndex);
    return id === undefined ? undefined : this.logs.get(id);
  }

  /** The log of a shard; undefined if there is none. */
  logOf({ streamId, shardIndex, placement }: ShardRef): LogState | undefined {
    const log = this.logs.get(Number(placement["log"]));
    return log?.streamId === streamId && log.shardIndex === shardIndex ? log : undefined;
  }

  /**
   * The cached logs of an array of shards that never changes, by index; the caller fills in those that it finds. Valid until
   * the next `await`.
   */
  cachedLogsOf(shards: readonly ShardRef[]): (LogState | undefined)[] {
    let logs = this.#logsOfArray.get(shards);
    if (logs === undefined) {
      logs = new Array<LogState | undefined>(shards.length).fill(undefined);
      this.#logsOfArray.set(shards, logs);
    }
    return logs;
  }

  addLog(log: LogState): void {
    this.logs.set(log.id, log);
    log.useUnindexedEntries(this.#unindexedEntries);
    log.counts = this.storedBytes.of(log.streamId);
    const ofStream = this.#logIds.get(log.streamId) ?? new Map<number, number>();
    this.#logIds.set(log.streamId, ofStream);
    ofStream.set(log.shardIndex, log.id);
    this.nextLogId = Math.max(this.nextLogId, log.id + 1);
    this.#attach(log);
  }

  /** Removes the entries in WAL files up to a generation from all indexes. */
  dropThrough(generation: number): void {
    this.#unindexedEntries.dropThrough(generation);
    for (const log of this.logs.values()) log.dropIndexThrough(generation);
    this.storedBytes.dropWalThrough(generation, (streamId) => this.#logIds.has(streamId));
  }

  /** Applies a verified group, which begins at `address`, then wakes the waiters of its logs. */
  applyGroup(group: Buffer, used: number, address: WalAddress, lsn: number): void {
    if (this.#isClosed) {
      // The marker is the only frame of its group.
      this.isCleanlyClosed = frameKindAt(group, groupHeaderBytes) === frameKind.cleanClose;
      this.lsn = lsn;
      return;
    }
    // A log may be in it more than once: waking it twice is cheaper than a set.
    const changed: LogState[] = [];
    const isKnown = lsn <= this.knownThroughLsn;
    const generation = generationOf(address);
    const isFlushed = generation <= this.flushedThrough;
    const frames = new FrameView(group);
    this.isCleanlyClosed = false;
    for (let at = groupHeaderBytes; at < used; at += frames.span(at)) {
      if (frames.kind(at) === frameKind.entry) {
        const log = this.#logOfEntry(frames.logId(at), lsn);
        if (log !== undefined) {
          const position = frames.position(at);
          const storedMs = frames.storedMs(at);
          if (!isFlushed) {
            const length = frames.length(at);
            this.#index(log, position, address + at, length, storedMs);
            log.counts?.addWal(generation, length);
          }
          this.#applyEntry(log, position + frames.count(at), storedMs, isFlushed);
          changed.push(log);
        }
      } else if (!isKnown) {
        this.#applyControl(group, at, { lsn, changed });
      }
    }
    this.lsn = lsn;
    for (const log of changed) log.wake();
  }

  #logOfEntry(id: number, lsn: number): LogState | undefined {
    const log = this.logs.get(id);
    if (log !== undefined) return log;
    if (lsn > this.knownThroughLsn) throw damaged(`group ${lsn} has an entry of an unknown log`);
    // The snapshot is newer than this group: the log was dropped before it.
    this.hasDeadEntries = true;
    return undefined;
  }

  #index(log: LogState, position: number, address: WalAddress, length: number, storedMs: number): void {
    if (position !== log.indexedEnd) {
      log.gap ??= `position ${log.indexedEnd} of log ${log.id} is missing`;
      // A flush leaves out the entries of dropped logs; in recovery the frame that drops the log may still follow.
      if (!this.isRecovering) throw damaged(log.gap);
    }
    // In recovery entries are indexed at once, so that the first read need not wait for all of them.
    if (this.isRecovering) log.indexEntry(position, address, length, storedMs);
    else log.addEntry(position, address, length, storedMs);
  }

  /** `end` is one past the entry's last record. */
  #applyEntry(log: LogState, end: number, storedMs: number, isFlushed: boolean): void {
    if (!isFlushed) log.indexedEnd = end;
    if (end > log.tip) log.tip = end;
    if (end > log.nextPosition) log.nextPosition = end;
    if (storedMs > log.durableStoredMs) log.durableStoredMs = storedMs;
    if (storedMs > log.lastStoredMs) log.lastStoredMs = storedMs;
    if (storedMs > this.lastStoredMs) this.lastStoredMs = storedMs;
  }

  #applyControl(
    group: Buffer,
    at: number,
    { lsn, changed }: { readonly lsn: number; readonly changed: LogState[] },
  ): void {
    const kind = frameKindAt(group, at);
    const body = decryptedBodyAt(group, at, this.#cipher);
    if (body === undefined) throw damaged(`group ${lsn} has a frame that the directory's key does not open`);
    const logId = frameLogIdAt(group, at);
    this.controlBytes += body.length;
    if (kind === frameKind.createLog) {
      const { shardIndex, streamId } = decodeCreateLog(body);
      this.addLog(new LogState(logId, this.#sharedStreamId(streamId), shardIndex));
      return;
    }
    if (kind === frameKind.putDocument || kind === frameKind.deleteDocument) {
      this.#applyDocument(kind, body, framePositionAt(group, at));
      return;
    }
    if (kind === frameKind.cleanClose) {
      this.isCleanlyClosed = true;
      return;
    }
    const log = this.logs.get(logId);
    if (log === undefined) throw damaged(`log ${logId} is named before it was made`);
    changed.push(log);
    if (kind === frameKind.sealLog) {
      if (framePositionAt(group, at) !== log.tip) throw damaged(`log ${logId} was sealed at another end`);
      log.sealedBy = body.toString("utf8");
    } else if (kind === frameKind.dropLog) {
      this.#applyDrop(log);
    } else if (kind === frameKind.retention) {
      log.retentionMs = decodeRetention(body);
    } else {
      throw damaged(`a frame of kind ${kind} is unknown`);
    }
  }

  /** The same string as other logs of the stream have, to hold it in memory once. */
  #sharedStreamId(streamId: string): string {
    const [logId = 0] = this.#logIds.get(streamId)?.values() ?? [];
    return this.logs.get(logId)?.streamId ?? streamId;
  }

  #applyDrop(log: LogState): void {
    log.pendingDrop ??= Promise.resolve();
    if (log.index.count > 0) this.hasDeadEntries = true;
    this.#listener?.detach(log);
    if (log.counts !== undefined) {
      log.counts.segmentBytes -= log.extents.dataBytes;
      log.counts.indexBytes -= log.extents.byteLength + log.index.byteLength;
    }
    this.logs.delete(log.id);
    this.#logsOfArray = new WeakMap();
    // A new log of the shard may have been created while this one was being dropped.
    const ofStream = this.#logIds.get(log.streamId);
    if (ofStream?.get(log.shardIndex) === log.id) ofStream.delete(log.shardIndex);
    if (ofStream?.size === 0) this.#logIds.delete(log.streamId);
  }

  #attach(log: LogState): void {
    this.#listener?.attach(log);
    this.lastStoredMs = Math.max(this.lastStoredMs, log.lastStoredMs);
  }

  #applyDocument(kind: number, body: Buffer, revision: number): void {
    const { key, value } = decodeDocument(body);
    this.revision = revision;
    if (kind === frameKind.deleteDocument) {
      this.documents.delete(key);
      this.#onDocument({ kind: "delete", key, revision: BigInt(revision) });
      return;
    }
    // A copy: the memory of the group is reused.
    const document = { key, value: Uint8Array.from(value), revision: BigInt(revision) };
    this.documents.set(key, document);
    this.#onDocument({ kind: "put", document });
  }
}
