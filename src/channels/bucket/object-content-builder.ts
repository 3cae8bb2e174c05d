import { createHash } from "node:crypto";
import type { BucketPlace } from "../../streams/stream.ts";
import type { AddedPage, ContentBuilder, FinishedFile } from "../batch/content-maker.ts";
import { type Compressor, newCompressor } from "./compressor.ts";
import { type BucketFormat, formatPage } from "./format-page.ts";

/** How the records of an object are written. */
export interface ObjectForm {
  readonly kind: "object";
  readonly format: BucketFormat;
  readonly compression: BucketPlace["compression"];
}

/** The bytes of one object, made of pages of records in the calling thread and the thread pool. */
export class ObjectContentBuilder implements ContentBuilder {
  readonly #format: BucketFormat;
  readonly #compressor: Compressor;
  readonly #hash = createHash("sha256");
  #memory: Uint8Array<ArrayBuffer>;
  #length = 0;
  #recordCount = 0;

  /** Writes into `memory`, and into larger memory when that is full. */
  constructor({ format, compression }: ObjectForm, memory: ArrayBuffer) {
    this.#format = format;
    this.#compressor = newCompressor(compression, (part) => this.#append(part));
    this.#memory = new Uint8Array(memory);
  }

  async add(page: Uint8Array): Promise<AddedPage> {
    const { bytes, ...counts } = formatPage(page, this.#format);
    this.#recordCount += counts.recordCount;
    if (bytes.length > 0) await this.#compressor.write(bytes);
    return { ...counts, fileCount: 1, storedBytes: this.#length };
  }

  async end(): Promise<readonly FinishedFile[]> {
    await this.#compressor.end();
    if (this.#recordCount === 0) return [];
    const bytes = this.#memory.subarray(0, this.#length);
    return [{ bytes, sha256: this.#hash.digest("hex"), recordCount: this.#recordCount, hours: [] }];
  }

  discard(): ArrayBuffer {
    this.#compressor.destroy();
    return this.#memory.buffer;
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
