import { isJsonObject, type JsonObject } from "../../model/json-object.ts";
import { type ColumnType, fieldAt, type TableField, type TableSchema } from "./iceberg-schema.ts";

/** Deeper schemas are refused; a reference to itself has no end. */
const depthMax = 16;
/** References that are repeated at each level would make any number of columns. */
const fieldsMax = 10_000;
/** Digits of a decimal column: what a number of JSON can hold. */
const decimalPrecision = 15;
const intMax = 2 ** 31 - 1;

/** A schema that no table can have. The message is a clause about it. */
export class JsonSchemaError extends Error {}

/**
 * The columns of a table for records that follow a JSON Schema; the mapping is that of the Developer Guide, "Delivering to Amazon
 * S3 Tables". Columns that partition the table are required, and must be date-times. Throws `JsonSchemaError`.
 */
export function schemaOfJsonSchema(root: unknown, partitionColumns: readonly string[]): TableSchema {
  const reader = new JsonSchemaReader(root, new Set(partitionColumns));
  const { type } = reader.read(root, "");
  if (typeof type === "string" || type.type !== "struct") {
    throw new JsonSchemaError('must be of type "object" with properties, one for each column');
  }
  for (const name of partitionColumns) {
    if (fieldAt(type, columnPath(name))?.type !== "timestamptz") {
      throw new JsonSchemaError(`must have ${name}, which partitions the table, as a string of format "date-time"`);
    }
  }
  return { type: "struct", fields: type.fields };
}

/** The names of a column that partitions a table: those of a nested one are joined by dots. */
export function columnPath(column: string): readonly string[] {
  return column.split(".");
}

interface ReadType {
  readonly type: ColumnType;
  readonly isNullable: boolean;
}

class JsonSchemaReader {
  readonly #root: unknown;
  readonly #partitionColumns: ReadonlySet<string>;
  #lastId = 0;

  constructor(root: unknown, partitionColumns: ReadonlySet<string>) {
    this.#root = root;
    this.#partitionColumns = partitionColumns;
  }

  /** `path`: names joined by dots; elements and values are no columns of their own. */
  read(schema: unknown, path: string, depth = 0): ReadType {
    if (depth > depthMax) throw new JsonSchemaError(`is deeper than ${depthMax} levels${at(path)}`);
    if (!isJsonObject(schema)) throw new JsonSchemaError(`is no object${at(path)}`);
    if (schema["$ref"] !== undefined) return this.read(this.#resolve(schema["$ref"], path), path, depth + 1);
    const alternatives = schema["anyOf"] ?? schema["oneOf"];
    if (Array.isArray(alternatives)) return this.#readNullable(alternatives, path, depth);
    const names = typeNames(schema);
    const isNullable = names.includes("null");
    const [name, ...others] = names.filter((each) => each !== "null");
    if (typeof name !== "string" || others.length > 0) {
      throw new JsonSchemaError(`has no single type${at(path)}; a column has one, and perhaps null`);
    }
    return { type: this.#typeOf(name, schema, path, depth), isNullable };
  }

  #typeOf(name: string, schema: JsonObject, path: string, depth: number): ColumnType {
    switch (name) {
      case "boolean":
        return "boolean";
      case "integer":
        return integerType(schema);
      case "number":
        return numberType(schema, path);
      case "string":
        return stringType(schema);
      case "array":
        return this.#listType(schema, path, depth);
      case "object":
        return schema["properties"] === undefined
          ? this.#mapType(schema, path, depth)
          : this.#structType(schema, path, depth);
      default:
        throw new JsonSchemaError(`has a type that no column has${at(path)}`);
    }
  }

  #structType(schema: JsonObject, path: string, depth: number): ColumnType {
    const { properties, required = [] } = schema;
    if (!isJsonObject(properties) || Object.keys(properties).length === 0) {
      throw new JsonSchemaError(`has an object without properties${at(path)}`);
    }
    const requiredNames = new Set(Array.isArray(required) ? required : []);
    // The ids of a struct's fields come before those inside of them.
    const ids = Object.keys(properties).map(() => this.#newId());
    const fields = Object.entries(properties).map(([name, property], i): TableField => {
      const fieldPath = path === "" ? name : `${path}.${name}`;
      const { type, isNullable } = this.read(property, fieldPath, depth + 1);
      const isRequired = (requiredNames.has(name) && !isNullable) || this.#isOnPartition(fieldPath);
      return { id: ids[i] ?? 0, name, required: isRequired, type };
    });
    return { type: "struct", fields };
  }

  /** Whether the field is a column that partitions the table, or has one in it. */
  #isOnPartition(path: string): boolean {
    return [...this.#partitionColumns].some((column) => column === path || column.startsWith(`${path}.`));
  }

  #listType(schema: JsonObject, path: string, depth: number): ColumnType {
    if (!isJsonObject(schema["items"]))
      throw new JsonSchemaError(`has an array without one schema of its items${at(path)}`);
    const elementId = this.#newId();
    const { type, isNullable } = this.read(schema["items"], `${path}[]`, depth + 1);
    return { type: "list", "element-id": elementId, element: type, "element-required": !isNullable };
  }

  #mapType(schema: JsonObject, path: string, depth: number): ColumnType {
    if (!isJsonObject(schema["additionalProperties"])) {
      throw new JsonSchemaError(
        `has an object with neither properties nor a schema as additionalProperties${at(path)}`,
      );
    }
    const [keyId, valueId] = [this.#newId(), this.#newId()];
    const { type, isNullable } = this.read(schema["additionalProperties"], `${path}{}`, depth + 1);
    return {
      ...{ type: "map", "key-id": keyId, key: "string" },
      ...{ "value-id": valueId, value: type, "value-required": !isNullable },
    };
  }

  #readNullable(alternatives: readonly unknown[], path: string, depth: number): ReadType {
    const others = alternatives.filter((each) => !(isJsonObject(each) && each["type"] === "null"));
    if (others.length !== 1)
      throw new JsonSchemaError(`has alternatives${at(path)}; a column has one type, and perhaps null`);
    const { type, isNullable } = this.read(others[0], path, depth + 1);
    return { type, isNullable: isNullable || others.length < alternatives.length };
  }

  #resolve(ref: unknown, path: string): unknown {
    const parts = typeof ref === "string" && ref.startsWith("#/") ? ref.slice(2).split("/") : [];
    let found: unknown = this.#root;
    for (const part of parts) {
      const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
      found = isJsonObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
    }
    if (parts.length === 0 || found === undefined) {
      throw new JsonSchemaError(`has a reference that it does not resolve itself${at(path)}`);
    }
    return found;
  }

  #newId(): number {
    this.#lastId += 1;
    if (this.#lastId > fieldsMax) throw new JsonSchemaError(`has more than ${fieldsMax} columns and parts of columns`);
    return this.#lastId;
  }
}

/** An enumeration of texts needs no type. */
function typeNames({ type, enum: values, properties }: JsonObject): readonly unknown[] {
  if (type !== undefined) return Array.isArray(type) ? type : [type];
  if (properties !== undefined) return ["object"];
  return Array.isArray(values) && values.every((value) => typeof value === "string") ? ["string"] : [];
}

function integerType({ maximum, exclusiveMaximum, minimum, exclusiveMinimum }: JsonObject): ColumnType {
  const max = typeof maximum === "number" ? maximum : exclusiveMaximum;
  const min = typeof minimum === "number" ? minimum : exclusiveMinimum;
  // The guide asks for a maximum alone.
  const isInt = typeof max === "number" && max <= intMax && (typeof min !== "number" || min >= -intMax - 1);
  return isInt ? "int" : "long";
}

function numberType({ multipleOf }: JsonObject, path: string): ColumnType {
  if (multipleOf === undefined) return "double";
  if (typeof multipleOf !== "number" || !(multipleOf > 0)) {
    throw new JsonSchemaError(`has a multipleOf that is no positive number${at(path)}`);
  }
  const [digits = "", exponent = "0"] = String(multipleOf).split("e");
  const scale = Math.max(0, (digits.split(".")[1]?.length ?? 0) - Number(exponent));
  if (scale >= decimalPrecision) throw new JsonSchemaError(`has a multipleOf with too many digits${at(path)}`);
  return `decimal(${decimalPrecision}, ${scale})`;
}

function stringType({ format, contentEncoding }: JsonObject): ColumnType {
  if (contentEncoding === "base64") return "binary";
  switch (format) {
    case "date-time":
      return "timestamptz";
    case "date":
    case "time":
    case "uuid":
      return format;
    case "base64":
    case "byte":
      return "binary";
    default:
      return "string";
  }
}

function at(path: string): string {
  return path === "" ? "" : `, at ${path}`;
}
