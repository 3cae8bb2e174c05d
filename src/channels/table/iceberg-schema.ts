/*
 * Shapes of the Iceberg table spec, version 2, as the REST catalog has them: https://iceberg.apache.org/spec/, appendix C.
 */

/** Types without parts. A decimal is `decimal(PRECISION, SCALE)`. */
export type PrimitiveType = string;

export interface StructType {
  readonly type: "struct";
  readonly fields: readonly TableField[];
}

export interface ListType {
  readonly type: "list";
  readonly "element-id": number;
  readonly element: ColumnType;
  readonly "element-required": boolean;
}

export interface MapType {
  readonly type: "map";
  readonly "key-id": number;
  readonly key: ColumnType;
  readonly "value-id": number;
  readonly value: ColumnType;
  readonly "value-required": boolean;
}

export type ColumnType = PrimitiveType | StructType | ListType | MapType;

export interface TableField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: ColumnType;
}

export interface TableSchema extends StructType {
  readonly "schema-id"?: number;
}

export interface PartitionField {
  readonly "source-id": number;
  readonly "field-id": number;
  readonly name: string;
  readonly transform: string;
}

export interface PartitionSpec {
  readonly "spec-id": number;
  readonly fields: readonly PartitionField[];
}

export interface Snapshot {
  readonly "snapshot-id": bigint;
  readonly "parent-snapshot-id"?: bigint;
  readonly "sequence-number"?: number;
  readonly "timestamp-ms": number;
  readonly "manifest-list": string;
  readonly summary?: Readonly<Record<string, string>>;
  readonly "schema-id"?: number;
}

/** What of the metadata of a table is looked at. */
export interface TableMetadata {
  readonly "format-version": number;
  readonly "table-uuid": string;
  readonly location: string;
  readonly "last-sequence-number"?: number;
  readonly "last-updated-ms"?: number;
  readonly "current-schema-id": number;
  readonly schemas: readonly TableSchema[];
  readonly "default-spec-id": number;
  readonly "partition-specs": readonly PartitionSpec[];
  readonly "current-snapshot-id"?: bigint | null;
  readonly snapshots?: readonly Snapshot[];
  readonly properties?: Readonly<Record<string, string>>;
}

function isStruct(type: ColumnType): type is StructType {
  return typeof type !== "string" && type.type === "struct";
}

/** The names from the table's root to a field, and its type; undefined where no struct has it. */
export function findField(
  schema: StructType,
  id: number,
): { readonly path: readonly string[]; readonly type: ColumnType } | undefined {
  for (const field of schema.fields) {
    if (field.id === id) return { path: [field.name], type: field.type };
    const below = isStruct(field.type) ? findField(field.type, id) : undefined;
    if (below !== undefined) return { path: [field.name, ...below.path], type: below.type };
  }
  return undefined;
}

/** The field with a path of names from the table's root; undefined where no struct has it. */
export function fieldAt({ fields }: StructType, [name, ...below]: readonly string[]): TableField | undefined {
  const field = fields.find((each) => each.name === name);
  if (field === undefined || below.length === 0) return field;
  return isStruct(field.type) ? fieldAt(field.type, below) : undefined;
}

/** Undefined where the type is no decimal. */
export function decimalParts(type: PrimitiveType): { readonly precision: number; readonly scale: number } | undefined {
  const found = /^decimal\((\d+),\s*(\d+)\)$/.exec(type);
  return found === null ? undefined : { precision: Number(found[1]), scale: Number(found[2]) };
}
