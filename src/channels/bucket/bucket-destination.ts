import { type KeyFacts, objectKey } from "../../streams/channel-key-template.ts";
import type { BucketPlace } from "../../streams/stream.ts";
import { type Cut, cutSuffix } from "../batch/cut.ts";
import type { BatchBuilder, Destination, RecordPage, StoredBatch } from "../batch/destination.ts";
import { type Compressor, newCompressor } from "./compressor.ts";
import { deadLetterLine } from "./dead-letter-lines.ts";
import { type BucketFormat, formatPage, recordFaults } from "./format-page.ts";
import type { ObjectStore } from "./object-store.ts";

/** A batch takes no more records when it has so many bytes: as stored, of data, or of dead letters. */
const storedBytesMaxDefault = 16 * 1024 * 1024;
const dataBytesMax = 128 * 1024 * 1024;
const deadLetterBytesMax = 16 * 1024 * 1024;

const deadLetterTemplate = "!{channel-name}-!{channel-id}-!{yyyy}-!{MM}-!{dd}-!{HH}-!{mm}!{extension}";
/** Where dead letters of a channel go that names no prefix; ours. */
const deadLetterPrefixDefault = "kinesis-channel-errors/!{channel-name}/!{channel-id}/!{yyyy}/!{MM}/!{dd}/!{HH}/";

const extensionOfFormat = { JSON: ".json", STRING: ".txt", BYTE_ARRAY: ".bin" } as const;
const extensionOfCompression = { NONE: "", GZIP: ".gz", ZSTD: ".zst" } as const;
const contentTypeOf = { NONE: undefined, GZIP: "application/gzip", ZSTD: "application/zstd" } as const;
const contentTypeOfFormat = {
  JSON: "application/x-ndjson",
  STRING: "text/plain; charset=utf-8",
  BYTE_ARRAY: "application/octet-stream",
} as const;

/** What a bucket is told of its channel. */
export interface BucketChannel {
  readonly channelName: string;
  readonly channelId: string;
  readonly streamName: string;
  readonly format: BucketFormat;
  readonly place: Pick<BucketPlace, "keyTemplate" | "storageClass" | "compression">;
  /** A prefix of keys; absent: ours. */
  readonly deadLetterPrefix?: string | undefined;
}

export interface BucketStores {
  readonly objects: ObjectStore;
  readonly deadLetters: ObjectStore;
}

/** Writes each batch as one object, and what is known of records that cannot be delivered as another one. */
export class BucketDestination implements Destination {
  readonly #channel: BucketChannel;
  readonly #stores: BucketStores;
  readonly #storedBytesMax: number;

  /** `storedBytesMax`: a batch takes no more records when its object has so many bytes. */
  constructor(channel: BucketChannel, stores: BucketStores, storedBytesMax = storedBytesMaxDefault) {
    this.#channel = channel;
    this.#stores = stores;
    this.#storedBytesMax = storedBytesMax;
  }

  async prepare(signal: AbortSignal): Promise<void> {
    const { objects, deadLetters } = this.#stores;
    await objects.check(signal);
    if (deadLetters !== objects) await deadLetters.check(signal);
  }

  begin(): BatchBuilder {
    return new ObjectBuilder(this.#channel, this.#stores, this.#storedBytesMax);
  }

  async close(): Promise<void> {
    this.#stores.objects.close();
    this.#stores.deadLetters.close();
  }
}

class ObjectBuilder implements BatchBuilder {
  readonly #channel: BucketChannel;
  readonly #stores: BucketStores;
  readonly #compressor: Compressor;
  readonly #storedBytesMax: number;
  #writing: Promise<void> | undefined;
  #deadLetters: Buffer[] = [];
  #deadLetterBytes = 0;
  #recordCount = 0;
  #failedCount = 0;
  #dataBytes = 0;

  constructor(channel: BucketChannel, stores: BucketStores, storedBytesMax: number) {
    this.#channel = channel;
    this.#stores = stores;
    this.#storedBytesMax = storedBytesMax;
    this.#compressor = newCompressor(channel.place.compression);
  }

  async add(page: RecordPage): Promise<boolean> {
    let lines = "";
    const { bytes, recordCount, dataBytes } = formatPage(page, this.#channel.format, (slice, index, fault) => {
      lines += deadLetterLine(slice, index, recordFaults[fault]);
      this.#failedCount += 1;
    });
    if (lines !== "") {
      const letters = Buffer.from(lines);
      this.#deadLetters.push(letters);
      this.#deadLetterBytes += letters.length;
    }
    this.#recordCount += recordCount;
    this.#dataBytes += dataBytes;
    if (bytes.length > 0) {
      // A page is compressed in the thread pool while the next one is read and checked.
      await this.#writing;
      this.#writing = this.#compressor.write(bytes);
      // The next page, or the end, meets the error.
      this.#writing.catch(() => undefined);
    }
    return (
      this.#compressor.byteCount < this.#storedBytesMax &&
      this.#dataBytes < dataBytesMax &&
      this.#deadLetterBytes < deadLetterBytesMax
    );
  }

  async store(cut: Cut, signal: AbortSignal): Promise<StoredBatch> {
    const { objects, deadLetters } = this.#stores;
    const { place, deadLetterPrefix = deadLetterPrefixDefault } = this.#channel;
    // Both keys are of this cut alone, so an object that has one already was stored by an earlier attempt.
    if (this.#failedCount > 0) {
      const key = this.#keyOf(cut, deadLetterPrefix + deadLetterTemplate, ".json");
      await deadLetters.putNew(key, this.#deadLetters, { contentType: contentTypeOfFormat.JSON, signal });
    }
    let bytesOut = 0;
    if (this.#recordCount > 0) {
      const { format } = this.#channel;
      await this.#writing;
      const parts = await this.#compressor.end();
      bytesOut = parts.reduce((sum, { length }) => sum + length, 0);
      const extension = extensionOfFormat[format] + extensionOfCompression[place.compression];
      const contentType = contentTypeOf[place.compression] ?? contentTypeOfFormat[format];
      const key = this.#keyOf(cut, place.keyTemplate, extension);
      await objects.putNew(key, parts, { contentType, storageClass: place.storageClass, signal });
    }
    return { recordCount: this.#recordCount, failedCount: this.#failedCount, bytesIn: this.#dataBytes, bytesOut };
  }

  discard(): void {
    this.#compressor.destroy();
    this.#deadLetters = [];
  }

  #keyOf(cut: Cut, template: string, extension: string): string {
    const { channelName, channelId, streamName } = this.#channel;
    const facts: KeyFacts = { channelName, channelId, streamName, oldestMs: cut.oldestMs, extension };
    return objectKey(template, facts, cutSuffix(cut));
  }
}
