import { EngineError } from "../engine-error.ts";
import type { Compactor, NoopGroupWriter } from "./compaction/compactor.ts";
import { type BodySlice, type FrameHeader, type FrameKind, frameKind, wholeSlice } from "./format/frame.ts";
import type { EngineState } from "./state/engine-state.ts";
import type { LogState } from "./state/log-state.ts";
import type { GroupCommit, PendingWrite } from "./wal/group-commit.ts";
import type { WalWriter } from "./wal/wal-writer.ts";

/** Bytes past both bounds that only control frames may use, so that streams can still be deleted on a full disk. */
const controlReserveBytes = 16 * 1024 * 1024;

export interface WalAppenderOptions {
  readonly state: EngineState;
  readonly commit: GroupCommit;
  readonly wal: WalWriter;
  readonly compactor: Compactor;
  /** Bound of WAL files and segments together. */
  readonly diskBudgetBytes: number;
  /** Bound of the WAL files. */
  readonly walBytesMax: number;
}

/** Admits frames to the WAL: checks that it has not failed and that its bounds leave space, then queues them. */
export class WalAppender implements NoopGroupWriter {
  readonly #state: EngineState;
  readonly #commit: GroupCommit;
  readonly #wal: WalWriter;
  readonly #compactor: Compactor;
  readonly #diskBudgetBytes: number;
  readonly #walBytesMax: number;

  constructor({ state, commit, wal, compactor, diskBudgetBytes, walBytesMax }: WalAppenderOptions) {
    this.#state = state;
    this.#commit = commit;
    this.#wal = wal;
    this.#compactor = compactor;
    this.#diskBudgetBytes = diskBudgetBytes;
    this.#walBytesMax = walBytesMax;
  }

  /** Whether a write of the WAL has failed: it takes no frame any more. */
  get hasFailed(): boolean {
    return this.#commit.failure !== undefined;
  }

  /** Bytes in the WAL of a frame with a body of this length, header and padding included. */
  spanOf(bodyBytes: number): number {
    return this.#commit.spanOf(bodyBytes);
  }

  /** Throws `throttled`, or the failure of the WAL, unless frames of `bytes` in all may be written now. */
  requireSpace(bytes: number, reserveBytes = 0): void {
    if (this.#commit.failure !== undefined) throw this.#commit.failure;
    const walBytes = this.#wal.bytes + this.#commit.pendingBytes + bytes;
    if (walBytes + this.#compactor.segmentBytes > this.#diskBudgetBytes + reserveBytes) {
      this.#compactor.requestDiskSpace();
      throw new EngineError(
        "throttled",
        `The disk budget of ${this.#diskBudgetBytes} bytes is used up; nothing was stored. Space is freed as records ` +
          "expire. Shorten the retention of streams, delete streams, or raise --disk-budget.",
      );
    }
    // When compaction fails the disk budget alone bounds the WAL: records are still taken while there is disk space.
    if (walBytes > this.#walBytesMax + reserveBytes && this.#compactor.lastError === undefined) {
      this.#compactor.requestWalSpace();
      throw new EngineError(
        "throttled",
        `The write-ahead log has reached its limit of ${this.#walBytesMax} bytes and waits for compaction; nothing was ` +
          "stored. Retry.",
      );
    }
    if (!this.#commit.canQueue(bytes)) {
      throw new EngineError("throttled", "The queue of writes to the disk is full; nothing was stored. Retry.");
    }
  }

  /** Queues one frame. To be called after `requireSpace()` in the same tick. */
  submit(head: FrameHeader, body: BodySlice, pending: PendingWrite): void {
    this.#commit.submit(head, body, pending);
  }

  /** Resolves when the frame is durable and applied. Throws at once, with nothing changed, if it is not admitted. */
  writeControl(
    head: { readonly kind: FrameKind; readonly logId?: number; readonly position?: number },
    body: Buffer,
  ): Promise<void> {
    const bytes = this.spanOf(body.byteLength);
    if (!this.#commit.fitsGroup(bytes)) {
      throw new EngineError("too_large", `A frame of ${bytes} bytes does not fit a commit group; nothing was stored.`);
    }
    this.requireSpace(bytes, controlReserveBytes);
    const { kind, logId = 0, position = 0 } = head;
    return new Promise((resolve, reject) => {
      const complete = (failure: EngineError | undefined): void =>
        failure === undefined ? resolve() : reject(failure);
      this.#commit.submit({ kind, count: 0, logId, position, timeMs: 0, storedMs: 0 }, wholeSlice(body), { complete });
    });
  }

  /** Writes a commit group that changes nothing: sets the retention of some log to what it is. */
  async writeNoopGroup(): Promise<void> {
    const isUnchanging = ({ pendingDrop, pendingRetentionCount }: LogState) =>
      pendingDrop === undefined && pendingRetentionCount === 0;
    const log = [...this.#state.logs.values()].find(isUnchanging);
    if (log === undefined) return;
    const body = Buffer.alloc(8);
    body.writeDoubleLE(log.retentionMs);
    await this.writeControl({ kind: frameKind.retention, logId: log.id }, body);
  }
}
