import { createHash } from "node:crypto";
import { forEachRecord } from "../../records/entry-layout.ts";
import type { TablePlace } from "../../streams/stream.ts";
import type { AddedPage, ContentBuilder, FinishedFile, RecordFault } from "../batch/content-maker.ts";
import type { PartitionSpec, TableSchema } from "./iceberg-schema.ts";
import { ParquetBuilder, type ParquetLibrary } from "./parquet-builder.ts";
import { RowReader } from "./row-reader.ts";

/** Bytes of JSON after which the rows of a file become a row group, and those of all files together. */
const rowGroupBytes = 1024 * 1024;
const waitingBytesMax = 8 * 1024 * 1024;

/** How the records of a table are written. */
export interface TableForm {
  readonly kind: "table";
  readonly schema: TableSchema;
  readonly spec: PartitionSpec;
  readonly compression: TablePlace["compression"];
}

/** The Parquet files of one batch, one for each partition, made of pages of records in the calling thread. */
export class TableContentBuilder implements ContentBuilder {
  readonly #form: TableForm;
  readonly #reader: RowReader;
  /** By the hours of their partition. */
  readonly #files = new Map<string, { readonly hours: readonly number[]; readonly rows: ParquetBuilder }>();

  /** Throws `TableShapeError`. */
  constructor(form: TableForm) {
    this.#form = form;
    this.#reader = new RowReader(form.schema, form.spec);
  }

  async add(page: Uint8Array): Promise<AddedPage> {
    const library = await import("hyparquet-writer");
    const faults: [number, RecordFault][] = [];
    let number = 0;
    let dataBytes = 0;
    forEachRecord(page, 0, page.length, (_keyStart, _keyBytes, dataStart, recordBytes) => {
      const row = this.#reader.read(page.subarray(dataStart, dataStart + recordBytes));
      if ("code" in row) faults.push([number, row]);
      else this.#fileOf(row.hours, library).add(row.values, recordBytes);
      number += 1;
      dataBytes += recordBytes;
    });
    this.#writeRowGroups();
    let storedBytes = 0;
    for (const { rows } of this.#files.values()) storedBytes += rows.byteCount;
    return { recordCount: number - faults.length, dataBytes, faults, fileCount: this.#files.size, storedBytes };
  }

  async end(): Promise<readonly FinishedFile[]> {
    return [...this.#files.values()].map(({ hours, rows }) => {
      const bytes = rows.finish();
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return { bytes, sha256, recordCount: rows.rowCount, hours };
    });
  }

  discard(): undefined {
    this.#files.clear();
  }

  #fileOf(hours: readonly number[], library: ParquetLibrary): ParquetBuilder {
    const key = hours.join();
    const known = this.#files.get(key);
    if (known !== undefined) return known.rows;
    const rows = new ParquetBuilder(library, this.#form.schema, this.#form.compression);
    this.#files.set(key, { hours, rows });
    return rows;
  }

  /** Rows take much more memory than their Parquet. */
  #writeRowGroups(): void {
    const files = [...this.#files.values()].map(({ rows }) => rows).toSorted((a, b) => b.waitingBytes - a.waitingBytes);
    let waitingBytes = files.reduce((sum, rows) => sum + rows.waitingBytes, 0);
    for (const rows of files) {
      if (rows.waitingBytes < rowGroupBytes && waitingBytes < waitingBytesMax) return;
      waitingBytes -= rows.waitingBytes;
      rows.writeRowGroup();
    }
  }
}
