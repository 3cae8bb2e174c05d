import { type KeyFacts, objectKey } from "../../streams/channel-key-template.ts";
import type { BucketPlace } from "../../streams/stream.ts";
import type { ContentMaker } from "../batch/content-maker.ts";
import { type Cut, cutSuffix } from "../batch/cut.ts";
import {
  type BatchBuilder,
  batchBytesMax,
  type Destination,
  type RecordPage,
  type StoredBatch,
} from "../batch/destination.ts";
import { BatchContent } from "./batch-content.ts";
import { type DeadLetterChannel, DeadLetterWriter } from "./dead-letter-writer.ts";
import type { BucketFormat } from "./format-page.ts";
import type { ObjectForm } from "./object-content-builder.ts";
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
  readonly maker: ContentMaker<ObjectForm>;
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
  readonly #objects: ObjectStore;
  readonly #content: BatchContent;
  #isStored = false;

  constructor(channel: BucketChannel, { maker, objects, deadLetters }: BucketParts, storedBytesMax: number) {
    const { format, place } = channel;
    this.#channel = channel;
    this.#objects = objects;
    this.#content = new BatchContent(
      () => maker.begin({ kind: "object", format, compression: place.compression }),
      new DeadLetterWriter(channel, deadLetters),
      { storedBytes: storedBytesMax, files: Number.POSITIVE_INFINITY },
    );
  }

  add(page: RecordPage): Promise<boolean> {
    return this.#content.add(page);
  }

  async store(cut: Cut, signal: AbortSignal): Promise<StoredBatch> {
    const { place, format } = this.#channel;
    const files = await this.#content.finish(cut, signal);
    for (const { bytes, sha256 } of files) {
      const extension = extensionOfFormat[format] + extensionOfCompression[place.compression];
      const contentType = contentTypeOf[place.compression] ?? contentTypeOfFormat[format];
      // The key is of this cut alone, so an object that has it already was stored by an earlier attempt.
      const key = this.#keyOf(cut, place.keyTemplate, extension);
      await this.#objects.putNew(key, bytes, { contentType, storageClass: place.storageClass, sha256, signal });
    }
    this.#isStored = true;
    return this.#content.figures(files);
  }

  discard(): void {
    // A request that failed may still read the bytes.
    this.#content.discard(this.#isStored);
  }

  #keyOf(cut: Cut, template: string, extension: string): string {
    const { channelName, channelId, streamName } = this.#channel;
    const facts: KeyFacts = { channelName, channelId, streamName, oldestMs: cut.oldestMs, extension };
    return objectKey(template, facts, cutSuffix(cut));
  }
}
