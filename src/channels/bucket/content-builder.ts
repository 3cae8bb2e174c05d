import { createHash } from "node:crypto";
import type { BucketPlace } from "../../streams/stream.ts";
import { type Compressor, newCompressor } from "./compressor.ts";
import { type BucketFormat, type FormattedPage, formatPage } from "./format-page.ts";

/** How the records of an object are written. */
export interface ObjectForm {
  readonly format: BucketFormat;
  readonly compression: BucketPlace["compression"];
}

/** What became of the records of a page. */
export interface AddedPage extends Omit<FormattedPage, "bytes"> {
  /** Bytes of the object so far; those that the compressor holds back are not among them. */
  readonly storedBytes: number;
}

export interface FinishedContent {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256, in hexadecimal. */
  readonly sha256: string;
}

/** The bytes of one object, made of pages of records in the calling thread and the thread pool. */
export class ContentBuilder {
  readonly #format: BucketFormat;
  readonly #compressor: Compressor;
  readonly #hash = createHash("sha256");
  #memory: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** Writes into `memory`, and into larger memory when that is full. */
  constructor({ format, compression }: ObjectForm, memory: Uint8Array<ArrayBuffer>) {
    this.#format = format;
    this.#compressor = newCompressor(compression, (part) => this.#append(part));
    this.#memory = memory;
  }

  /** Adds records in the layout of entries. The page is overwritten, and may be reused when the promise settles. */
  async add(page: Uint8Array): Promise<AddedPage> {
    const { bytes, ...counts } = formatPage(page, this.#format);
    if (bytes.length > 0) await this.#compressor.write(bytes);
    return { ...counts, storedBytes: this.#length };
  }

  async end(): Promise<FinishedContent> {
    await this.#compressor.end();
    return { bytes: this.#memory.subarray(0, this.#length), sha256: this.#hash.digest("hex") };
  }

  /** Returns its memory, which no write touches any more. */
  discard(): Uint8Array<ArrayBuffer> {
    this.#compressor.destroy();
    return this.#memory;
  }

  #append(part: Uint8Array): void {
    this.#hash.update(part);
    const length = this.#length + part.length;
    if (length > this.#memory.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#memory.length));
      larger.set(this.#memory.subarray(0, this.#length));
      this.#memory = larger;
    }
    this.#memory.set(part, this.#length);
    this.#length = length;
  }
}
