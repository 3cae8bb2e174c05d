import assert from "node:assert/strict";
import { groupCommitted } from "../../../telemetry/diagnostic-events.ts";
import type { Clock } from "../../../time/clock.ts";
import { EngineError } from "../../engine-error.ts";
import type { ContentAccess } from "../directory/content-cipher.ts";
import { closeGroup, groupHeaderBytes, paddedLength } from "../format/commit-group.ts";
import {
  type BodySlice,
  encryptedOverheadBytes,
  type FrameHeader,
  frameSpan,
  wholeSlice,
  writeFrame,
} from "../format/frame.ts";
import { errorCode } from "../io/disk.ts";
import type { EngineState } from "../state/engine-state.ts";
import type { WalAddress } from "../state/wal-index.ts";
import type { TailWindow } from "./tail-window.ts";
import type { WalWriter } from "./wal-writer.ts";

/** Waits for frames to become durable. */
export interface PendingWrite {
  /** Called once for each of its frames, in the order of the WAL; `failure` is undefined for a durable one. */
  complete(failure: EngineError | undefined): void;
}

/** The part of the WAL writer that writes commit groups. */
export type GroupWriter = Pick<WalWriter, "generation" | "hasRoomFor" | "beginFile" | "append">;

export interface GroupCommitOptions {
  /** `groupMemoryBytes()` of `allocate()`, owned by the group commit from now on; its content does not matter. */
  readonly memory: Buffer;
  readonly wal: GroupWriter;
  readonly state: EngineState;
  readonly window: TailWindow;
  readonly contents: ContentAccess;
  readonly clock: Clock;
  /** Bytes of each of the three buffers, and so of a group. */
  readonly groupBytesMax: number;
  /** Bytes of frames that may wait in the queue. */
  readonly queueBytesMax: number;
  /** A smaller group waits until the group before it is durable, and takes more frames meanwhile. */
  readonly secondGroupBytesMin: number;
  /** Called after each group that is durable and applied. */
  readonly onCommitted: () => void;
  /** Called at the first failed write. */
  readonly onStopped?: (failure: EngineError) => void;
}

/** One commit group, from its first frame until its writers are called back. Its buffer is reused. */
interface Group {
  readonly buffer: Buffer;
  used: number;
  /** The writer of each frame. */
  writers: PendingWrite[];
  startedMs: number;
  lsn: number;
  /** Set when its bytes are durable. */
  written: { readonly address: WalAddress; readonly bytes: Buffer } | undefined;
  /** Set when its write has failed. */
  failure: EngineError | undefined;
}

interface QueuedFrame {
  readonly head: FrameHeader;
  readonly body: BodySlice;
  readonly writer: PendingWrite;
}

/** A disk serves two requests in little more time than one. */
const groupsInFlightMax = 2;
/** Ticks of the event loop for which a group waits while each of them brings frames. */
const extraTicksMax = 2;
/** A larger group is written at the end of its tick: what its write costs is the bytes, no longer the call. */
const waitingGroupBytesMax = 64 * 1024;

/** Buffers of the groups in flight and of the one that is being filled. */
export function groupMemoryBytes(groupBytesMax: number): number {
  return (groupsInFlightMax + 1) * groupBytesMax;
}

/**
 * Collects frames of all shard logs and documents into commit groups, writes each group with one sync, applies it to the
 * state, and calls its writers back, all in the order of submission. Frames that arrive while groups are being written form
 * the next group; there is no timer, but a small group waits while ticks of the event loop bring more frames. Two groups may
 * be in flight: if the second is durable first, it waits for the first.
 *
 * After the first I/O error nothing is retried: frames in flight fail as `indeterminate`, all others as `unavailable`.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  /** Bytes that encryption adds to a body. */
  readonly #overheadBytes: number;
  /** Takes new frames. */
  #filling: Group;
  /** Being written, in the order of LSNs. */
  readonly #inFlight: Group[] = [];
  readonly #free: Group[] = [];
  /** Writes in flight; more than groups in flight once one has failed. */
  #writeCount = 0;
  #queue: QueuedFrame[] = [];
  #queuedBytes = 0;
  #isBeginningFile = false;
  #isScheduled = false;
  #failure: EngineError | undefined;
  #drainWaiters: (() => void)[] = [];
  #groupCount = 0;
  #syncMs = 0;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#overheadBytes = options.contents.cipher === undefined ? 0 : encryptedOverheadBytes;
    const { memory, groupBytesMax } = options;
    for (let at = 0; at < memory.length; at += groupBytesMax) {
      this.#free.push(emptyGroup(memory.subarray(at, at + groupBytesMax)));
    }
    this.#filling = this.#takeFree();
  }

  get failure(): EngineError | undefined {
    return this.#failure;
  }

  /** Bytes of frames that are submitted and not durable. */
  get pendingBytes(): number {
    let bytes = this.#queuedBytes + (this.#filling.writers.length === 0 ? 0 : paddedLength(this.#filling.used));
    for (const { used } of this.#inFlight) bytes += paddedLength(used);
    return bytes;
  }

  get groupCount(): number {
    return this.#groupCount;
  }

  get syncMs(): number {
    return this.#syncMs;
  }

  /** Bytes of a frame in a group: header, body of `bodyBytes` bytes, encryption and gap. */
  spanOf(bodyBytes: number): number {
    return frameSpan(bodyBytes + this.#overheadBytes);
  }

  /** Whether a frame of that span fits any group. */
  fitsGroup(bytes: number): boolean {
    return bytes <= this.#options.groupBytesMax - groupHeaderBytes;
  }

  /** Whether frames of that span together may be submitted now. */
  canQueue(bytes: number): boolean {
    const freeBytes = this.#queue.length > 0 ? 0 : this.#options.groupBytesMax - this.#filling.used;
    return bytes <= freeBytes + this.#options.queueBytesMax - this.#queuedBytes;
  }

  /** Copies header and body before it returns. Call it only without a failure and when `canQueue()` is true. */
  submit(head: FrameHeader, body: BodySlice, writer: PendingWrite): void {
    assert(this.#failure === undefined, "nothing is submitted after a failure");
    const span = this.spanOf(body.to - body.from);
    assert(this.fitsGroup(span), "a frame fits a group");
    if (this.#queue.length > 0 || !this.#fits(span)) {
      const copy = Buffer.from(body.bytes.subarray(body.from, body.to));
      this.#queue.push({ head: { ...head }, body: wholeSlice(copy), writer });
      this.#queuedBytes += span;
    } else {
      this.#add(head, body, writer);
    }
    this.#schedule();
  }

  /**
   * Ends all writing: frames in flight fail as `indeterminate`, all others with `failure`, also where their bytes become
   * durable. Does nothing after a failure.
   */
  stop(failure: EngineError): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#options.onStopped?.(failure);
    this.#fail(new EngineError("indeterminate", failure.message, { cause: failure }));
    this.#resolveDrains();
  }

  /** Resolves when all submitted frames are durable or have failed. */
  drain(): Promise<void> {
    if (this.#isDrained()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drainWaiters.push(resolve);
    });
  }

  #isDrained(): boolean {
    return this.#writeCount === 0 && this.#filling.writers.length === 0 && this.#queue.length === 0;
  }

  #fits(span: number): boolean {
    return this.#filling.used + span <= this.#options.groupBytesMax;
  }

  #add(head: FrameHeader, body: BodySlice, writer: PendingWrite): void {
    const filling = this.#filling;
    const { identity, cipher } = this.#options.contents;
    filling.used = writeFrame(filling.buffer, filling.used, head, body, identity.seed, cipher);
    filling.writers.push(writer);
  }

  /** Flushes after the first event loop tick that brings no frame, so that requests that arrive together share a group. */
  #schedule(): void {
    if (this.#isScheduled || !this.#mayWrite()) return;
    this.#isScheduled = true;
    this.#flushWhenQuiet(0, extraTicksMax);
  }

  /** @param used of the group at the end of the tick before; 0 for none */
  #flushWhenQuiet(used: number, ticksMax: number): void {
    setImmediate(() => {
      const usedNow = this.#filling.used;
      if (ticksMax > 0 && usedNow > used && usedNow < waitingGroupBytesMax) {
        this.#flushWhenQuiet(usedNow, ticksMax - 1);
      } else {
        this.#isScheduled = false;
        this.#flush();
      }
    });
  }

  #mayWrite(): boolean {
    const { used, writers } = this.#filling;
    if (writers.length === 0 || this.#failure !== undefined || this.#isBeginningFile) return false;
    if (this.#inFlight.length === 0) return true;
    const { secondGroupBytesMin, wal } = this.#options;
    // A new file is begun only when all groups before it are durable: its header claims that.
    return (
      this.#inFlight.length < groupsInFlightMax && used >= secondGroupBytesMin && wal.hasRoomFor(paddedLength(used))
    );
  }

  #flush(): void {
    while (this.#mayWrite()) {
      const group = this.#filling;
      this.#filling = this.#takeFree();
      this.#inFlight.push(group);
      this.#takeFromQueue();
      void this.#write(group);
    }
  }

  #takeFree(): Group {
    const group = this.#free.pop();
    assert(group !== undefined, "there is one more buffer than groups in flight");
    return group;
  }

  #takeFromQueue(): void {
    let taken = 0;
    for (const { head, body, writer } of this.#queue) {
      const span = this.spanOf(body.to - body.from);
      if (!this.#fits(span)) break;
      this.#add(head, body, writer);
      this.#queuedBytes -= span;
      taken += 1;
    }
    if (taken > 0) this.#queue = this.#queue.slice(taken);
  }

  async #write(group: Group): Promise<void> {
    const { wal, state, clock, contents } = this.#options;
    const length = paddedLength(group.used);
    group.lsn = state.lsn + this.#inFlight.length;
    group.startedMs = clock.monotonicMs();
    let isBegun = false;
    this.#writeCount += 1;
    try {
      if (!wal.hasRoomFor(length)) {
        this.#isBeginningFile = true;
        await wal.beginFile(group.lsn, length);
        this.#isBeginningFile = false;
      }
      const header = { generation: wal.generation, lsn: group.lsn, durableThroughLsn: state.lsn, used: group.used };
      const bytes = closeGroup(group.buffer, { ...header, frameCount: group.writers.length }, contents.identity);
      isBegun = true;
      group.written = { bytes, address: await wal.append(bytes) };
    } catch (cause) {
      const what =
        cause instanceof EngineError
          ? cause.message
          : `The log stopped at a failed write (${reasonOf(cause)}): nothing more is stored, and nothing that was acknowledged is ` +
            "lost. Free space or replace the disk, then restart the server, which recovers the log; it does not go on by itself.";
      group.failure = new EngineError(isBegun ? "indeterminate" : "unavailable", what, { cause });
      if (this.#failure === undefined) {
        this.#failure = new EngineError("unavailable", what, { cause });
        this.#options.onStopped?.(this.#failure);
      }
    }
    this.#writeCount -= 1;
    this.#completeInOrder();
  }

  /** Completes groups in the order of LSNs, up to the first that is still being written. */
  #completeInOrder(): void {
    for (;;) {
      const group = this.#inFlight[0];
      if (group?.written !== undefined) {
        this.#inFlight.shift();
        this.#complete(group, group.written);
      } else if (group?.failure !== undefined) {
        this.#fail(group.failure);
      } else {
        break;
      }
    }
    if (this.#filling.used < waitingGroupBytesMax) this.#schedule();
    else this.#flush();
    this.#resolveDrains();
  }

  #complete(group: Group, { address, bytes }: NonNullable<Group["written"]>): void {
    const { window, state, clock, onCommitted } = this.#options;
    // The window first: applying wakes followers, which read from it.
    window.put(address, bytes);
    state.applyGroup(bytes, group.used, address, group.lsn);
    const durationMs = clock.monotonicMs() - group.startedMs;
    this.#groupCount += 1;
    this.#syncMs += durationMs;
    const { writers } = group;
    this.#free.push(emptyGroup(group.buffer));
    groupCommitted.publish({ durationMs, entryCount: writers.length, byteCount: bytes.length });
    onCommitted();
    for (const writer of writers) writer.complete(undefined);
  }

  /** The first group in flight has failed; recovery would not read the groups behind it, so they fail with it. */
  #fail(failure: EngineError): void {
    const inFlight = this.#inFlight.flatMap(({ writers }) => writers);
    const waiting = [...this.#filling.writers, ...this.#queue.map(({ writer }) => writer)];
    this.#inFlight.length = 0;
    this.#filling.writers = [];
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const writer of inFlight) writer.complete(failure);
    for (const writer of waiting) writer.complete(this.#failure);
  }

  #resolveDrains(): void {
    if (!this.#isDrained()) return;
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const resolve of waiters) resolve();
  }
}

function emptyGroup(buffer: Buffer): Group {
  const empty = { used: groupHeaderBytes, writers: [], startedMs: 0, lsn: 0 };
  return { buffer, ...empty, written: undefined, failure: undefined };
}

/** Without paths, because clients read it too. */
function reasonOf(cause: unknown): string {
  return errorCode(cause) ?? messageOf(cause);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
