import type { RecordSlice } from "../records/outgoing-records.ts";
import type { ReceivedRecords } from "../records/received-records.ts";
import type { CachedRead } from "./cached-read.ts";
import { handleAt, type ReceiptHandleCipher } from "./receipt-handle.ts";
import type { DeliveryTable } from "./state/delivery-table.ts";

/** As GetRecords: at most so many bytes in one response, but at least one record. */
const receivedBytesMax = 10 * 1024 * 1024;

/** Collects the records of one receive. */
export class ReceivedBuilder {
  readonly recordsMax: number;
  readonly #slices: RecordSlice[] = [];
  readonly #reads = new Set<CachedRead>();
  readonly #receiveCounts: number[] = [];
  readonly #firstReceiveSeconds: number[] = [];
  /** Makes the handles when the receives of a turn have taken what they get. */
  readonly #handles: ReceiptHandleCipher;
  /** The place of its first handle among those of the turn. */
  readonly #firstHandle: number;
  #count = 0;
  #bytes = 0;

  constructor(recordsMax: number, handles: ReceiptHandleCipher) {
    this.recordsMax = recordsMax;
    this.#handles = handles;
    this.#firstHandle = handles.addedCount;
  }

  get count(): number {
    return this.#count;
  }

  get recordsLeft(): number {
    return this.recordsMax - this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.recordsMax || this.#bytes >= receivedBytesMax;
  }

  /** Takes up to `countMax` consecutive records; returns how many. None if the first one is too large for what is left. */
  addRecords(read: CachedRead, position: number, countMax: number): number {
    const bytesLeft = receivedBytesMax - this.#bytes;
    const slice = read.take(position, Math.min(countMax, this.recordsLeft), bytesLeft);
    const bytes = slice.end - slice.start;
    if (bytes > bytesLeft && this.#count > 0) return 0;
    this.#bytes += bytes;
    this.#slices.push(slice);
    if (read.hasLease && !this.#reads.has(read)) {
      read.retain();
      this.#reads.add(read);
    }
    return slice.count;
  }

  /** The delivery of the next record of those added. */
  addDelivery(shardIndex: number, table: DeliveryTable, slot: number): void {
    const isDead = table.isDead[slot] === 1;
    this.#handles.add(shardIndex, table.position[slot] as number, table.nonce[slot] as number, isDead);
    this.#receiveCounts.push(table.receiveCount[slot] as number);
    this.#firstReceiveSeconds.push(table.firstReceiveSecond[slot] as number);
    this.#count += 1;
  }

  /** `handles`: those of the turn, as `ReceiptHandleCipher.encryptAdded()` returns them. */
  build(handles: string): ReceivedRecords {
    const lease = leaseOf(this.#reads);
    const count = this.#count;
    const receiptHandles: string[] = [];
    for (let i = 0; i < count; i += 1) receiptHandles.push(handleAt(handles, this.#firstHandle + i));
    return {
      records: { count, dataBytes: this.#bytes, slices: this.#slices, ...(lease === undefined ? {} : { lease }) },
      receiptHandles,
      receiveCounts: this.#receiveCounts,
      firstReceiveSeconds: this.#firstReceiveSeconds,
    };
  }
}

export const noReceivedRecords: ReceivedRecords = {
  records: { count: 0, dataBytes: 0, slices: [] },
  receiptHandles: [],
  receiveCounts: [],
  firstReceiveSeconds: [],
};

function leaseOf(reads: ReadonlySet<CachedRead>): Disposable | undefined {
  if (reads.size === 0) return undefined;
  return {
    [Symbol.dispose]() {
      for (const read of reads) read.release();
    },
  };
}
