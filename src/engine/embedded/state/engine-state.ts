import type { SessionCipher } from "../../../cipher/session-cipher.ts";
import type { VersionedDocument, WatchEvent } from "../../document-store.ts";
import type { ShardRef } from "../../shard-log.ts";
import type { DirectoryContents } from "../directory/directory-cipher.ts";
import { groupHeaderBytes } from "../format/commit-group.ts";
import { decodeCreateLog, decodeDocument, decodeRetention } from "../format/control-body.ts";
import { clearBodyAt, FrameView, frameKind, frameKindAt, frameLogIdAt, framePositionAt } from "../format/frame.ts";
import { damaged } from "../io/damage.ts";
import { generationOf, type WalAddress } from "./log-index.ts";
import { LogState } from "./log-state.ts";
import { PendingIndex } from "./pending-index.ts";

/** Whoever holds parts of logs outside of the log: told of logs that come and go. */
export interface LogLifecycleListener {
  /** A log that was just made, or found: may give it what is kept of it. */
  attach(log: LogState): void;
  /** A log that was dropped. */
  detach(log: LogState): void;
}

/** A catalog change that just became durable. */
export type DocumentChange = Exclude<WatchEvent, { readonly kind: "synced" }>;

/**
 * What the log says: every shard's log and every document, as of the last group applied. Recovery and commit apply groups
 * through the same function, so a restart cannot come to another state than the one that was served.
 */
export class EngineState {
  readonly logs = new Map<number, LogState>();
  readonly documents = new Map<string, VersionedDocument>();
  /** From stream to shard index to log: a text for each shard would cost more than all else that is known of an idle one. */
  readonly #logIds = new Map<string, Map<number, number>>();
  readonly #unindexed = new PendingIndex();
  /** What was found behind shards, by their place in an array of them. Forgotten whole when a log goes. */
  #found = new WeakMap<readonly ShardRef[], (LogState | undefined)[]>();
  /** Of the last change of any document. */
  revision = 0;
  nextLogId = 1;
  /** The last group applied. */
  lsn = 0;
  /** The latest time that any entry carries. */
  lastStoredMs = 0;
  /** Control frames at or below it are known from a snapshot; 0 without one. */
  knownThroughLsn = 0;
  /** Whether the last group was the marker of a clean close. */
  isCleanlyClosed = false;
  /** Bytes of control frames applied since this was last set to 0; what a snapshot would save replaying. */
  controlBytes = 0;
  /** Entries in files up to this generation are in segments; 0: none are. */
  flushedThrough = 0;
  /** Whether the log's files hold entries of logs that are gone. */
  hasDeadEntries = false;
  /** Whether groups are being read back: what a log lacks is judged at the end. */
  isRecovering = false;

  readonly #cipher: SessionCipher | undefined;
  readonly #isClosed: boolean;
  #givenLogId = 0;
  #givenRevision = 0;
  #onDocument: (change: DocumentChange) => void = () => {};
  #keeper: LogLifecycleListener | undefined;

  /** Of whoever looks without the key, it knows the groups and nothing of what they say. */
  constructor({ cipher, isClosed }: Pick<DirectoryContents, "cipher" | "isClosed">) {
    this.#cipher = cipher;
    this.#isClosed = isClosed;
  }

  /** Told of every document that changes, in order. */
  watchDocuments(onDocument: (change: DocumentChange) => void): void {
    this.#onDocument = onDocument;
  }

  /** Attaches all logs there are, and those to come. */
  keepWith(keeper: LogLifecycleListener): void {
    this.#keeper = keeper;
    for (const log of this.logs.values()) this.#attach(log);
  }

  /** An id that no log has, durable or on its way. */
  giveLogId(): number {
    this.#givenLogId = Math.max(this.#givenLogId + 1, this.nextLogId);
    return this.#givenLogId;
  }

  /** A revision above all others, durable or on their way. */
  giveRevision(): number {
    this.#givenRevision = Math.max(this.#givenRevision, this.revision) + 1;
    return this.#givenRevision;
  }

  find(streamId: string, shardIndex: number): LogState | undefined {
    const id = this.#logIds.get(streamId)?.get(shardIndex);
    return id === undefined ? undefined : this.logs.get(id);
  }

  /** The log of a shard; undefined if there is none. */
  behind({ streamId, shardIndex, placement }: ShardRef): LogState | undefined {
    const log = this.logs.get(Number(placement["log"]));
    return log?.streamId === streamId && log.shardIndex === shardIndex ? log : undefined;
  }

  /**
   * What is known behind each of some shards that never change; who finds more puts it there. Good until something is
   * awaited.
   */
  knownBehind(shards: readonly ShardRef[]): (LogState | undefined)[] {
    let known = this.#found.get(shards);
    if (known === undefined) {
      known = new Array<LogState | undefined>(shards.length).fill(undefined);
      this.#found.set(shards, known);
    }
    return known;
  }

  addLog(log: LogState): void {
    this.logs.set(log.id, log);
    log.shareUnindexed(this.#unindexed);
    const ofStream = this.#logIds.get(log.streamId) ?? new Map<number, number>();
    this.#logIds.set(log.streamId, ofStream);
    ofStream.set(log.shardIndex, log.id);
    this.nextLogId = Math.max(this.nextLogId, log.id + 1);
    this.#attach(log);
  }

  /** Forgets where entries lie in files up to a generation. */
  dropThrough(generation: number): void {
    this.#unindexed.dropThrough(generation);
    for (const log of this.logs.values()) log.dropIndexed(generation);
  }

  /** Applies a verified group that stands at `address`; then wakes whoever waits for one of its logs. */
  applyGroup(group: Buffer, used: number, address: WalAddress, lsn: number): void {
    if (this.#isClosed) {
      // The marker is the only frame of its group.
      this.isCleanlyClosed = frameKindAt(group, groupHeaderBytes) === frameKind.cleanClose;
      this.lsn = lsn;
      return;
    }
    // With one entry for each of a thousand logs a set would cost more than waking a log twice.
    const changed: LogState[] = [];
    const isKnown = lsn <= this.knownThroughLsn;
    const isSealed = generationOf(address) <= this.flushedThrough;
    const frames = new FrameView(group);
    this.isCleanlyClosed = false;
    for (let at = groupHeaderBytes; at < used; at += frames.span(at)) {
      if (frames.kind(at) === frameKind.entry) {
        const log = this.#livingLog(frames.logId(at), lsn);
        if (log !== undefined) {
          const position = frames.position(at);
          const storedMs = frames.storedMs(at);
          if (!isSealed) this.#index(log, position, address + at, frames.length(at), storedMs);
          this.#applyEntry(log, position + frames.count(at), storedMs, isSealed);
          changed.push(log);
        }
      } else if (!isKnown) {
        this.#applyControl(group, at, { lsn, changed });
      }
    }
    this.lsn = lsn;
    for (const log of changed) log.wake();
  }

  #livingLog(id: number, lsn: number): LogState | undefined {
    const log = this.logs.get(id);
    if (log !== undefined) return log;
    if (lsn > this.knownThroughLsn) throw damaged(`group ${lsn} has an entry of an unknown log`);
    // The snapshot knows that this log was dropped later on.
    this.hasDeadEntries = true;
    return undefined;
  }

  #index(log: LogState, position: number, address: WalAddress, length: number, storedMs: number): void {
    if (position !== log.indexedEnd) {
      log.gap ??= `position ${log.indexedEnd} of log ${log.id} is missing`;
      // Sealing leaves behind what was dropped by then; the frame that says so is still to come.
      if (!this.isRecovering) throw damaged(log.gap);
    }
    // The first to read must not wait for all that was recovered.
    if (this.isRecovering) log.indexEntry(position, address, length, storedMs);
    else log.addEntry(position, address, length, storedMs);
  }

  /** `end` is one past the entry's last record. */
  #applyEntry(log: LogState, end: number, storedMs: number, isSealed: boolean): void {
    if (!isSealed) log.indexedEnd = end;
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
    const body = clearBodyAt(group, at, this.#cipher);
    if (body === undefined) throw damaged(`group ${lsn} has a frame that the directory's key does not open`);
    const logId = frameLogIdAt(group, at);
    this.controlBytes += body.length;
    if (kind === frameKind.createLog) {
      const { shardIndex, streamId } = decodeCreateLog(body);
      this.addLog(new LogState(logId, this.#oneCopyOf(streamId), shardIndex));
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

  /** The id as another log of the stream has it in memory already. */
  #oneCopyOf(streamId: string): string {
    const [logId = 0] = this.#logIds.get(streamId)?.values() ?? [];
    return this.logs.get(logId)?.streamId ?? streamId;
  }

  #applyDrop(log: LogState): void {
    log.dropping ??= Promise.resolve();
    if (log.index.count > 0) this.hasDeadEntries = true;
    this.#keeper?.detach(log);
    this.logs.delete(log.id);
    this.#found = new WeakMap();
    // Its successor may have been made while it was being dropped.
    const ofStream = this.#logIds.get(log.streamId);
    if (ofStream?.get(log.shardIndex) === log.id) ofStream.delete(log.shardIndex);
    if (ofStream?.size === 0) this.#logIds.delete(log.streamId);
  }

  #attach(log: LogState): void {
    this.#keeper?.attach(log);
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
    // A copy: the group's memory is used again.
    const document = { key, value: Uint8Array.from(value), revision: BigInt(revision) };
    this.documents.set(key, document);
    this.#onDocument({ kind: "put", document });
  }
}
