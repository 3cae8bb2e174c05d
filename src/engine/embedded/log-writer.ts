// Hot path.
import { EngineError } from "../engine-error.ts";
import { type FrameHead, type FrameKind, frameSpan } from "./frame.ts";
import type { GroupCommit, Ticket } from "./group-commit.ts";
import type { WalWriter } from "./wal-writer.ts";

/** Kept free of entries, so that a full disk can still be tidied: seals, drops and the catalog may use it. */
const controlReserveBytes = 16 * 1024 * 1024;

/** What shards and the catalog write through: the door where budgets, and failure are checked. */
export class LogWriter {
  readonly #commit: GroupCommit;
  readonly #wal: WalWriter;
  readonly #diskBudgetBytes: number;

  constructor(commit: GroupCommit, wal: WalWriter, diskBudgetBytes: number) {
    this.#commit = commit;
    this.#wal = wal;
    this.#diskBudgetBytes = diskBudgetBytes;
  }

  /** Throws unless frames that take `bytes` in all may be written now. */
  requireRoom(bytes: number, reserveBytes = 0): void {
    if (this.#commit.failure !== undefined) throw this.#commit.failure;
    if (this.#wal.bytes + this.#commit.pendingBytes + bytes > this.#diskBudgetBytes + reserveBytes) {
      throw new EngineError("throttled", `The disk budget of ${this.#diskBudgetBytes} bytes is used up.`);
    }
    if (!this.#commit.canTake(bytes)) throw new EngineError("throttled", "Too many bytes wait for the disk.");
  }

  /** After `requireRoom()` in the same turn. */
  submit(head: FrameHead, body: Uint8Array, ticket: Ticket): void {
    this.#commit.submit(head, body, ticket);
  }

  /** Resolves when the frame is durable and applied. Throws at once, before anything changed, if it cannot be taken. */
  writeControl(
    head: { readonly kind: FrameKind; readonly logId?: number; readonly position?: number },
    body: Uint8Array,
  ): Promise<void> {
    const bytes = frameSpan(body.byteLength);
    if (!this.#commit.fitsGroup(bytes)) throw new EngineError("too_large", `${bytes} bytes do not fit one write.`);
    this.requireRoom(bytes, controlReserveBytes);
    const { kind, logId = 0, position = 0 } = head;
    return new Promise((resolve, reject) => {
      const settle = (failure: EngineError | undefined): void => (failure === undefined ? resolve() : reject(failure));
      this.#commit.submit({ kind, count: 0, logId, position, timeMs: 0, storedMs: 0 }, body, { settle });
    });
  }
}
