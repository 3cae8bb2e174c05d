import { type KeyFacts, objectKey } from "../../streams/channel-key-template.ts";
import type { BucketPlace } from "../../streams/stream.ts";
import { type Cut, cutSuffix } from "../batch/cut.ts";
import {
  type BatchBuilder,
  batchBytesMax,
  type Destination,
  type RecordPage,
  type StoredBatch,
} from "../batch/destination.ts";
import type { AddedPage } from "./content-builder.ts";
import { type DeadLetterChannel, DeadLetterWriter } from "./dead-letter-writer.ts";
import { type BucketFormat, recordFaults } from "./format-page.ts";
import type { ObjectInMaking, ObjectMaker } from "./object-maker.ts";
import type { ObjectStore } from "./object-store.ts";

const extensionOfFormat = { JSON: ".json", STRING: ".txt", BYTE_ARRAY: ".bin" } as const;
const extensionOfCompression = { NONE: "", GZIP: ".gz", ZSTD: ".zst" } as const;
const contentTypeOf = { NONE: undefined, GZIP: "application/gzip", ZSTD: "application/zstd" } as const;
const contentTypeOfFormat = {
  JSON: "application/x-ndjson",
  STRING: "text/plain; charset=utf-8",
  BYTE_ARRAY: "application/octet-stream",
} as const;

/** What a bucket is told of its channel. */
export interface BucketChannel extends DeadLetterChannel {
  readonly format: BucketFormat;
  readonly place: Pick<BucketPlace, "keyTemplate" | "storageClass" | "compression">;
}

/** What a bucket is written with. */
export interface BucketParts {
  readonly maker: ObjectMaker;
  readonly objects: ObjectStore;
  readonly deadLetters: ObjectStore;
}

/** Writes each batch as one object, and what is known of records that cannot be delivered as another one. */
export class BucketDestination implements Destination {
  readonly #channel: BucketChannel;
  readonly #parts: BucketParts;
  readonly #storedBytesMax: number;

  /** `storedBytesMax`: a batch takes no more records when its object has so many bytes. */
  constructor(channel: BucketChannel, parts: BucketParts, storedBytesMax: number = batchBytesMax.stored) {
    this.#channel = channel;
    this.#parts = parts;
    this.#storedBytesMax = storedBytesMax;
  }

  async prepare(signal: AbortSignal): Promise<void> {
    const { objects, deadLetters } = this.#parts;
    await objects.check(signal);
    if (deadLetters !== objects) await deadLetters.check(signal);
  }

  begin(): BatchBuilder {
    return new ObjectBuilder(this.#channel, this.#parts, this.#storedBytesMax);
  }

  async close(): Promise<void> {
    this.#parts.objects.close();
    this.#parts.deadLetters.close();
  }
}

class ObjectBuilder implements BatchBuilder {
  readonly #channel: BucketChannel;
  readonly #parts: BucketParts;
  readonly #object: ObjectInMaking;
  readonly #storedBytesMax: number;
  /** The last page that was added. */
  #adding: Promise<void> | undefined;
  readonly #deadLetters: DeadLetterWriter;
  #storedBytes = 0;
  #recordCount = 0;
  #dataBytes = 0;
  #isStored = false;

  constructor(channel: BucketChannel, parts: BucketParts, storedBytesMax: number) {
    this.#channel = channel;
    this.#parts = parts;
    this.#storedBytesMax = storedBytesMax;
    this.#deadLetters = new DeadLetterWriter(channel, parts.deadLetters);
    this.#object = parts.maker.begin({ format: channel.format, compression: channel.place.compression });
  }

  async add({ slices }: RecordPage): Promise<boolean> {
    const before = this.#adding;
    const parts = slices.map(({ body, start, end }) => body.subarray(start, end));
    this.#adding = this.#object.add(parts).then((added) => this.#note(slices, added));
    // The next page, or the end, meets the error.
    this.#adding.catch(() => undefined);
    // A page is at work while the next one is read, unless it may fill the batch.
    await before;
    const pageBytes = parts.reduce((sum, { length }) => sum + length, 0);
    if (!this.#takesMore(pageBytes)) await this.#adding;
    return this.#takesMore(0);
  }

  async store(cut: Cut, signal: AbortSignal): Promise<StoredBatch> {
    const { objects } = this.#parts;
    const { place, format } = this.#channel;
    await this.#adding;
    await this.#deadLetters.store(cut, signal);
    let bytesOut = 0;
    if (this.#recordCount > 0) {
      const { bytes, sha256 } = await this.#object.end();
      bytesOut = bytes.length;
      const extension = extensionOfFormat[format] + extensionOfCompression[place.compression];
      const contentType = contentTypeOf[place.compression] ?? contentTypeOfFormat[format];
      // The key is of this cut alone, so an object that has it already was stored by an earlier attempt.
      const key = this.#keyOf(cut, place.keyTemplate, extension);
      await objects.putNew(key, bytes, { contentType, storageClass: place.storageClass, sha256, signal });
    }
    this.#isStored = true;
    return { recordCount: this.#recordCount, failedCount: this.#deadLetters.count, bytesIn: this.#dataBytes, bytesOut };
  }

  discard(): void {
    // A request that failed may still read the bytes.
    this.#object.discard(this.#isStored);
    this.#deadLetters.discard();
  }

  #takesMore(pageBytes: number): boolean {
    return (
      this.#storedBytes + pageBytes < this.#storedBytesMax &&
      this.#dataBytes + pageBytes < batchBytesMax.data &&
      this.#deadLetters.byteCount < batchBytesMax.deadLetters
    );
  }

  #note(slices: RecordPage["slices"], { recordCount, dataBytes, storedBytes, faults }: AddedPage): void {
    this.#recordCount += recordCount;
    this.#dataBytes += dataBytes;
    this.#storedBytes = storedBytes;
    this.#deadLetters.add(
      slices,
      faults.map(([number, fault]) => [number, recordFaults[fault]]),
    );
  }

  #keyOf(cut: Cut, template: string, extension: string): string {
    const { channelName, channelId, streamName } = this.#channel;
    const facts: KeyFacts = { channelName, channelId, streamName, oldestMs: cut.oldestMs, extension };
    return objectKey(template, facts, cutSuffix(cut));
  }
}
