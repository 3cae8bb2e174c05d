import type { AddedPage, ContentInMaking, FinishedFile } from "../batch/content-maker.ts";
import type { Cut } from "../batch/cut.ts";
import { batchBytesMax, type RecordPage, type StoredBatch } from "../batch/destination.ts";
import type { DeadLetterWriter } from "./dead-letter-writer.ts";

/** A batch takes no more records when it has so many. */
export interface ContentLimit {
  readonly storedBytes: number;
  readonly files: number;
}

/** What a batch has taken: its records as a content in the making, its dead letters, and its figures. */
export class BatchContent {
  readonly #begin: () => ContentInMaking | Promise<ContentInMaking>;
  readonly #deadLetters: DeadLetterWriter;
  readonly #max: ContentLimit;
  #content: ContentInMaking | undefined;
  /** The last page that was added. */
  #adding: Promise<void> | undefined;
  #storedBytes = 0;
  #fileCount = 0;
  #recordCount = 0;
  #dataBytes = 0;

  /** `begin` is called with the first page. */
  constructor(
    begin: () => ContentInMaking | Promise<ContentInMaking>,
    deadLetters: DeadLetterWriter,
    max: ContentLimit,
  ) {
    this.#begin = begin;
    this.#deadLetters = deadLetters;
    this.#max = max;
  }

  /** See `BatchBuilder`. */
  async add({ slices }: RecordPage): Promise<boolean> {
    this.#content ??= await this.#begin();
    const before = this.#adding;
    const parts = slices.map(({ body, start, end }) => body.subarray(start, end));
    this.#adding = this.#content.add(parts).then((added) => this.#note(slices, added));
    // The next page, or the end, meets the error.
    this.#adding.catch(() => undefined);
    // A page is at work while the next one is read, unless it may fill the batch.
    await before;
    const pageBytes = parts.reduce((sum, { length }) => sum + length, 0);
    if (!this.#takesMore(pageBytes)) await this.#adding;
    return this.#takesMore(0);
  }

  /** Stores the dead letters of the batch, and resolves with its files. */
  async finish(cut: Cut, signal: AbortSignal): Promise<readonly FinishedFile[]> {
    await this.#adding;
    await this.#deadLetters.store(cut, signal);
    return this.#recordCount === 0 || this.#content === undefined ? [] : await this.#content.end();
  }

  figures(files: readonly FinishedFile[]): StoredBatch {
    return {
      recordCount: this.#recordCount,
      failedCount: this.#deadLetters.count,
      bytesIn: this.#dataBytes,
      bytesOut: files.reduce((sum, { bytes }) => sum + bytes.length, 0),
    };
  }

  /** `isStored`: no request reads the bytes of the files any more. */
  discard(isStored: boolean): void {
    this.#content?.discard(isStored);
    this.#deadLetters.discard();
  }

  #takesMore(pageBytes: number): boolean {
    return (
      this.#storedBytes + pageBytes < this.#max.storedBytes &&
      this.#fileCount < this.#max.files &&
      this.#dataBytes + pageBytes < batchBytesMax.data &&
      this.#deadLetters.byteCount < batchBytesMax.deadLetters
    );
  }

  #note(slices: RecordPage["slices"], added: AddedPage): void {
    this.#recordCount += added.recordCount;
    this.#dataBytes += added.dataBytes;
    this.#storedBytes = added.storedBytes;
    this.#fileCount = added.fileCount;
    this.#deadLetters.add(slices, added.faults);
  }
}
