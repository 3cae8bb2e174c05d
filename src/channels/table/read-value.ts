import { isJsonObject } from "../../model/json-object.ts";
import { type ColumnType, decimalParts, type StructType } from "./iceberg-schema.ts";

/** What a value that does not fit its column is read as; null is a value. */
export const unfit: unique symbol = Symbol("unfit");

/** A value of JSON as its column takes it: null, `unfit`, or what the writer of Parquet files wants. */
export type ValueReader = (value: unknown) => unknown;

const intMin = -(2 ** 31);
const intMax = 2 ** 31 - 1;
const longMax = 2n ** 63n - 1n;
const microsPerMs = 1_000;
const dayMs = 86_400_000;
/** Days that every month has. */
const daysMin = 28;
const february = 2;
/** Those of thirty days. */
const shortMonths: ReadonlySet<number> = new Set([4, 6, 9, 11]);
const fractionDigits = 6;
/** Digits of a decimal that 64 bits hold. */
const precisionMax = 18;

const dateTimePattern = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;
const timePattern = /^(\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|\+00:00)?$/;
const datePattern = /^\d{4}-\d\d-\d\d$/;
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The reader of a type, or undefined for a type that the server does not write. */
export function valueReader(type: ColumnType): ValueReader | undefined {
  if (typeof type === "string") return primitiveReaders[type] ?? decimalReader(type);
  switch (type.type) {
    case "struct":
      return structReader(type);
    case "list": {
      const read = valueReader(type.element);
      return read === undefined ? undefined : listReader(orNull(read, type["element-required"]));
    }
    case "map": {
      const read = valueReader(type.value);
      return read === undefined || type.key !== "string" ? undefined : mapReader(orNull(read, type["value-required"]));
    }
  }
}

/** Null and what is left out are null where the column is optional, and unfit where it is required. */
export function orNull(read: ValueReader, isRequired: boolean): ValueReader {
  const absent = isRequired ? unfit : null;
  return (value) => (value === null || value === undefined ? absent : read(value));
}

const primitiveReaders: Readonly<Record<string, ValueReader>> = {
  boolean: (value) => (typeof value === "boolean" ? value : unfit),
  int: (value) =>
    Number.isInteger(value) && (value as number) >= intMin && (value as number) <= intMax ? value : unfit,
  long: readLong,
  double: readDouble,
  // UTF-8 has no half of a surrogate pair.
  string: (value) => (typeof value === "string" && value.isWellFormed() ? value : unfit),
  timestamptz: readDateTime,
  date: readDate,
  time: readTime,
  uuid: (value) =>
    typeof value === "string" && uuidPattern.test(value) ? Buffer.from(value.replaceAll("-", ""), "hex") : unfit,
  binary: (value) => (typeof value === "string" && base64Pattern.test(value) ? Buffer.from(value, "base64") : unfit),
};

/** `bigint`: an integer that a double cannot hold, see `parseLossless`. */
function readLong(value: unknown): unknown {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : unfit;
  if (typeof value !== "bigint") return unfit;
  return value <= longMax && value >= -longMax - 1n ? value : unfit;
}

/** Digits beyond what a double holds become the next one, as in every reader of JSON; what is too large for any does not fit. */
function readDouble(value: unknown): unknown {
  if (typeof value !== "number" && typeof value !== "bigint") return unfit;
  const double = Number(value);
  return Number.isFinite(double) ? double : unfit;
}

/** RFC 3339, as microseconds since the epoch: a number, or `bigint` from the year 2255 on, which no double holds. */
function readDateTime(value: unknown): unknown {
  const found = typeof value === "string" ? dateTimePattern.exec(value) : null;
  if (found === null) return unfit;
  const [, date = "", time = "", fraction, zone = ""] = found;
  const ms = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(ms) || !isDay(date)) return unfit;
  const micros = ms * microsPerMs + microsOf(fraction);
  return Number.isSafeInteger(micros) ? micros : BigInt(ms) * BigInt(microsPerMs) + BigInt(microsOf(fraction));
}

function readTime(value: unknown): unknown {
  const found = typeof value === "string" ? timePattern.exec(value) : null;
  if (found === null) return unfit;
  const [, time = "", fraction] = found;
  const ms = Date.parse(`1970-01-01T${time}Z`);
  return Number.isNaN(ms) || ms >= dayMs ? unfit : BigInt(ms * microsPerMs + microsOf(fraction));
}

/** Days since the epoch. */
function readDate(value: unknown): unknown {
  if (typeof value !== "string" || !datePattern.test(value) || !isDay(value)) return unfit;
  const ms = Date.parse(`${value}T00:00:00Z`);
  return Number.isNaN(ms) ? unfit : ms / dayMs;
}

/** Whether the month has the day: `Date.parse` takes 30 February for a day in March. `date`: `YYYY-MM-DD`. */
function isDay(date: string): boolean {
  const day = Number(date.slice(8));
  if (day <= daysMin) return true;
  const month = Number(date.slice(5, 7));
  if (month !== february) return day <= (shortMonths.has(month) ? 30 : 31);
  const year = Number(date.slice(0, 4));
  return day === daysMin + 1 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Digits behind those of microseconds are cut off. */
function microsOf(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction.slice(0, fractionDigits).padEnd(fractionDigits, "0"));
}

function decimalReader(type: string): ValueReader | undefined {
  const parts = decimalParts(type);
  if (parts === undefined || parts.precision > precisionMax) return undefined;
  const factor = 10 ** parts.scale;
  const max = 10 ** parts.precision;
  return (value) => {
    if (typeof value !== "number") return unfit;
    const scaled = Math.round(value * factor);
    if (!Number.isSafeInteger(scaled) || Math.abs(scaled) >= max) return unfit;
    // The decimal is the very number that stands in the record, or it does not fit.
    return scaled / factor === value ? BigInt(scaled) : unfit;
  };
}

function listReader(read: ValueReader): ValueReader {
  return (value) => {
    if (!Array.isArray(value)) return unfit;
    const items = value.map(read);
    return items.includes(unfit) ? unfit : items;
  };
}

function mapReader(read: ValueReader): ValueReader {
  return (value) => {
    if (!isJsonObject(value)) return unfit;
    const entries: unknown[] = [];
    for (const [key, each] of Object.entries(value)) {
      const item = key.isWellFormed() ? read(each) : unfit;
      if (item === unfit) return unfit;
      entries.push({ key, value: item });
    }
    return entries;
  };
}

function structReader({ fields }: StructType): ValueReader | undefined {
  const readers: { readonly name: string; readonly read: ValueReader }[] = [];
  for (const { name, type, required } of fields) {
    const read = valueReader(type);
    if (read === undefined) return undefined;
    readers.push({ name, read: orNull(read, required) });
  }
  return (value) => {
    if (!isJsonObject(value)) return unfit;
    const read: Record<string, unknown> = Object.create(null);
    for (const { name, read: readField } of readers) {
      const item = readField(Object.hasOwn(value, name) ? value[name] : undefined);
      if (item === unfit) return unfit;
      read[name] = item;
    }
    return read;
  };
}
