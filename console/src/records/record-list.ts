import { compareRecords, type StreamRecord } from "./record.ts";

export const rowsMax = 100_000;
/** Characters of data in base64. */
const charsMax = 96 * 1024 * 1024;

/** Records sorted by arrival. Above its bounds it forgets the oldest ones. */
export class RecordList {
  /** The oldest first. */
  #rows: StreamRecord[] = [];
  #chars = 0;
  /** Records forgotten so far. */
  forgotten = 0;

  get rows(): readonly StreamRecord[] {
    return this.#rows;
  }

  get length(): number {
    return this.#rows.length;
  }

  /** The batch need not be sorted. Costs little when it is newer than most of the list. */
  insert(batch: readonly StreamRecord[]): void {
    if (batch.length === 0) return;
    const sorted = batch.toSorted(compareRecords);
    for (const { dataBase64 } of sorted) this.#chars += dataBase64.length;
    const first = sorted[0] as StreamRecord;
    const newer: StreamRecord[] = [];
    for (
      let last = this.#rows.at(-1);
      last !== undefined && compareRecords(last, first) > 0;
      last = this.#rows.at(-1)
    ) {
      newer.push(last);
      this.#rows.pop();
    }
    for (const record of sorted) {
      for (let next = newer.at(-1); next !== undefined && compareRecords(next, record) < 0; next = newer.at(-1)) {
        this.#rows.push(next);
        newer.pop();
      }
      this.#rows.push(record);
    }
    for (let next = newer.pop(); next !== undefined; next = newer.pop()) this.#rows.push(next);
    this.#forget();
  }

  /** How many rows are no newer than a record, which need not be in the list. */
  countUpTo(record: StreamRecord): number {
    let [low, high] = [0, this.#rows.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareRecords(this.#rows[middle] as StreamRecord, record) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  clear(): void {
    this.#rows = [];
    this.#chars = 0;
    this.forgotten = 0;
  }

  /** A tenth at a time, so that not each record moves all others. */
  #forget(): void {
    while (this.#rows.length > rowsMax || this.#chars > charsMax) {
      const removed = this.#rows.splice(0, Math.max(1, Math.ceil(this.#rows.length / 10)));
      for (const { dataBase64 } of removed) this.#chars -= dataBase64.length;
      this.forgotten += removed.length;
    }
  }
}
