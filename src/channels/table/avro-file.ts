import { randomBytes } from "node:crypto";
import { inflateRawSync, zstdDecompressSync } from "node:zlib";

/*
 * Avro's object container files, as manifests of Iceberg are: https://avro.apache.org/docs/1.12.0/specification/. A library would
 * make code from the schemas of files that others wrote.
 */

export type AvroSchema = string | AvroUnion | AvroRecord | AvroList | AvroMap | AvroFixed;
type AvroUnion = readonly AvroSchema[];
interface AvroRecord {
  readonly type: "record";
  readonly name: string;
  readonly fields: readonly AvroField[];
}
interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
}
interface AvroList {
  readonly type: "array";
  readonly items: AvroSchema;
}
interface AvroMap {
  readonly type: "map";
  readonly values: AvroSchema;
}
interface AvroFixed {
  readonly type: "fixed";
  readonly name: string;
  readonly size: number;
}

/** Longs are `bigint`, bytes `Uint8Array`, records objects, unions their value. */
export type AvroValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly AvroValue[]
  | { readonly [name: string]: AvroValue };
export type AvroObject = { readonly [name: string]: AvroValue };

export interface AvroContents {
  /** As it was written, with attributes of fields that are not of Avro. */
  readonly schema: AvroSchema;
  readonly records: readonly AvroObject[];
}

const magic = Buffer.from([0x4f, 0x62, 0x6a, 0x01]);
const syncBytes = 16;
const metadataSchema: AvroMap = { type: "map", values: "bytes" };

/** One block, not compressed. */
export function writeAvroFile(
  schema: AvroSchema,
  metadata: Readonly<Record<string, string>>,
  records: readonly AvroValue[],
): Buffer {
  const all = { ...metadata, "avro.schema": JSON.stringify(schema), "avro.codec": "null" };
  const header = new AvroWriter();
  header.write(
    metadataSchema,
    mapValues(all, (text) => Buffer.from(text)),
  );
  const body = new AvroWriter();
  for (const record of records) body.write(schema, record);
  const block = new AvroWriter();
  block.write("long", BigInt(records.length));
  const sync = randomBytes(syncBytes);
  block.write("bytes", body.bytes());
  return Buffer.concat([magic, header.bytes(), sync, ...(records.length === 0 ? [] : [block.bytes(), sync])]);
}

/** Throws an Error for bytes that are no such file. */
export function readAvroFile(bytes: Uint8Array): AvroContents {
  const reader = new AvroReader(bytes);
  if (!magic.equals(reader.take(magic.length))) throw new Error("it is no Avro file");
  const metadata = mapValues(reader.read(metadataSchema) as Readonly<Record<string, Uint8Array>>, (value) =>
    Buffer.from(value).toString(),
  );
  const schema = JSON.parse(metadata["avro.schema"] ?? "null") as AvroSchema;
  const sync = reader.take(syncBytes);
  const records: AvroObject[] = [];
  while (!reader.isAtEnd) {
    const count = Number(reader.read("long"));
    const block = new AvroReader(decompress(metadata["avro.codec"], reader.read("bytes") as Uint8Array));
    for (let i = 0; i < count; i += 1) records.push(block.read(schema) as AvroObject);
    if (!Buffer.from(sync).equals(reader.take(syncBytes))) throw new Error("a block does not end where it should");
  }
  return { schema, records };
}

function decompress(codec: string | undefined, bytes: Uint8Array): Uint8Array {
  switch (codec) {
    case undefined:
    case "null":
      return bytes;
    case "deflate":
      return inflateRawSync(bytes);
    case "zstandard":
      return zstdDecompressSync(bytes);
    default:
      throw new Error(`it is compressed with ${codec}`);
  }
}

function mapValues<A, B>(values: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}

class AvroWriter {
  readonly #parts: Uint8Array[] = [];

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  write(schema: AvroSchema, value: AvroValue): void {
    if (typeof schema === "string") this.#writePrimitive(schema, value);
    else if (isUnion(schema)) this.#writeUnion(schema, value);
    else this.#writeNamed(schema, value);
  }

  /** Every union here is of null and one other type. */
  #writeUnion(schema: AvroUnion, value: AvroValue): void {
    const index = schema.findIndex((each) => (each === "null") === (value === null));
    this.#writeLong(BigInt(index));
    this.write(schema[index] ?? "null", value);
  }

  #writeNamed(schema: Exclude<AvroSchema, string | AvroUnion>, value: AvroValue): void {
    switch (schema.type) {
      case "record":
        for (const { name, type } of schema.fields) this.write(type, (value as AvroObject)[name] ?? null);
        break;
      case "array":
        this.#writeItems(value as readonly AvroValue[], (item) => this.write(schema.items, item));
        break;
      case "map":
        this.#writeItems(Object.entries(value as AvroObject), ([name, each]) => {
          this.#writePrimitive("string", name);
          this.write(schema.values, each);
        });
        break;
      case "fixed":
        this.#parts.push(value as Uint8Array);
        break;
    }
  }

  #writeItems<T>(items: readonly T[], write: (item: T) => void): void {
    if (items.length > 0) {
      this.#writeLong(BigInt(items.length));
      for (const item of items) write(item);
    }
    this.#writeLong(0n);
  }

  #writePrimitive(type: string, value: AvroValue): void {
    switch (type) {
      case "null":
        break;
      case "boolean":
        this.#parts.push(Uint8Array.of(value === true ? 1 : 0));
        break;
      case "int":
      case "long":
        this.#writeLong(BigInt(value as number | bigint));
        break;
      case "string":
      case "bytes": {
        const bytes = type === "string" ? Buffer.from(value as string) : (value as Uint8Array);
        this.#writeLong(BigInt(bytes.length));
        this.#parts.push(bytes);
        break;
      }
      default:
        throw new Error(`Avro's type ${type} is not written`);
    }
  }

  #writeLong(value: bigint): void {
    const bytes: number[] = [];
    let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
    bytes.push(Number(left));
    this.#parts.push(Uint8Array.from(bytes));
  }
}

const longBytesMax = 10;

class AvroReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** Types that have a name, which stands for them where they come again. */
  readonly #named = new Map<string, AvroSchema>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  take(count: number): Uint8Array {
    const end = this.#at + count;
    if (count < 0 || end > this.#bytes.length) throw new Error("it ends too early");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  read(schema: AvroSchema): AvroValue {
    if (typeof schema === "string") return this.#readPrimitive(schema);
    if (!isUnion(schema)) return this.#readNamed(schema);
    const type = schema[Number(this.#readLong())];
    if (type === undefined) throw new Error("a union has no such branch");
    return this.read(type);
  }

  #readNamed(schema: Exclude<AvroSchema, string | AvroUnion>): AvroValue {
    switch (schema.type) {
      case "record": {
        this.#named.set(schema.name, schema);
        const record: Record<string, AvroValue> = {};
        for (const { name, type } of schema.fields) record[name] = this.read(type);
        return record;
      }
      case "array": {
        const items: AvroValue[] = [];
        this.#readItems(() => items.push(this.read(schema.items)));
        return items;
      }
      case "map": {
        const values: Record<string, AvroValue> = {};
        this.#readItems(() => {
          const name = this.#readPrimitive("string") as string;
          values[name] = this.read(schema.values);
        });
        return values;
      }
      case "fixed":
        this.#named.set(schema.name, schema);
        return this.take(schema.size);
      default:
        // A primitive with attributes.
        return this.#readPrimitive((schema as { readonly type: string }).type);
    }
  }

  /** A block with a negative count has its size in bytes next. */
  #readItems(read: () => void): void {
    for (let count = this.#readLong(); count !== 0n; count = this.#readLong()) {
      if (count < 0n) this.#readLong();
      for (let left = count < 0n ? -count : count; left > 0n; left -= 1n) read();
    }
  }

  #readPrimitive(type: string): AvroValue {
    switch (type) {
      case "null":
        return null;
      case "boolean":
        return this.take(1)[0] === 1;
      case "int":
        return Number(this.#readLong());
      case "long":
        return this.#readLong();
      case "float":
        return new DataView(this.take(4).slice().buffer).getFloat32(0, true);
      case "double":
        return new DataView(this.take(8).slice().buffer).getFloat64(0, true);
      case "bytes":
        return this.take(Number(this.#readLong()));
      case "string":
        return Buffer.from(this.take(Number(this.#readLong()))).toString();
      default: {
        const named = this.#named.get(type);
        if (named === undefined) throw new Error(`it has the type ${type}`);
        return this.read(named);
      }
    }
  }

  #readLong(): bigint {
    let value = 0n;
    for (let i = 0; i < longBytesMax; i += 1) {
      const byte = this.take(1)[0] ?? 0;
      value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    throw new Error("a number has no end");
  }
}

function isUnion(schema: AvroSchema): schema is AvroUnion {
  return Array.isArray(schema);
}
