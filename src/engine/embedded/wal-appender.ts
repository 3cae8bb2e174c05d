import { EngineError } from "../engine-error.ts";
import type { Compactor } from "./compaction/compactor.ts";
import { type BodyPlace, type FrameHead, type FrameKind, wholeBody } from "./format/frame.ts";
import type { GroupCommit, PendingWrite } from "./wal/group-commit.ts";
import type { WalWriter } from "./wal/wal-writer.ts";

/** Kept free of entries, so that a full disk can still be tidied: seals, drops and the catalog may use it. */
const controlReserveBytes = 16 * 1024 * 1024;

export interface WalAppenderOptions {
  readonly commit: GroupCommit;
  readonly wal: WalWriter;
  /** What the log and its segments may take together. */
  readonly diskBudgetBytes: number;
  /** What waits to be moved into segments. */
  readonly walBytesMax: number;
  readonly compactor: Compactor;
}

/** What shards and the catalog write through: the door where budgets and failure are checked. */
export class WalAppender {
  readonly #commit: GroupCommit;
  readonly #wal: WalWriter;
  readonly #compactor: Compactor;
  readonly #diskBudgetBytes: number;
  readonly #walBytesMax: number;

  constructor({ commit, wal, diskBudgetBytes, walBytesMax, compactor }: WalAppenderOptions) {
    this.#commit = commit;
    this.#wal = wal;
    this.#compactor = compactor;
    this.#diskBudgetBytes = diskBudgetBytes;
    this.#walBytesMax = walBytesMax;
  }

  /** What a frame with such a body takes of the log. */
  spanOf(bodyBytes: number): number {
    return this.#commit.spanOf(bodyBytes);
  }

  /** Throws unless frames that take `bytes` in all may be written now. */
  requireRoom(bytes: number, reserveBytes = 0): void {
    if (this.#commit.failure !== undefined) throw this.#commit.failure;
    const logBytes = this.#wal.bytes + this.#commit.pendingBytes + bytes;
    if (logBytes + this.#compactor.segmentBytes > this.#diskBudgetBytes + reserveBytes) {
      this.#compactor.requestDiskSpace();
      throw new EngineError("throttled", `The disk budget of ${this.#diskBudgetBytes} bytes is used up.`);
    }
    // A log that cannot be sealed at all must not stop the server as well: then the disk budget alone bounds it.
    if (logBytes > this.#walBytesMax + reserveBytes && this.#compactor.lastError === undefined) {
      this.#compactor.requestWalSpace();
      throw new EngineError("throttled", "The log waits for its files to be moved into segments.");
    }
    if (!this.#commit.canTake(bytes)) throw new EngineError("throttled", "Too many bytes wait for the disk.");
  }

  /** After `requireRoom()` in the same turn. */
  submit(head: FrameHead, body: BodyPlace, ticket: PendingWrite): void {
    this.#commit.submit(head, body, ticket);
  }

  /** Resolves when the frame is durable and applied. Throws at once, before anything changed, if it cannot be taken. */
  writeControl(
    head: { readonly kind: FrameKind; readonly logId?: number; readonly position?: number },
    body: Buffer,
  ): Promise<void> {
    const bytes = this.spanOf(body.byteLength);
    if (!this.#commit.fitsGroup(bytes)) throw new EngineError("too_large", `${bytes} bytes do not fit one write.`);
    this.requireRoom(bytes, controlReserveBytes);
    const { kind, logId = 0, position = 0 } = head;
    return new Promise((resolve, reject) => {
      const settle = (failure: EngineError | undefined): void => (failure === undefined ? resolve() : reject(failure));
      this.#commit.submit({ kind, count: 0, logId, position, timeMs: 0, storedMs: 0 }, wholeBody(body), { settle });
    });
  }
}
