import { EngineError } from "../engine-error.ts";
import type { Compactor, NoopGroupWriter } from "./compaction/compactor.ts";
import type { DiskReserve } from "./disk-reserve.ts";
import { type BodySlice, type FrameHeader, type FrameKind, frameKind, wholeSlice } from "./format/frame.ts";
import type { EngineState } from "./state/engine-state.ts";
import type { LogState } from "./state/log-state.ts";
import type { Shortage } from "./storage-fault-reporter.ts";
import type { GroupCommit, PendingWrite } from "./wal/group-commit.ts";
import type { WalWriter } from "./wal/wal-writer.ts";

/** Bytes past both bounds that only control frames may use, so that streams can still be deleted on a full disk. */
const controlReserveBytes = 16 * 1024 * 1024;

export interface WalAdmissionOptions {
  readonly state: EngineState;
  readonly commit: GroupCommit;
  readonly wal: WalWriter;
  readonly compactor: Compactor;
  readonly reserve: DiskReserve;
  /** Bound of WAL files and segments together. */
  readonly diskBudgetBytes: number;
  /** Bytes of WAL files and segments at the open. The budget may be less; deleting must be possible all the same. */
  readonly usedBytes: number;
  /** Bound of the WAL files. */
  readonly walBytesMax: number;
  /** Called for each write that is refused for want of reserve. */
  readonly onRefused: (shortage: Shortage, bytes: number) => void;
}

/** Admits frames to the WAL: checks that it has not failed and that its bounds leave space, then queues them. */
export class WalAdmission implements NoopGroupWriter {
  readonly #options: WalAdmissionOptions;
  readonly #commit: GroupCommit;

  constructor(options: WalAdmissionOptions) {
    this.#options = options;
    this.#commit = options.commit;
  }

  /** Whether a write of the WAL has failed: it takes no frame any more. */
  get hasFailed(): boolean {
    return this.#commit.failure !== undefined;
  }

  /** Bytes in the WAL of a frame with a body of this length, header and padding included. */
  spanOf(bodyBytes: number): number {
    return this.#commit.spanOf(bodyBytes);
  }

  /** Why entries of `bytes` in all do not fit the disk or its budget; undefined if they do. */
  shortageOf(bytes: number): Shortage | undefined {
    const { wal, compactor, reserve, diskBudgetBytes } = this.#options;
    if (wal.bytes + this.#commit.pendingBytes + bytes + compactor.segmentBytes > diskBudgetBytes) return "disk_budget";
    return reserve.has(bytes, reserve.bytes) ? undefined : "disk_space";
  }

  /** What operators read about a shortage. */
  sentenceOf(shortage: Shortage): string {
    const { reserve, diskBudgetBytes } = this.#options;
    return shortage === "disk_budget"
      ? `The disk budget of ${diskBudgetBytes} bytes is used up: puts are throttled, and go on by themselves when records ` +
          "expire. Shorten the retention of streams, delete streams, or raise --disk-budget."
      : `The disk is full: ${reserve.freeBytes} bytes are free, and ${reserve.bytes} of them are reserved for deletions ` +
          "and compaction. Puts are throttled, and go on by themselves when there is space. Free space on the disk, " +
          "shorten the retention of streams, or delete streams.";
  }

  /** Throws `throttled`, or the failure of the WAL, unless entries of `bytes` in all may be written now. */
  requireSpace(bytes: number): void {
    if (this.#commit.failure !== undefined) throw this.#commit.failure;
    const shortage = this.shortageOf(bytes);
    if (shortage !== undefined) this.#refuse(shortage, bytes);
    this.#requireQueue(bytes, this.#options.walBytesMax);
  }

  /** The same for a control frame, which may use the reserves. */
  #requireControlSpace(bytes: number): void {
    if (this.#commit.failure !== undefined) throw this.#commit.failure;
    const { wal, compactor, reserve, diskBudgetBytes, usedBytes, walBytesMax } = this.#options;
    const allBytes = wal.bytes + this.#commit.pendingBytes + bytes + compactor.segmentBytes;
    if (allBytes > Math.max(diskBudgetBytes, usedBytes) + controlReserveBytes) this.#refuse("disk_budget", bytes);
    if (!reserve.has(bytes, reserve.floorBytes)) this.#refuse("disk_space", bytes);
    this.#requireQueue(bytes, Math.max(walBytesMax, usedBytes) + controlReserveBytes);
  }

  #refuse(shortage: Shortage, bytes: number): never {
    const { compactor, reserve, diskBudgetBytes, onRefused } = this.#options;
    compactor.requestDiskSpace();
    void reserve.measure();
    onRefused(shortage, bytes);
    throw new EngineError(
      "throttled",
      shortage === "disk_budget"
        ? `The disk budget of ${diskBudgetBytes} bytes is used up; nothing was stored. Space is freed as records ` +
            "expire. Shorten the retention of streams, delete streams, or raise --disk-budget."
        : "The disk of the server is full; nothing was stored. Retry: the server goes on when there is space.",
    );
  }

  #requireQueue(bytes: number, walBytesMax: number): void {
    const { wal, compactor, reserve } = this.#options;
    const walBytes = wal.bytes + this.#commit.pendingBytes + bytes;
    // When compaction fails the disk budget alone bounds the WAL: records are still taken while there is disk reserve.
    if (walBytes > walBytesMax && compactor.lastError === undefined) {
      compactor.requestWalSpace();
      throw new EngineError(
        "throttled",
        `The write-ahead log has reached its limit of ${this.#options.walBytesMax} bytes and waits for compaction; nothing ` +
          "was stored. Retry.",
      );
    }
    if (!this.#commit.canQueue(bytes)) {
      throw new EngineError("throttled", "The queue of writes to the disk is full; nothing was stored. Retry.");
    }
    reserve.admit(bytes);
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
    this.#requireControlSpace(bytes);
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
    const log = [...this.#options.state.logs.values()].find(isUnchanging);
    if (log === undefined) return;
    await this.#options.reserve.measure();
    const body = Buffer.alloc(8);
    body.writeDoubleLE(log.retentionMs);
    await this.writeControl({ kind: frameKind.retention, logId: log.id }, body);
  }
}
