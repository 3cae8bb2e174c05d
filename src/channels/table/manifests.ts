import { type AvroObject, type AvroSchema, type AvroValue, readAvroFile, writeAvroFile } from "./avro-file.ts";
import type { PartitionSpec, TableSchema } from "./iceberg-schema.ts";

/** A data file that a batch adds. */
export interface DataFile {
  readonly path: string;
  /** The hours of the fields of the partition spec. */
  readonly hours: readonly number[];
  readonly recordCount: number;
  readonly byteCount: number;
}

/** What of a table its manifests repeat. */
export interface ManifestTable {
  readonly schema: TableSchema;
  readonly spec: PartitionSpec;
}

/** One line of a manifest list. All members of the spec that the server knows are kept of others' manifests. */
export type ManifestLine = AvroObject & { readonly manifest_path: string };

const entryStatus = { existing: 0, added: 1, deleted: 2 } as const;
const dataContent = 0;
const formatVersion = "2";

const required = (id: number, name: string, type: AvroSchema) => ({ name, type, "field-id": id });
const optional = (id: number, name: string, type: AvroSchema) => ({
  name,
  type: ["null", type],
  default: null,
  "field-id": id,
});

/** Iceberg table spec, "Manifests". */
function entrySchema({ spec }: ManifestTable): AvroSchema {
  const partition = {
    type: "record",
    name: "r102",
    fields: spec.fields.map((field) => optional(field["field-id"], avroName(field.name), "int")),
  } as const;
  const dataFile = {
    type: "record",
    name: "r2",
    fields: [
      required(134, "content", "int"),
      required(100, "file_path", "string"),
      required(101, "file_format", "string"),
      required(102, "partition", partition),
      required(103, "record_count", "long"),
      required(104, "file_size_in_bytes", "long"),
    ],
  } as const;
  return {
    type: "record",
    name: "manifest_entry",
    fields: [
      required(0, "status", "int"),
      optional(1, "snapshot_id", "long"),
      optional(3, "sequence_number", "long"),
      optional(4, "file_sequence_number", "long"),
      required(2, "data_file", dataFile),
    ],
  };
}

const fieldSummary: AvroSchema = {
  type: "record",
  name: "r508",
  fields: [
    required(509, "contains_null", "boolean"),
    optional(518, "contains_nan", "boolean"),
    optional(510, "lower_bound", "bytes"),
    optional(511, "upper_bound", "bytes"),
  ],
};

/** Iceberg table spec, "Manifest lists". */
const lineSchema = {
  type: "record",
  name: "manifest_file",
  fields: [
    required(500, "manifest_path", "string"),
    required(501, "manifest_length", "long"),
    required(502, "partition_spec_id", "int"),
    required(517, "content", "int"),
    required(515, "sequence_number", "long"),
    required(516, "min_sequence_number", "long"),
    required(503, "added_snapshot_id", "long"),
    required(504, "added_files_count", "int"),
    required(505, "existing_files_count", "int"),
    required(506, "deleted_files_count", "int"),
    required(512, "added_rows_count", "long"),
    required(513, "existing_rows_count", "long"),
    required(514, "deleted_rows_count", "long"),
    optional(507, "partitions", { type: "array", items: fieldSummary, "element-id": 508 } as AvroSchema),
    optional(519, "key_metadata", "bytes"),
  ],
} as const;

/** A manifest of the files that a snapshot adds; their sequence number is that of the snapshot, whatever it will be. */
export function addedManifest(table: ManifestTable, snapshotId: bigint, files: readonly DataFile[]): Buffer {
  const entries = files.map((file) => ({
    status: entryStatus.added,
    snapshot_id: snapshotId,
    sequence_number: null,
    file_sequence_number: null,
    data_file: dataFileOf(table, file),
  }));
  return writeManifest(table, entries);
}

function dataFileOf({ spec }: ManifestTable, { path, hours, recordCount, byteCount }: DataFile): AvroObject {
  const partition = Object.fromEntries(spec.fields.map(({ name }, i) => [avroName(name), hours[i] ?? null]));
  return {
    content: dataContent,
    file_path: path,
    file_format: "PARQUET",
    partition,
    record_count: BigInt(recordCount),
    file_size_in_bytes: BigInt(byteCount),
  };
}

/** Names of Avro do not begin with a digit. */
function avroName(name: string): string {
  return name.replace(/^(?=\d)/, "_");
}

function writeManifest(table: ManifestTable, entries: readonly AvroValue[]): Buffer {
  const { schema, spec } = table;
  const metadata = {
    schema: JSON.stringify(schema),
    "schema-id": String(schema["schema-id"] ?? 0),
    "partition-spec": JSON.stringify(spec.fields),
    "partition-spec-id": String(spec["spec-id"]),
    "format-version": formatVersion,
    content: "data",
  };
  return writeAvroFile(entrySchema(table), metadata, entries);
}

/** A manifest, and the snapshot that it was stored for. */
interface StoredManifest {
  readonly path: string;
  readonly byteCount: number;
  readonly snapshotId: bigint;
  readonly sequenceNumber: number;
}

/** The line of a manifest of added files. */
export function addedLine({ spec }: ManifestTable, manifest: StoredManifest, files: readonly DataFile[]): ManifestLine {
  const rowCount = files.reduce((sum, { recordCount }) => sum + recordCount, 0);
  const sequenceNumber = BigInt(manifest.sequenceNumber);
  return {
    manifest_path: manifest.path,
    manifest_length: BigInt(manifest.byteCount),
    partition_spec_id: spec["spec-id"],
    content: dataContent,
    sequence_number: sequenceNumber,
    min_sequence_number: sequenceNumber,
    added_snapshot_id: manifest.snapshotId,
    added_files_count: files.length,
    existing_files_count: 0,
    deleted_files_count: 0,
    added_rows_count: BigInt(rowCount),
    existing_rows_count: 0n,
    deleted_rows_count: 0n,
    partitions: spec.fields.map((_field, i) => summaryOf(files.map(({ hours }) => hours[i] ?? 0))),
    key_metadata: null,
  };
}

function summaryOf(hours: readonly number[]): AvroObject {
  const bound = (value: number): Uint8Array => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return bytes;
  };
  return {
    contains_null: false,
    contains_nan: null,
    lower_bound: bound(hours.reduce((least, hour) => Math.min(least, hour))),
    upper_bound: bound(hours.reduce((most, hour) => Math.max(most, hour))),
  };
}

export function writeManifestList(
  lines: readonly ManifestLine[],
  snapshot: { readonly id: bigint; readonly parentId: bigint | null; readonly sequenceNumber: number },
): Buffer {
  const metadata = {
    "snapshot-id": String(snapshot.id),
    "parent-snapshot-id": String(snapshot.parentId),
    "sequence-number": String(snapshot.sequenceNumber),
    "format-version": formatVersion,
  };
  return writeAvroFile(lineSchema, metadata, lines);
}

/** Throws an Error for bytes that are no manifest list. Members are found by their ids: older writers named some otherwise. */
export function readManifestList(bytes: Uint8Array): readonly ManifestLine[] {
  const { schema, records } = readAvroFile(bytes);
  const { fields } = schema as unknown as IdentifiedFields;
  const names = new Map(fields.map((field) => [field["field-id"], field.name]));
  return records.map((record) => {
    const members = lineSchema.fields.map((field) => [field.name, record[names.get(field["field-id"]) ?? ""] ?? null]);
    return Object.fromEntries(members) as ManifestLine;
  });
}

interface IdentifiedFields {
  readonly fields: readonly { readonly name: string; readonly "field-id": number }[];
}

/**
 * One manifest with the files of several, which were written by this module under the same partition spec, each file with the
 * snapshot and the sequence number that it came with.
 */
export function mergedManifest(
  table: ManifestTable,
  parts: readonly { readonly line: ManifestLine; readonly bytes: Uint8Array }[],
): { readonly bytes: Buffer; readonly fileCount: number } {
  const entries = parts.flatMap(({ line, bytes }) =>
    readAvroFile(bytes)
      .records.filter(({ status }) => status !== entryStatus.deleted)
      .map((entry) => ({
        ...entry,
        status: entryStatus.existing,
        snapshot_id: entry["snapshot_id"] ?? line["added_snapshot_id"] ?? null,
        sequence_number: entry["sequence_number"] ?? line["sequence_number"] ?? null,
        file_sequence_number: entry["file_sequence_number"] ?? line["sequence_number"] ?? null,
      })),
  );
  return { bytes: writeManifest(table, entries), fileCount: entries.length };
}

/** The line of a merged manifest. */
export function mergedLine(
  parts: readonly ManifestLine[],
  manifest: StoredManifest & { readonly fileCount: number },
): ManifestLine {
  const [first] = parts;
  const least = parts.map((line) => line["min_sequence_number"] as bigint).reduce((a, b) => (b < a ? b : a));
  const rowCount = parts.reduce(
    (sum, line) => sum + (line["added_rows_count"] as bigint) + (line["existing_rows_count"] as bigint),
    0n,
  );
  return {
    ...(first as ManifestLine),
    manifest_path: manifest.path,
    manifest_length: BigInt(manifest.byteCount),
    sequence_number: BigInt(manifest.sequenceNumber),
    min_sequence_number: least,
    added_snapshot_id: manifest.snapshotId,
    added_files_count: 0,
    existing_files_count: manifest.fileCount,
    added_rows_count: 0n,
    existing_rows_count: rowCount,
    partitions: mergedSummaries(parts.map((line) => (line["partitions"] ?? []) as readonly AvroObject[])),
  };
}

function mergedSummaries(parts: readonly (readonly AvroObject[])[]): readonly AvroObject[] {
  const hourOf = (bytes: AvroValue | undefined): number => Buffer.from(bytes as Uint8Array).readInt32LE();
  return (parts[0] ?? []).map((_first, i) =>
    summaryOf(parts.flatMap((part) => [hourOf(part[i]?.["lower_bound"]), hourOf(part[i]?.["upper_bound"])])),
  );
}
