// Hot path.
import assert from "node:assert/strict";
import { groupCommitted } from "../../telemetry/channels.ts";
import type { Clock } from "../../time/clock.ts";
import { EngineError } from "../engine-error.ts";
import type { DirectoryContents } from "./directory-contents.ts";
import type { Disk } from "./disk.ts";
import { encryptedOverheadBytes, type FrameHead, frameSpan, writeFrame } from "./frame.ts";
import { closeGroup, groupHeaderBytes, paddedLength } from "./group.ts";
import type { Ledger } from "./ledger.ts";
import type { Address } from "./log-index.ts";
import type { TailWindow } from "./tail-window.ts";
import type { WalWriter } from "./wal-writer.ts";

/** Whoever waits for frames to be durable. Called once for each of its frames, in the order of the log. */
export interface Ticket {
  settle(failure: EngineError | undefined): void;
}

export interface GroupCommitOptions {
  readonly disk: Disk;
  readonly wal: WalWriter;
  readonly ledger: Ledger;
  readonly window: TailWindow;
  readonly contents: DirectoryContents;
  readonly clock: Clock;
  /** Of each of the two buffers, and so of a group. */
  readonly groupBytesMax: number;
  /** What may wait beside the buffer that is being filled. */
  readonly queueBytesMax: number;
  /** Told after each group that is durable and applied. */
  readonly onCommitted: () => void;
}

interface Half {
  readonly buffer: Buffer;
  used: number;
  tickets: Ticket[];
}

interface Queued {
  readonly head: FrameHead;
  readonly body: Buffer;
  readonly ticket: Ticket;
}

/**
 * Collects frames of all shards and the catalog; writes them as one group with one sync; then answers each. Order in =
 * order out. Whatever arrives while a group is being written goes into the next; there is no timer.
 *
 * After the first I/O error nothing is retried: what was in flight is `indeterminate`, everything else `unavailable`.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  /** What a body takes on the disk beside its own length. */
  readonly #overheadBytes: number;
  #fill: Half;
  #flight: Half;
  #queue: Queued[] = [];
  #queuedBytes = 0;
  #isWriting = false;
  #isScheduled = false;
  #failure: EngineError | undefined;
  #idlers: (() => void)[] = [];
  #groupCount = 0;
  #syncMs = 0;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#overheadBytes = options.contents.cipher === undefined ? 0 : encryptedOverheadBytes;
    const memory = options.disk.allocate(2 * options.groupBytesMax);
    this.#fill = { buffer: memory.subarray(0, options.groupBytesMax), used: groupHeaderBytes, tickets: [] };
    this.#flight = { buffer: memory.subarray(options.groupBytesMax), used: groupHeaderBytes, tickets: [] };
  }

  get failure(): EngineError | undefined {
    return this.#failure;
  }

  /** Bytes that were taken and are not durable yet. */
  get pendingBytes(): number {
    const held = (half: Half): number => (half.tickets.length === 0 ? 0 : paddedLength(half.used));
    return this.#queuedBytes + held(this.#fill) + held(this.#flight);
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

  /** Copies the body before it returns. The caller has made sure that there is no failure and that `canTake()`. */
  submit(head: FrameHead, body: Uint8Array, ticket: Ticket): void {
    assert(this.#failure === undefined, "nothing is submitted after a failure");
    const span = this.spanOf(body.byteLength);
    assert(this.fitsGroup(span), "a frame fits a group");
    if (this.#queue.length > 0 || !this.#fits(span)) {
      this.#queue.push({ head, body: Buffer.from(body), ticket });
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
    return !this.#isWriting && this.#fill.tickets.length === 0 && this.#queue.length === 0;
  }

  #fits(span: number): boolean {
    return this.#fill.used + span <= this.#options.groupBytesMax;
  }

  #place(head: FrameHead, body: Uint8Array, ticket: Ticket): void {
    const fill = this.#fill;
    const { identity, cipher } = this.#options.contents;
    fill.used = writeFrame(fill.buffer, fill.used, head, body, identity.seed, cipher);
    fill.tickets.push(ticket);
  }

  /** At the end of this turn of the event loop, so that requests that arrived together share the first group too. */
  #schedule(): void {
    if (this.#isWriting || this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#isWriting || this.#failure !== undefined || this.#fill.tickets.length === 0) return;
    this.#isWriting = true;
    const half = this.#fill;
    this.#fill = this.#flight;
    this.#flight = half;
    this.#takeFromQueue();
    void this.#commit(half);
  }

  #takeFromQueue(): void {
    let taken = 0;
    for (const { head, body, ticket } of this.#queue) {
      const span = this.spanOf(body.length);
      if (!this.#fits(span)) break;
      this.#place(head, body, ticket);
      this.#queuedBytes -= span;
      taken += 1;
    }
    if (taken > 0) this.#queue = this.#queue.slice(taken);
  }

  async #commit(half: Half): Promise<void> {
    const { wal, ledger, window, clock, contents } = this.#options;
    const lsn = ledger.lsn + 1;
    const length = paddedLength(half.used);
    const startedMs = clock.monotonicMs();
    let isBegun = false;
    let group: Buffer;
    let address: Address;
    try {
      if (!wal.hasRoomFor(length)) await wal.beginFile(lsn, length);
      const header = { generation: wal.generation, lsn, durableThroughLsn: lsn - 1, used: half.used };
      group = closeGroup(half.buffer, { ...header, frameCount: half.tickets.length }, contents.identity);
      isBegun = true;
      address = await wal.append(group);
    } catch (error) {
      this.#fail(half, error, isBegun);
      return;
    }
    // In memory first: applying wakes followers, who look there.
    window.put(address, group);
    ledger.applyGroup(group, half.used, address, lsn);
    const durationMs = clock.monotonicMs() - startedMs;
    this.#groupCount += 1;
    this.#syncMs += durationMs;
    const tickets = half.tickets;
    half.tickets = [];
    half.used = groupHeaderBytes;
    this.#isWriting = false;
    groupCommitted.publish({ durationMs, entryCount: tickets.length, byteCount: length });
    this.#options.onCommitted();
    for (const ticket of tickets) ticket.settle(undefined);
    this.#flush();
    this.#tellIdlers();
  }

  #fail(half: Half, cause: unknown, isBegun: boolean): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const what = `The log stopped at a failed write (${reason}); a restart recovers it.`;
    const failure = new EngineError("unavailable", what, { cause });
    this.#failure = failure;
    this.#isWriting = false;
    const inFlight = half.tickets;
    const waiting = [...this.#fill.tickets, ...this.#queue.map(({ ticket }) => ticket)];
    half.tickets = [];
    this.#fill.tickets = [];
    this.#queue = [];
    this.#queuedBytes = 0;
    const fate = isBegun ? new EngineError("indeterminate", what, { cause }) : failure;
    for (const ticket of inFlight) ticket.settle(fate);
    for (const ticket of waiting) ticket.settle(failure);
    this.#tellIdlers();
  }

  #tellIdlers(): void {
    if (!this.#isIdle()) return;
    const idlers = this.#idlers;
    this.#idlers = [];
    for (const tell of idlers) tell();
  }
}
