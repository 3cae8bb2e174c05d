import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { TablePlace } from "../../streams/stream.ts";
import type { ContentMaker, FinishedFile } from "../batch/content-maker.ts";
import { type Cut, cutSuffix } from "../batch/cut.ts";
import {
  type BatchBuilder,
  batchBytesMax,
  type Destination,
  DestinationError,
  type RecordPage,
  type StoredBatch,
} from "../batch/destination.ts";
import { BatchContent } from "../bucket/batch-content.ts";
import { type DeadLetterChannel, DeadLetterWriter } from "../bucket/dead-letter-writer.ts";
import type { ObjectStore } from "../bucket/object-store.ts";
import { fieldAt, type PartitionSpec, type TableMetadata, type TableSchema } from "./iceberg-schema.ts";
import type { DataFile } from "./manifests.ts";
import { RowReader, TableShapeError } from "./row-reader.ts";
import { columnPath, JsonSchemaError, schemaOfJsonSchema } from "./schema-of-json-schema.ts";
import {
  channelProperty,
  commitBatch,
  fileWriter,
  isCommitted,
  requireOwn,
  type TableServices,
  tableRefused,
} from "./table-commit.ts";
import type { TableForm } from "./table-content-builder.ts";

/** A batch takes no more records when it has so many files. */
const filesMax = 100;

const formatVersion = 2;
const loadMsMax = 10_000;
/** Iceberg: ids of partition fields begin here. */
const partitionFieldId = 1000;
const parquetType = "application/vnd.apache.parquet";

/** What a table is told of its channel. */
export interface TableChannel extends DeadLetterChannel {
  readonly place: Pick<TablePlace, "namespace" | "table" | "compression" | "partitionColumns">;
}

export interface TableParts extends TableServices {
  readonly maker: ContentMaker<TableForm>;
  readonly deadLetters: ObjectStore;
  /** Closes the stores that `filesOf` has given. */
  readonly closeFiles: () => void;
  /** The JSON Schema of the records. Rejects with `DestinationError`. */
  readonly readJsonSchema: () => Promise<unknown>;
}

/** What rows are written by. */
type TableShape = Pick<TableForm, "schema" | "spec">;

/**
 * Writes each batch as Parquet files, one for each partition, which one snapshot adds to a table; and what is known of records
 * that are no rows as an object of dead letters. The JSON Schema decides how the table is made; after that, the table itself
 * says what its columns are.
 */
export class TableDestination implements Destination {
  readonly #channel: TableChannel;
  readonly #parts: TableParts;
  readonly #storedBytesMax: number;
  #shape: Promise<TableShape> | undefined;

  /** `storedBytesMax`: a batch takes no more records when its files have so many bytes. */
  constructor(channel: TableChannel, parts: TableParts, storedBytesMax: number = batchBytesMax.stored) {
    this.#channel = channel;
    this.#parts = parts;
    this.#storedBytesMax = storedBytesMax;
  }

  async prepare(signal: AbortSignal): Promise<void> {
    const { catalog, deadLetters, readJsonSchema } = this.#parts;
    const { channelId, place } = this.#channel;
    await deadLetters.check(signal);
    const schema = columnsOf(await readJsonSchema(), place);
    const spec = { "spec-id": 0, fields: partitionFields(schema, place) };
    // An earlier attempt may have made it.
    let metadata = await catalog.find(signal);
    if (metadata === undefined) {
      await catalog.create({ schema, spec, properties: { [channelProperty]: channelId } }, signal);
      metadata = await catalog.find(signal);
    }
    shapeOf(requireOwn(metadata, this.#channel), place);
  }

  begin(): BatchBuilder {
    return new RowBuilder(this.#channel, this.#parts, this.#storedBytesMax, () => this.#loadShape());
  }

  async close(): Promise<void> {
    this.#parts.deadLetters.close();
    this.#parts.closeFiles();
  }

  /** Kept once it is there: the files of a batch may have columns of a former schema of the table. */
  #loadShape(): Promise<TableShape> {
    this.#shape ??= this.#readShape().catch((error: unknown) => {
      this.#shape = undefined;
      throw error;
    });
    return this.#shape;
  }

  async #readShape(): Promise<TableShape> {
    const found = await this.#parts.catalog.find(AbortSignal.timeout(loadMsMax));
    return shapeOf(requireOwn(found, this.#channel), this.#channel.place);
  }
}

class RowBuilder implements BatchBuilder {
  readonly #channel: TableChannel;
  readonly #parts: TableParts;
  readonly #loadShape: () => Promise<TableShape>;
  readonly #content: BatchContent;
  #isStored = false;

  constructor(channel: TableChannel, parts: TableParts, storedBytesMax: number, loadShape: () => Promise<TableShape>) {
    const { compression } = channel.place;
    this.#channel = channel;
    this.#parts = parts;
    this.#loadShape = loadShape;
    this.#content = new BatchContent(
      async () => parts.maker.begin({ kind: "table", ...(await loadShape()), compression }),
      new DeadLetterWriter(channel, parts.deadLetters),
      { storedBytes: storedBytesMax, files: filesMax },
    );
  }

  add(page: RecordPage): Promise<boolean> {
    return this.#content.add(page);
  }

  async store(cut: Cut, signal: AbortSignal): Promise<StoredBatch> {
    const { catalog } = this.#parts;
    const { channelId, place } = this.#channel;
    const contents = await this.#content.finish(cut, signal);
    if (contents.length > 0) {
      const metadata = requireOwn(await catalog.find(signal), this.#channel);
      if (!(await isCommitted(catalog, { channelId, place, cut }, metadata, signal))) {
        const table = await this.#loadShape();
        const files = await this.#storeFiles(cut, metadata, contents, signal);
        await commitBatch(this.#parts, { channelId, place, cut, table, files }, metadata, signal);
      }
    }
    this.#isStored = true;
    return this.#content.figures(contents);
  }

  discard(): void {
    // A request that failed may still read the bytes.
    this.#content.discard(this.#isStored);
  }

  /** Each attempt has names of its own: the size of a file in a snapshot must be that of its bytes. */
  async #storeFiles(
    cut: Cut,
    metadata: TableMetadata,
    contents: readonly FinishedFile[],
    signal: AbortSignal,
  ): Promise<readonly DataFile[]> {
    const attempt = randomBytes(8).toString("hex");
    const put = fileWriter(this.#parts.filesOf, metadata, "data", { contentType: parquetType, signal });
    const files: DataFile[] = [];
    for (const { hours, recordCount, bytes, sha256 } of contents) {
      const name = `millrace-${this.#channel.channelId}-${cutSuffix(cut)}-${attempt}-${files.length}.parquet`;
      const path = await put(name, bytes, sha256);
      files.push({ path, hours, recordCount, byteCount: bytes.length });
    }
    return files;
  }
}

function columnsOf(jsonSchema: unknown, { partitionColumns }: TableChannel["place"]): TableSchema {
  try {
    return { ...schemaOfJsonSchema(jsonSchema, partitionColumns), "schema-id": 0 };
  } catch (error) {
    if (error instanceof JsonSchemaError) {
      throw new DestinationError(`The schema of the records is one that no table can have: it ${error.message}.`);
    }
    throw error;
  }
}

function partitionFields(schema: TableSchema, { partitionColumns }: TableChannel["place"]): PartitionSpec["fields"] {
  return partitionColumns.map((column, i) => {
    const field = fieldAt(schema, columnPath(column));
    assert(field !== undefined, "a column that partitions a table is in its schema");
    return {
      "source-id": field.id,
      "field-id": partitionFieldId + i,
      name: `${column.replaceAll(".", "_")}_hour`,
      transform: "hour",
    };
  });
}

/** The shape of a table, if the server can write into it. Throws `DestinationError`. */
function shapeOf(metadata: TableMetadata, place: TableChannel["place"]): TableShape {
  if (metadata["format-version"] !== formatVersion)
    throw tableRefused(place, `is not of format version ${formatVersion}`);
  const schema = metadata.schemas.find((each) => each["schema-id"] === metadata["current-schema-id"]);
  const spec = metadata["partition-specs"].find((each) => each["spec-id"] === metadata["default-spec-id"]);
  if (schema === undefined || spec === undefined) throw tableRefused(place, "has no schema or no partition spec");
  try {
    void new RowReader(schema, spec);
    return { schema, spec };
  } catch (error) {
    if (error instanceof TableShapeError) throw tableRefused(place, error.message);
    throw error;
  }
}
