import { isUtf8 } from "node:buffer";
import { isJsonObject, type JsonObject } from "../../model/json-object.ts";
import { parseUntrustedJson } from "../../model/parse-untrusted-json.ts";
import type { RecordFault } from "../batch/content-maker.ts";
import { findField, type PartitionSpec, type TableSchema } from "./iceberg-schema.ts";
import { parseLossless } from "./lossless-json.ts";
import { orNull, unfit, type ValueReader, valueReader } from "./read-value.ts";

/** The values of a row in the order of the columns, and the hours that partition it, since the epoch. */
export interface Row {
  readonly values: readonly unknown[];
  readonly hours: readonly number[];
}

/** Where the value is that a field of the partition is made of: in a column, or in structs inside of it. */
interface PartitionSource {
  readonly columnIndex: number;
  readonly name: string;
  readonly below: readonly string[];
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly read: ValueReader;
}

const hourMicros = 3_600_000_000;
/** An integer that a double may not hold, or a text that looks like one. */
const bigInteger = /(?:^|[^.\d])\d{16}/;

const notJson: RecordFault = { code: "InvalidJson", message: "The data is not a valid JSON object in UTF-8." };

/** A table that the server does not write into. The message is a clause about the table. */
export class TableShapeError extends Error {}

/** Reads records as rows of a table: members that no column has are left out. */
export class RowReader {
  readonly #columns: readonly Column[];
  readonly #partitions: readonly PartitionSource[];

  /** Throws `TableShapeError`. */
  constructor(schema: TableSchema, spec: PartitionSpec) {
    this.#columns = schema.fields.map(({ name, type, required }) => {
      const read = valueReader(type);
      const typeName = typeof type === "string" ? type : type.type;
      if (read === undefined) throw new TableShapeError(`has the column ${name}, whose type the server does not write`);
      return { name, type: typeName, read: orNull(read, required) };
    });
    this.#partitions = spec.fields.map((field) => {
      const found = findField(schema, field["source-id"]);
      if (field.transform !== "hour" || found?.type !== "timestamptz") {
        throw new TableShapeError("is partitioned by something other than the hours of columns of type timestamptz");
      }
      const [name = "", ...below] = found.path;
      return { columnIndex: schema.fields.findIndex((column) => column.name === name), name, below };
    });
  }

  read(data: Uint8Array): Row | RecordFault {
    if (!isUtf8(data)) return notJson;
    const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString("utf8");
    const row = this.#rowOf(parsed(text));
    // Most records have no integers that a double rounds, and are parsed once.
    return "code" in row && bigInteger.test(text) ? this.#rowOf(parsed(text, parseLossless)) : row;
  }

  #rowOf(record: JsonObject | undefined): Row | RecordFault {
    if (record === undefined) return notJson;
    const values: unknown[] = [];
    for (const { name, type, read } of this.#columns) {
      const value = Object.hasOwn(record, name) ? record[name] : undefined;
      const item = read(value);
      if (item === unfit) return faultOf(name, type, value);
      values.push(item);
    }
    const hours: number[] = [];
    for (const { columnIndex, name, below } of this.#partitions) {
      const micros = below.reduce((value, each) => (value as JsonObject | null)?.[each] ?? null, values[columnIndex]);
      // Others may have made the column optional; rows of no hour are not written.
      if (micros === null) return missingValue(name);
      hours.push(hourOf(micros as number | bigint));
    }
    return { values, hours };
  }
}

/** `micros`: since the epoch; `bigint` where a quotient of doubles would be rounded up to the next hour. */
function hourOf(micros: number | bigint): number {
  if (typeof micros === "number") return Math.floor(micros / hourMicros);
  const rest = micros % BigInt(hourMicros);
  return Number((micros - rest) / BigInt(hourMicros)) - (rest < 0n ? 1 : 0);
}

function faultOf(name: string, type: string, value: unknown): RecordFault {
  return value === undefined || value === null
    ? missingValue(name)
    : { code: "InvalidValue", message: `The value of ${name} does not fit its column of type ${type}.` };
}

function missingValue(name: string): RecordFault {
  return { code: "MissingValue", message: `The record has no value for the required column ${name}.` };
}

/** Undefined for what is no object. */
function parsed(text: string, parse?: (text: string) => unknown): JsonObject | undefined {
  try {
    const value = parseUntrustedJson(text, parse);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
