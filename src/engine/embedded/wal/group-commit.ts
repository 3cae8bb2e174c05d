import assert from "node:assert/strict";
import { groupCommitted } from "../../../telemetry/diagnostic-events.ts";
import type { Clock } from "../../../time/clock.ts";
import { EngineError } from "../../engine-error.ts";
import type { DirectoryContents } from "../directory/directory-cipher.ts";
import { closeGroup, groupHeaderBytes, paddedLength } from "../format/commit-group.ts";
import {
  type BodySlice,
  encryptedOverheadBytes,
  type FrameHeader,
  frameSpan,
  wholeBody,
  writeFrame,
} from "../format/frame.ts";
import type { EngineState } from "../state/engine-state.ts";
import type { WalAddress } from "../state/log-index.ts";
import type { TailWindow } from "./tail-window.ts";
import type { WalWriter } from "./wal-writer.ts";

/** Whoever waits for frames to be durable. Called once for each of its frames, in the order of the log. */
export interface PendingWrite {
  settle(failure: EngineError | undefined): void;
}

/** The part of the WAL writer that writes commit groups. */
export type GroupWriter = Pick<WalWriter, "generation" | "hasRoomFor" | "beginFile" | "append">;

export interface GroupCommitOptions {
  /** `groupMemoryBytes` of `allocate()`, the log's own from here on; what it holds does not matter. */
  readonly memory: Buffer;
  readonly wal: GroupWriter;
  readonly state: EngineState;
  readonly window: TailWindow;
  readonly contents: DirectoryContents;
  readonly clock: Clock;
  /** Of each of the three buffers, and so of a group. */
  readonly groupBytesMax: number;
  /** What may wait beside the buffer that is being filled. */
  readonly queueBytesMax: number;
  /** A smaller group waits for the one before it: the more it gathers, the fewer writes there are. */
  readonly secondGroupBytesMin: number;
  /** Told after each group that is durable and applied. */
  readonly onCommitted: () => void;
}

/** One group, from its first frame until it is answered. Its buffer is used again. */
interface Batch {
  readonly buffer: Buffer;
  used: number;
  tickets: PendingWrite[];
  startedMs: number;
  lsn: number;
  /** Once its bytes are durable. */
  written: { readonly address: WalAddress; readonly group: Buffer } | undefined;
  /** Once they surely will not be, as far as anybody knows. */
  failure: EngineError | undefined;
}

interface Queued {
  readonly head: FrameHeader;
  readonly body: BodySlice;
  readonly ticket: PendingWrite;
}

/** A disk serves two requests in little more time than one: it need not wait until the first has been answered. */
const groupsInFlightMax = 2;

/** For those in flight and the one that is being filled. */
export function groupMemoryBytes(groupBytesMax: number): number {
  return (groupsInFlightMax + 1) * groupBytesMax;
}

/**
 * Collects frames of all shards and the catalog; writes them as one group with one sync; then answers each. Order in =
 * order out. Whatever arrives while groups are being written goes into the next; there is no timer. The disk may finish
 * the second of two groups first: it is applied and answered after the first all the same, or not at all.
 *
 * After the first I/O error nothing is retried: what was in flight is `indeterminate`, everything else `unavailable`.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  /** What a body takes on the disk beside its own length. */
  readonly #overheadBytes: number;
  #fill: Batch;
  /** What is being written, in the order of the log. */
  readonly #flight: Batch[] = [];
  readonly #idle: Batch[] = [];
  /** Writes under way; more than are in flight once one has failed. */
  #writeCount = 0;
  #queue: Queued[] = [];
  #queuedBytes = 0;
  #isBeginningFile = false;
  #isScheduled = false;
  #failure: EngineError | undefined;
  #idlers: (() => void)[] = [];
  #groupCount = 0;
  #syncMs = 0;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#overheadBytes = options.contents.cipher === undefined ? 0 : encryptedOverheadBytes;
    const { memory, groupBytesMax } = options;
    for (let at = 0; at < memory.length; at += groupBytesMax) {
      this.#idle.push(batchIn(memory.subarray(at, at + groupBytesMax)));
    }
    this.#fill = this.#takeIdle();
  }

  get failure(): EngineError | undefined {
    return this.#failure;
  }

  /** Bytes that were taken and are not durable yet. */
  get pendingBytes(): number {
    let bytes = this.#queuedBytes + (this.#fill.tickets.length === 0 ? 0 : paddedLength(this.#fill.used));
    for (const { used } of this.#flight) bytes += paddedLength(used);
    return bytes;
  }

  get groupCount(): number {
    return this.#groupCount;
  }

  get syncMs(): number {
    return this.#syncMs;
  }

  /** What a frame with such a body takes in a group, head, gap and encryption included. */
  spanOf(bodyBytes: number): number {
    return frameSpan(bodyBytes + this.#overheadBytes);
  }

  /** Whether a frame of so many bytes, gap and head included, can be written at all. */
  fitsGroup(bytes: number): boolean {
    return bytes <= this.#options.groupBytesMax - groupHeaderBytes;
  }

  /** Whether frames of so many bytes, gaps and heads included, may still wait. */
  canTake(bytes: number): boolean {
    const room = this.#queue.length > 0 ? 0 : this.#options.groupBytesMax - this.#fill.used;
    return bytes <= room + this.#options.queueBytesMax - this.#queuedBytes;
  }

  /** Copies head and body before it returns. The caller has made sure that there is no failure and that `canTake()`. */
  submit(head: FrameHeader, body: BodySlice, ticket: PendingWrite): void {
    assert(this.#failure === undefined, "nothing is submitted after a failure");
    const span = this.spanOf(body.to - body.from);
    assert(this.fitsGroup(span), "a frame fits a group");
    if (this.#queue.length > 0 || !this.#fits(span)) {
      const copy = Buffer.from(body.bytes.subarray(body.from, body.to));
      this.#queue.push({ head: { ...head }, body: wholeBody(copy), ticket });
      this.#queuedBytes += span;
    } else {
      this.#place(head, body, ticket);
    }
    this.#schedule();
  }

  /** Resolves when everything submitted before is durable or refused. */
  drain(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idlers.push(resolve);
    });
  }

  #isIdle(): boolean {
    return this.#writeCount === 0 && this.#fill.tickets.length === 0 && this.#queue.length === 0;
  }

  #fits(span: number): boolean {
    return this.#fill.used + span <= this.#options.groupBytesMax;
  }

  #place(head: FrameHeader, body: BodySlice, ticket: PendingWrite): void {
    const fill = this.#fill;
    const { identity, cipher } = this.#options.contents;
    fill.used = writeFrame(fill.buffer, fill.used, head, body, identity.seed, cipher);
    fill.tickets.push(ticket);
  }

  /** At the end of this turn of the event loop, so that requests that arrived together share the first group too. */
  #schedule(): void {
    if (this.#isScheduled || !this.#mayWrite()) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #mayWrite(): boolean {
    const { used, tickets } = this.#fill;
    if (tickets.length === 0 || this.#failure !== undefined || this.#isBeginningFile) return false;
    if (this.#flight.length === 0) return true;
    const { secondGroupBytesMin, wal } = this.#options;
    // A file begins only when all before it is durable: its header says so.
    return this.#flight.length < groupsInFlightMax && used >= secondGroupBytesMin && wal.hasRoomFor(paddedLength(used));
  }

  #flush(): void {
    while (this.#mayWrite()) {
      const batch = this.#fill;
      this.#fill = this.#takeIdle();
      this.#flight.push(batch);
      this.#takeFromQueue();
      void this.#write(batch);
    }
  }

  #takeIdle(): Batch {
    const batch = this.#idle.pop();
    assert(batch !== undefined, "there is a buffer more than groups in flight");
    return batch;
  }

  #takeFromQueue(): void {
    let taken = 0;
    for (const { head, body, ticket } of this.#queue) {
      const span = this.spanOf(body.to - body.from);
      if (!this.#fits(span)) break;
      this.#place(head, body, ticket);
      this.#queuedBytes -= span;
      taken += 1;
    }
    if (taken > 0) this.#queue = this.#queue.slice(taken);
  }

  async #write(batch: Batch): Promise<void> {
    const { wal, state, clock, contents } = this.#options;
    const length = paddedLength(batch.used);
    batch.lsn = state.lsn + this.#flight.length;
    batch.startedMs = clock.monotonicMs();
    let isBegun = false;
    this.#writeCount += 1;
    try {
      if (!wal.hasRoomFor(length)) {
        this.#isBeginningFile = true;
        await wal.beginFile(batch.lsn, length);
        this.#isBeginningFile = false;
      }
      const header = { generation: wal.generation, lsn: batch.lsn, durableThroughLsn: state.lsn, used: batch.used };
      const group = closeGroup(batch.buffer, { ...header, frameCount: batch.tickets.length }, contents.identity);
      isBegun = true;
      batch.written = { group, address: await wal.append(group) };
    } catch (cause) {
      const what = `The log stopped at a failed write (${textOf(cause)}); a restart recovers it.`;
      batch.failure = new EngineError(isBegun ? "indeterminate" : "unavailable", what, { cause });
      this.#failure ??= new EngineError("unavailable", what, { cause });
    }
    this.#writeCount -= 1;
    this.#settleInOrder();
  }

  /** Answers what has been written, as far as everything before it has been. */
  #settleInOrder(): void {
    for (;;) {
      const batch = this.#flight[0];
      if (batch?.written !== undefined) {
        this.#flight.shift();
        this.#settle(batch, batch.written);
      } else if (batch?.failure !== undefined) {
        this.#fail(batch.failure);
      } else {
        break;
      }
    }
    this.#flush();
    this.#tellIdlers();
  }

  #settle(batch: Batch, { address, group }: NonNullable<Batch["written"]>): void {
    const { window, state, clock, onCommitted } = this.#options;
    // In memory first: applying wakes followers, who look there.
    window.put(address, group);
    state.applyGroup(group, batch.used, address, batch.lsn);
    const durationMs = clock.monotonicMs() - batch.startedMs;
    this.#groupCount += 1;
    this.#syncMs += durationMs;
    const { tickets } = batch;
    this.#idle.push(batchIn(batch.buffer));
    groupCommitted.publish({ durationMs, entryCount: tickets.length, byteCount: group.length });
    onCommitted();
    for (const ticket of tickets) ticket.settle(undefined);
  }

  /** The first group in flight has failed, so those behind it are nothing that recovery would find. */
  #fail(fate: EngineError): void {
    const inFlight = this.#flight.flatMap(({ tickets }) => tickets);
    const waiting = [...this.#fill.tickets, ...this.#queue.map(({ ticket }) => ticket)];
    this.#flight.length = 0;
    this.#fill.tickets = [];
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const ticket of inFlight) ticket.settle(fate);
    for (const ticket of waiting) ticket.settle(this.#failure);
  }

  #tellIdlers(): void {
    if (!this.#isIdle()) return;
    const idlers = this.#idlers;
    this.#idlers = [];
    for (const tell of idlers) tell();
  }
}

function batchIn(buffer: Buffer): Batch {
  const empty = { used: groupHeaderBytes, tickets: [], startedMs: 0, lsn: 0 };
  return { buffer, ...empty, written: undefined, failure: undefined };
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
