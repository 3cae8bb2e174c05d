import { TIME_TAG } from "../protocol/cbor/cbor-encode.ts";
import { DOUBLE, LIST, MAP, TAG } from "../protocol/cbor/cbor-head.ts";
import { CborReader } from "../protocol/cbor/cbor-reader.ts";
import { CborWriter } from "../protocol/cbor/cbor-writer.ts";

const doubleBytes = 9;

/** The deepest input of the API has nine levels. */
const depthMax = 32;

/** Any value of well-formed CBOR. Tags are ignored: a time is its seconds. Throws a RangeError for one that is nested deep. */
export function readCborValue(bytes: Buffer): unknown {
  return readNext(new CborReader(bytes), 0);
}

function readNext(reader: CborReader, depth: number): unknown {
  if (depth > depthMax) throw new RangeError("nested too deep");
  const kind = reader.kind();
  switch (kind) {
    case "list": {
      const items: unknown[] = [];
      const count = reader.open();
      while (items.length < count && !(count === Number.POSITIVE_INFINITY && reader.atBreak()))
        items.push(readNext(reader, depth + 1));
      return items;
    }
    case "map":
      return readMap(reader, depth + 1);
    case "text":
      return reader.text();
    case "integer":
      return reader.integer();
    case "float":
      return reader.float();
    case "boolean":
      return reader.boolean();
    case "bytes":
      return reader.byteString();
    case "null":
      reader.skip();
      return null;
  }
}

function readMap(reader: CborReader, depth: number): Readonly<Record<string, unknown>> {
  const entries: [string, unknown][] = [];
  const count = reader.open();
  while (entries.length < count && !(count === Number.POSITIVE_INFINITY && reader.atBreak())) {
    entries.push([String(readNext(reader, depth)), readNext(reader, depth)]);
  }
  return Object.fromEntries(entries);
}

/** Numbers as doubles, which all numbers of the API's outputs are; times with their tag, in seconds. */
export function writeCborValue(value: unknown): Buffer {
  const writer = new CborWriter();
  writeNext(writer, value);
  return writer.finish();
}

function writeNext(writer: CborWriter, value: unknown): void {
  if (typeof value === "string") writer.text(value);
  else if (typeof value === "number") writer.latin1(doubleItem(value));
  else if (typeof value === "boolean") writer.boolean(value);
  else if (value instanceof Date) {
    writer.head(TAG, TIME_TAG);
    writer.integer(Math.floor(value.getTime() / 1_000));
  } else if (Array.isArray(value)) {
    writer.head(LIST, value.length);
    for (const item of value) writeNext(writer, item);
  } else {
    const members = Object.entries(value as object).filter(([, member]) => member !== undefined);
    writer.head(MAP, members.length);
    for (const [name, member] of members) {
      writer.text(name);
      writeNext(writer, member);
    }
  }
}

function doubleItem(value: number): string {
  const item = Buffer.alloc(doubleBytes);
  item[0] = DOUBLE;
  item.writeDoubleBE(value, 1);
  return item.toString("latin1");
}
