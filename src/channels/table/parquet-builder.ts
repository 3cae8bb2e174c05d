import { constants, zstdCompressSync } from "node:zlib";
import type { ParquetWriter } from "hyparquet-writer";
import type { TablePlace } from "../../streams/stream.ts";
import { decimalParts, type TableField, type TableSchema } from "./iceberg-schema.ts";

export type ParquetLibrary = typeof import("hyparquet-writer");

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];

const zstdLevel = 1;
const codecs = { NONE: "UNCOMPRESSED", ZSTD: "ZSTD", SNAPPY: "SNAPPY" } as const;
const int32Digits = 9;
const int64Digits = 18;

/** Collects rows and makes one Parquet file of them, row group by row group. */
export class ParquetBuilder {
  readonly #schema: TableSchema;
  readonly #bytes: InstanceType<ParquetLibrary["ByteWriter"]>;
  readonly #writer: ParquetWriter;
  #columns: unknown[][];
  /** JSON of the rows that wait for their row group, bytes. */
  waitingBytes = 0;
  rowCount = 0;

  constructor(library: ParquetLibrary, schema: TableSchema, compression: TablePlace["compression"]) {
    this.#schema = schema;
    this.#bytes = new library.ByteWriter();
    this.#writer = new library.ParquetWriter({
      writer: this.#bytes,
      schema: parquetSchema(schema),
      codec: codecs[compression],
      compressors: {
        ZSTD: (input) => zstdCompressSync(input, { params: { [constants.ZSTD_c_compressionLevel]: zstdLevel } }),
      },
      createdBy: "millrace",
    });
    this.#columns = schema.fields.map(() => []);
  }

  /** Bytes of the file so far, without the rows that wait for their row group. */
  get byteCount(): number {
    return this.#bytes.offset;
  }

  /** `dataBytes`: what the row is as JSON. */
  add(values: readonly unknown[], dataBytes: number): void {
    for (let i = 0; i < values.length; i += 1) this.#columns[i]?.push(values[i]);
    this.rowCount += 1;
    this.waitingBytes += dataBytes;
  }

  /** The whole file. */
  finish(): Uint8Array<ArrayBuffer> {
    this.writeRowGroup();
    void this.#writer.finish();
    return this.#bytes.getBytes();
  }

  /** Ends the row group of the rows that wait. */
  writeRowGroup(): void {
    const [first] = this.#columns;
    if (first === undefined || first.length === 0) return;
    const columnData = this.#schema.fields.map(({ name }, i) => ({ name, data: this.#columns[i] ?? [] }));
    // At once: the file is in memory.
    void this.#writer.write({ columnData, rowGroupSize: first.length });
    this.#columns = this.#schema.fields.map(() => []);
    this.waitingBytes = 0;
  }
}

/** The columns with their field ids, by which readers of Iceberg find them. */
function parquetSchema({ fields }: TableSchema): SchemaElement[] {
  return [{ name: "table", num_children: fields.length }, ...fields.flatMap(elementsOf)];
}

function elementsOf({ id, name, required, type }: TableField): SchemaElement[] {
  const self = { name, field_id: id, repetition_type: required ? "REQUIRED" : "OPTIONAL" } as const;
  if (typeof type === "string") return [{ ...self, ...primitiveElement(type) }];
  switch (type.type) {
    case "struct":
      return [{ ...self, num_children: type.fields.length }, ...type.fields.flatMap(elementsOf)];
    case "list":
      return [
        { ...self, converted_type: "LIST", logical_type: { type: "LIST" }, num_children: 1 },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        ...elementsOf({
          id: type["element-id"],
          name: "element",
          required: type["element-required"],
          type: type.element,
        }),
      ];
    case "map":
      return [
        { ...self, converted_type: "MAP", logical_type: { type: "MAP" }, num_children: 1 },
        { name: "key_value", repetition_type: "REPEATED", num_children: 2 },
        ...elementsOf({ id: type["key-id"], name: "key", required: true, type: type.key }),
        ...elementsOf({ id: type["value-id"], name: "value", required: type["value-required"], type: type.value }),
      ];
  }
}

function primitiveElement(type: string): Omit<SchemaElement, "name"> {
  switch (type) {
    case "boolean":
      return { type: "BOOLEAN" };
    case "int":
      return { type: "INT32" };
    case "long":
      return { type: "INT64" };
    case "double":
      return { type: "DOUBLE" };
    case "string":
      return { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } };
    case "binary":
      return { type: "BYTE_ARRAY" };
    case "uuid":
      return { type: "FIXED_LEN_BYTE_ARRAY", type_length: 16, logical_type: { type: "UUID" } };
    case "date":
      return { type: "INT32", converted_type: "DATE", logical_type: { type: "DATE" } };
    case "time":
      return {
        type: "INT64",
        converted_type: "TIME_MICROS",
        logical_type: { type: "TIME", isAdjustedToUTC: false, unit: "MICROS" },
      };
    case "timestamptz":
      return {
        type: "INT64",
        converted_type: "TIMESTAMP_MICROS",
        logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
      };
    default:
      return decimalElement(type);
  }
}

function decimalElement(type: string): Omit<SchemaElement, "name"> {
  const { precision = 0, scale = 0 } = decimalParts(type) ?? {};
  if (precision === 0 || precision > int64Digits) throw new Error(`${type} is no type that rows are read for`);
  return {
    type: precision <= int32Digits ? "INT32" : "INT64",
    ...{ converted_type: "DECIMAL", precision, scale, logical_type: { type: "DECIMAL", precision, scale } },
  };
}
