import type { RecordSlice } from "../records/outgoing-records.ts";
import type { CachedRead } from "./cached-read.ts";
import type { ReceivedRecords } from "./queue-calls.ts";
import type { ReceiptHandleCipher } from "./receipt-handle.ts";
import type { DeliveryTable } from "./state/delivery-table.ts";

/** As GetRecords: at most so many bytes in one response, but at least one record. */
const receivedBytesMax = 10 * 1024 * 1024;

/** Collects the records of one receive. */
export class ReceivedBuilder {
  readonly recordsMax: number;
  readonly #slices: RecordSlice[] = [];
  readonly #reads = new Set<CachedRead>();
  readonly #shardIndexes: number[] = [];
  readonly #positions: number[] = [];
  readonly #nonces: number[] = [];
  readonly #receiveCounts: number[] = [];
  readonly #firstReceiveSeconds: number[] = [];
  #count = 0;
  #bytes = 0;

  constructor(recordsMax: number) {
    this.recordsMax = recordsMax;
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
    this.#shardIndexes.push(shardIndex);
    this.#positions.push(table.position[slot] as number);
    this.#nonces.push(table.nonce[slot] as number);
    this.#receiveCounts.push(table.receiveCount[slot] as number);
    this.#firstReceiveSeconds.push(table.firstReceiveSecond[slot] as number);
    this.#count += 1;
  }

  build(cipher: ReceiptHandleCipher, isDead: boolean): ReceivedRecords {
    const lease = leaseOf(this.#reads);
    const dataBytes = this.#bytes;
    return {
      records: { count: this.#count, dataBytes, slices: this.#slices, ...(lease === undefined ? {} : { lease }) },
      receiptHandles: cipher.encrypt({
        count: this.#count,
        shardIndexes: this.#shardIndexes,
        positions: this.#positions,
        nonces: this.#nonces,
        isDead,
      }),
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
