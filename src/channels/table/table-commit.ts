import { randomBytes } from "node:crypto";
import { basename } from "node:path/posix";
import type { TablePlace } from "../../streams/stream.ts";
import { type Cut, cutSuffix } from "../batch/cut.ts";
import { DestinationError } from "../batch/destination.ts";
import type { ObjectOptions, ObjectStore } from "../bucket/object-store.ts";
import type { TableCatalog } from "./iceberg-catalog.ts";
import type { Snapshot, TableMetadata } from "./iceberg-schema.ts";
import {
  addedLine,
  addedManifest,
  type DataFile,
  type ManifestLine,
  type ManifestTable,
  mergedLine,
  mergedManifest,
  readManifestList,
  writeManifestList,
} from "./manifests.ts";

/** A table names the channel that made it, a snapshot the channel whose batch it has. */
export const channelProperty = "millrace.channel";
/** A snapshot names its batch, a table the last batch that was committed. */
const batchProperty = "millrace.batch";

/** Manifests of the channel from which on they are merged into one. */
const manifestCountMax = 100;
/** Commits of others that may come between before the batch waits for its next attempt. */
const attemptsMax = 5;
const snapshotIdMask = 2n ** 63n - 1n;
const avroType = "application/avro";

export type TableName = Pick<TablePlace, "namespace" | "table">;

/** The table, if the channel made it. Throws `DestinationError`. */
export function requireOwn(
  metadata: TableMetadata | undefined,
  { place, channelId }: { readonly place: TableName; readonly channelId: string },
): TableMetadata {
  if (metadata === undefined) throw tableRefused(place, "is not there any more");
  if (metadata.properties?.[channelProperty] === channelId) return metadata;
  throw tableRefused(
    place,
    "is not the one that the channel made; a channel delivers into a table that it makes itself",
  );
}

/** `what`: a clause about the table. */
export function tableRefused({ namespace, table }: TableName, what: string): DestinationError {
  return new DestinationError(`The table ${namespace}.${table} ${what}.`);
}

/** A batch whose data files are stored. */
export interface TableBatch {
  readonly channelId: string;
  readonly place: TableName;
  readonly cut: Cut;
  readonly table: ManifestTable;
  readonly files: readonly DataFile[];
}

export interface TableServices {
  readonly catalog: TableCatalog;
  /** The store of a bucket, by name. */
  readonly filesOf: (bucket: string) => ObjectStore;
  readonly nowMs: () => number;
}

/**
 * Whether the batch of a cut is in the table. A batch is found by the summary of its snapshot, and where snapshots have expired,
 * by the property of the table, which is changed with the same commit. `metadata`: as `TableCatalog.find()` gives it. Throws
 * `DestinationError` where the table has a later batch: it may have been forgotten that this one was stored.
 */
export async function isCommitted(
  catalog: TableCatalog,
  batch: Pick<TableBatch, "channelId" | "place" | "cut">,
  metadata: TableMetadata,
  signal: AbortSignal,
): Promise<boolean> {
  const known = findBatch(metadata, batch);
  if (known !== undefined) return known;
  const whole = requireOwn(await catalog.findWhole(signal), batch);
  const found = findBatch(whole, batch);
  if (found !== undefined) return found;
  if (whole.properties?.[batchProperty] === undefined) return false;
  throw new DestinationError(
    "The table has later batches of this channel, so the data directory is older than the table; delete the channel and make another one.",
  );
}

/** Undefined where the property does not say it, and none of the snapshots is that of the batch. */
function findBatch(
  { snapshots = [], properties = {} }: TableMetadata,
  { channelId, cut }: Pick<TableBatch, "channelId" | "cut">,
): boolean | undefined {
  const batch = cutSuffix(cut);
  const last = properties[batchProperty];
  const isThisBatch = ({ summary = {} }: Snapshot): boolean =>
    summary[channelProperty] === channelId && summary[batchProperty] === batch;
  if (last === batch || snapshots.some(isThisBatch)) return true;
  return last !== undefined && Number.parseInt(last, 36) < cut.number ? false : undefined;
}

/** The bucket and the key of a file: `s3://BUCKET/KEY`. */
function splitLocation(location: string): { readonly bucket: string; readonly key: string } {
  const found = /^s3[an]?:\/\/([^/]+)\/(.+)$/.exec(location);
  if (found?.[1] === undefined || found[2] === undefined) {
    throw new DestinationError("The table has files in a place that is no bucket.");
  }
  return { bucket: found[1], key: found[2].replace(/\/$/, "") };
}

type FilesOf = TableServices["filesOf"];

/** Stores new files in a folder of a table. The function resolves with where a file is. */
export function fileWriter(
  filesOf: FilesOf,
  { location }: Pick<TableMetadata, "location">,
  folder: "data" | "metadata",
  options: ObjectOptions,
): (name: string, bytes: Uint8Array, sha256?: string) => Promise<string> {
  return async (name, bytes, sha256) => {
    const path = `${location.replace(/\/$/, "")}/${folder}/${name}`;
    const { bucket, key } = splitLocation(path);
    await filesOf(bucket).putNew(key, bytes, sha256 === undefined ? options : { ...options, sha256 });
    return path;
  };
}

/**
 * Adds the files of a batch to its table with one snapshot, unless the table has the batch already. May be repeated, by another
 * process too, with files of other names. When it rejects, the batch may be committed or not.
 */
export async function commitBatch(
  services: TableServices,
  batch: TableBatch,
  loaded: TableMetadata,
  signal: AbortSignal,
): Promise<void> {
  const { catalog } = services;
  const snapshotId = BigInt(`0x${randomBytes(8).toString("hex")}`) & snapshotIdMask;
  let metadata = loaded;
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    if (await isCommitted(catalog, batch, metadata, signal)) return;
    const parentId = currentSnapshotId(metadata);
    const snapshot = await writeSnapshot(services, batch, metadata, { snapshotId, parentId, attempt }, signal);
    const properties = { [batchProperty]: cutSuffix(batch.cut) };
    const commit = { tableUuid: metadata["table-uuid"], parentId, snapshot, properties };
    if (await catalog.commit(commit, signal)) return;
    metadata = requireOwn(await catalog.find(signal), batch);
  }
  throw new DestinationError("Other writers commit to the table all the time, so the batch waits.");
}

function currentSnapshotId(metadata: TableMetadata): bigint | null {
  const id = metadata["current-snapshot-id"];
  return id === undefined || id === null || id < 0n ? null : id;
}

interface Attempt {
  readonly snapshotId: bigint;
  readonly parentId: bigint | null;
  readonly attempt: number;
}

/** Stores the manifest of the batch and a list of all manifests. */
async function writeSnapshot(
  { filesOf, nowMs }: TableServices,
  { channelId, cut, table, files }: TableBatch,
  metadata: TableMetadata,
  { snapshotId, parentId, attempt }: Attempt,
  signal: AbortSignal,
): Promise<Snapshot> {
  const sequenceNumber = (metadata["last-sequence-number"] ?? 0) + 1;
  const put = fileWriter(filesOf, metadata, "metadata", { contentType: avroType, signal });
  const namePrefix = `millrace-${channelId}-`;
  const nameOf = (kind: string): string => `${namePrefix}${cutSuffix(cut)}-${snapshotId}-${attempt}-${kind}.avro`;
  const manifest = addedManifest(table, snapshotId, files);
  const path = await put(nameOf("added"), manifest);
  const written = { path, byteCount: manifest.length, snapshotId, sequenceNumber };
  const former = await readLines(metadata, parentId, filesOf, signal);
  const own = former.filter(
    (line) =>
      basename(line.manifest_path).startsWith(namePrefix) && line["partition_spec_id"] === table.spec["spec-id"],
  );
  let kept = former;
  if (own.length >= manifestCountMax) {
    const parts: { readonly line: ManifestLine; readonly bytes: Uint8Array }[] = [];
    for (const line of own) parts.push({ line, bytes: await readFile(line.manifest_path, filesOf, signal) });
    const { bytes, fileCount } = parsed(() => mergedManifest(table, parts));
    const merged = {
      snapshotId,
      sequenceNumber,
      fileCount,
      byteCount: bytes.length,
      path: await put(nameOf("merged"), bytes),
    };
    kept = [...former.filter((line) => !own.includes(line)), mergedLine(own, merged)];
  }
  const lines = [addedLine(table, written, files), ...kept];
  const list = await put(nameOf("list"), writeManifestList(lines, { id: snapshotId, parentId, sequenceNumber }));
  return {
    "snapshot-id": snapshotId,
    ...(parentId === null ? {} : { "parent-snapshot-id": parentId }),
    "sequence-number": sequenceNumber,
    // Catalogs refuse snapshots from before the last change.
    "timestamp-ms": Math.max(nowMs(), metadata["last-updated-ms"] ?? 0),
    "manifest-list": list,
    summary: summaryOf(channelId, cut, files, lines),
    "schema-id": table.schema["schema-id"] ?? 0,
  };
}

function summaryOf(
  channelId: string,
  cut: Cut,
  files: readonly DataFile[],
  lines: readonly ManifestLine[],
): Readonly<Record<string, string>> {
  const sum = (counts: readonly unknown[]): string =>
    String(counts.reduce((all: bigint, count) => all + BigInt(count as bigint), 0n));
  // Deleted rows are in manifests of their own.
  const data = lines.filter(({ content }) => content === 0);
  return {
    operation: "append",
    "added-data-files": String(files.length),
    "added-records": sum(files.map(({ recordCount }) => recordCount)),
    "added-files-size": sum(files.map(({ byteCount }) => byteCount)),
    "total-data-files": sum(data.flatMap((line) => [line["added_files_count"], line["existing_files_count"]])),
    "total-records": sum(data.flatMap((line) => [line["added_rows_count"], line["existing_rows_count"]])),
    [channelProperty]: channelId,
    [batchProperty]: cutSuffix(cut),
  };
}

async function readLines(
  { snapshots = [] }: TableMetadata,
  parentId: bigint | null,
  filesOf: FilesOf,
  signal: AbortSignal,
): Promise<readonly ManifestLine[]> {
  if (parentId === null) return [];
  const parent = snapshots.find((snapshot) => snapshot["snapshot-id"] === parentId);
  if (parent === undefined) throw new DestinationError("The catalog does not list the table's newest snapshot.");
  const bytes = await readFile(parent["manifest-list"], filesOf, signal);
  return parsed(() => readManifestList(bytes));
}

async function readFile(location: string, filesOf: FilesOf, signal: AbortSignal): Promise<Uint8Array> {
  const { bucket, key } = splitLocation(location);
  return await filesOf(bucket).get(key, signal);
}

/** What others wrote may be what this server does not read. */
function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error));
    throw new DestinationError(`A manifest of the table cannot be read: ${message}.`, { cause: error });
  }
}
