import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { forEachRecord } from "../../records/entry-layout.ts";
import type { TablePlace } from "../../streams/stream.ts";
import { type Cut, cutSuffix } from "../batch/cut.ts";
import {
  type BatchBuilder,
  batchBytesMax,
  type Destination,
  DestinationError,
  type RecordPage,
  type StoredBatch,
} from "../batch/destination.ts";
import { type DeadLetterChannel, DeadLetterWriter } from "../bucket/dead-letter-writer.ts";
import type { ObjectStore } from "../bucket/object-store.ts";
import { fieldAt, type PartitionSpec, type TableMetadata, type TableSchema } from "./iceberg-schema.ts";
import type { DataFile } from "./manifests.ts";
import { ParquetBuilder, type ParquetLibrary } from "./parquet-builder.ts";
import { type RowFault, RowReader, TableShapeError } from "./row-reader.ts";
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

/** A batch takes no more records when it has so many files. */
const filesMax = 100;

/** Bytes of JSON after which the rows of a file become a row group, and those of all files together. */
const rowGroupBytes = 2 * 1024 * 1024;
const waitingBytesMax = 8 * 1024 * 1024;

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
  readonly deadLetters: ObjectStore;
  /** Closes the stores that `filesOf` has given. */
  readonly closeFiles: () => void;
  /** The JSON Schema of the records. Rejects with `DestinationError`. */
  readonly readJsonSchema: () => Promise<unknown>;
}

/** What rows are written by. */
interface TableShape {
  readonly schema: TableSchema;
  readonly spec: PartitionSpec;
  readonly reader: RowReader;
  readonly library: ParquetLibrary;
}

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
    return {
      ...shapeOf(requireOwn(found, this.#channel), this.#channel.place),
      library: await import("hyparquet-writer"),
    };
  }
}

interface FileContent extends Pick<DataFile, "hours" | "recordCount"> {
  readonly bytes: Uint8Array;
}

class RowBuilder implements BatchBuilder {
  readonly #channel: TableChannel;
  readonly #parts: TableParts;
  readonly #storedBytesMax: number;
  readonly #loadShape: () => Promise<TableShape>;
  readonly #deadLetters: DeadLetterWriter;
  /** By the hours of their partition. */
  readonly #files = new Map<string, { readonly hours: readonly number[]; readonly rows: ParquetBuilder }>();
  #recordCount = 0;
  #dataBytes = 0;

  constructor(channel: TableChannel, parts: TableParts, storedBytesMax: number, loadShape: () => Promise<TableShape>) {
    this.#channel = channel;
    this.#parts = parts;
    this.#storedBytesMax = storedBytesMax;
    this.#loadShape = loadShape;
    this.#deadLetters = new DeadLetterWriter(channel, parts.deadLetters);
  }

  async add({ slices }: RecordPage): Promise<boolean> {
    const shape = await this.#loadShape();
    const faults: [number, RowFault][] = [];
    let number = -1;
    for (const { body, start, end } of slices) {
      forEachRecord(body, start, end, (_keyStart, _keyBytes, dataStart, recordBytes) => {
        number += 1;
        this.#dataBytes += recordBytes;
        const row = shape.reader.read(body.subarray(dataStart, dataStart + recordBytes));
        if ("code" in row) {
          faults.push([number, row]);
          return;
        }
        this.#recordCount += 1;
        this.#fileOf(row.hours, shape).add(row.values, recordBytes);
      });
    }
    this.#deadLetters.add(slices, faults);
    await this.#writeRowGroups();
    const files = [...this.#files.values()];
    return (
      files.reduce((sum, { rows }) => sum + rows.byteCount, 0) < this.#storedBytesMax &&
      files.length < filesMax &&
      this.#dataBytes < batchBytesMax.data &&
      this.#deadLetters.byteCount < batchBytesMax.deadLetters
    );
  }

  async store(cut: Cut, signal: AbortSignal): Promise<StoredBatch> {
    const { catalog } = this.#parts;
    const { channelId, place } = this.#channel;
    await this.#deadLetters.store(cut, signal);
    const figures = { recordCount: this.#recordCount, failedCount: this.#deadLetters.count, bytesIn: this.#dataBytes };
    if (this.#recordCount === 0) return { ...figures, bytesOut: 0 };
    const { schema, spec } = await this.#loadShape();
    const metadata = requireOwn(await catalog.find(signal), this.#channel);
    const contents: FileContent[] = [];
    for (const { hours, rows } of this.#files.values()) {
      await nextTurn();
      contents.push({ hours, recordCount: rows.rowCount, bytes: rows.finish() });
    }
    const bytesOut = contents.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (!isCommitted(metadata, channelId, cut)) {
      const files = await this.#storeFiles(cut, metadata, contents, signal);
      await commitBatch(this.#parts, { channelId, place, cut, table: { schema, spec }, files }, metadata, signal);
    }
    return { ...figures, bytesOut };
  }

  discard(): void {
    this.#files.clear();
    this.#deadLetters.discard();
  }

  /** Each attempt has names of its own: the size of a file in a snapshot must be that of its bytes. */
  async #storeFiles(
    cut: Cut,
    metadata: TableMetadata,
    contents: readonly FileContent[],
    signal: AbortSignal,
  ): Promise<readonly DataFile[]> {
    const attempt = randomBytes(8).toString("hex");
    const put = fileWriter(this.#parts.filesOf, metadata, "data", { contentType: parquetType, signal });
    const files: DataFile[] = [];
    for (const { hours, recordCount, bytes } of contents) {
      const name = `millrace-${this.#channel.channelId}-${cutSuffix(cut)}-${attempt}-${files.length}.parquet`;
      const path = await put(name, bytes);
      files.push({ path, hours, recordCount, byteCount: bytes.length });
    }
    return files;
  }

  #fileOf(hours: readonly number[], { library, schema }: TableShape): ParquetBuilder {
    const key = hours.join();
    const known = this.#files.get(key);
    if (known !== undefined) return known.rows;
    const rows = new ParquetBuilder(library, schema, this.#channel.place.compression);
    this.#files.set(key, { hours, rows });
    return rows;
  }

  /** Rows take much more memory than their Parquet. Other work of the thread comes between two row groups. */
  async #writeRowGroups(): Promise<void> {
    const files = [...this.#files.values()].map(({ rows }) => rows).toSorted((a, b) => b.waitingBytes - a.waitingBytes);
    let waitingBytes = files.reduce((sum, rows) => sum + rows.waitingBytes, 0);
    for (const rows of files) {
      if (rows.waitingBytes < rowGroupBytes && waitingBytes < waitingBytesMax) return;
      waitingBytes -= rows.waitingBytes;
      await nextTurn();
      rows.writeRowGroup();
    }
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

function shapeOf(metadata: TableMetadata, place: TableChannel["place"]): Omit<TableShape, "library"> {
  if (metadata["format-version"] !== formatVersion)
    throw tableRefused(place, `is not of format version ${formatVersion}`);
  const schema = metadata.schemas.find((each) => each["schema-id"] === metadata["current-schema-id"]);
  const spec = metadata["partition-specs"].find((each) => each["spec-id"] === metadata["default-spec-id"]);
  if (schema === undefined || spec === undefined) throw tableRefused(place, "has no schema or no partition spec");
  try {
    return { schema, spec, reader: new RowReader(schema, spec) };
  } catch (error) {
    if (error instanceof TableShapeError) throw tableRefused(place, error.message);
    throw error;
  }
}
