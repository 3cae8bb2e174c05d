import assert from "node:assert/strict";
import { parquetReadObjects } from "hyparquet";
import { readAvroFile } from "../../src/channels/table/avro-file.ts";
import type { Commit, NewTable, TableCatalog } from "../../src/channels/table/iceberg-catalog.ts";
import type { Snapshot, TableMetadata } from "../../src/channels/table/iceberg-schema.ts";
import { type ManifestLine, readManifestList } from "../../src/channels/table/manifests.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { SimulatedBucket } from "./simulated-bucket.ts";

const location = "s3://lake/t";

/** A data file as it stands in the newest snapshot. */
export interface TableFile {
  readonly path: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** A table behind a catalog that fails as its bucket does, and into which others commit too. */
export class SimulatedTable {
  /** How often another writer commits first. */
  rivals = 0;
  /** Commits that met a table which others had changed. */
  conflictCount = 0;
  readonly #bucket: SimulatedBucket;
  readonly #random: SeededRandom;
  #metadata: TableMetadata | undefined;
  #lastRival = 0n;

  constructor(bucket: SimulatedBucket, random: SeededRandom) {
    this.#bucket = bucket;
    this.#random = random;
  }

  get snapshotCount(): number {
    return this.#metadata?.snapshots?.length ?? 0;
  }

  /** The catalog as one process sees it. What was sent before the process ends may arrive after it. */
  connect(): TableCatalog {
    return {
      create: (table) => this.#bucket.request(() => this.#create(table)),
      find: () => this.#bucket.request(() => this.#withNewest()),
      findWhole: () => this.#bucket.request(() => this.#metadata),
      commit: (commit) => this.#bucket.request(() => this.#commit(commit)),
    };
  }

  /** Forgets all snapshots but the newest one, as the upkeep of tables does. */
  expireSnapshots(): void {
    this.#metadata = this.#withNewest();
  }

  #withNewest(): TableMetadata | undefined {
    const metadata = this.#metadata;
    return metadata === undefined ? undefined : { ...metadata, snapshots: (metadata.snapshots ?? []).slice(-1) };
  }

  /** The manifests of the newest snapshot, and the files that they name. */
  manifests(): { readonly lines: readonly ManifestLine[]; readonly files: readonly NamedFile[] } {
    const newest = this.#metadata?.snapshots?.at(-1);
    const lines = newest === undefined ? [] : readManifestList(this.#object(newest["manifest-list"]));
    const files = lines.flatMap((line) => {
      const bytes = this.#object(line.manifest_path);
      assert.equal(bytes.length, Number(line["manifest_length"]));
      return readAvroFile(bytes).records.map((entry) => {
        const file = entry["data_file"] as unknown as StoredFile;
        const sequenceNumber = Number(entry["sequence_number"] ?? line["sequence_number"]);
        return { path: file.file_path, file, sequenceNumber };
      });
    });
    return { lines, files };
  }

  /** The files of the newest snapshot, each read whole. */
  async files(): Promise<readonly TableFile[]> {
    return await Promise.all(this.manifests().files.map(({ file }) => this.#read(file)));
  }

  async #read({
    file_path: path,
    record_count: recordCount,
    file_size_in_bytes: byteCount,
  }: StoredFile): Promise<TableFile> {
    const bytes = this.#object(path);
    assert.equal(bytes.length, Number(byteCount), path);
    const rows = await parquetReadObjects({ file: Uint8Array.from(bytes).buffer });
    assert.equal(rows.length, Number(recordCount), path);
    return { path, rows };
  }

  #object(path: string): Buffer {
    return this.#bucket.objects.get(path.slice("s3://lake/".length)) ?? assert.fail(`${path} is not there`);
  }

  #create({ schema, spec, properties }: NewTable): void {
    this.#metadata ??= {
      ...{ "format-version": 2, "table-uuid": "uuid", location, "last-sequence-number": 0, "last-updated-ms": 0 },
      ...{ "current-schema-id": 0, schemas: [schema], "default-spec-id": 0, "partition-specs": [spec] },
      ...{ snapshots: [], properties },
    };
  }

  #load(): TableMetadata {
    return this.#metadata ?? assert.fail("there is no table");
  }

  #commit({ tableUuid, parentId, snapshot, properties }: Commit): boolean {
    const metadata = this.#load();
    assert.equal(tableUuid, metadata["table-uuid"]);
    if (this.#random.next() < this.rivals) this.#commitRival(metadata);
    const { "current-snapshot-id": current = null, "last-sequence-number": last = 0 } = this.#load();
    if (current !== parentId) {
      this.conflictCount += 1;
      return false;
    }
    assert.equal(snapshot["sequence-number"], last + 1);
    this.#append(snapshot, properties);
    return true;
  }

  /** Another writer's snapshot with the same files, as its compaction might leave it. */
  #commitRival({ snapshots = [], "last-sequence-number": last = 0 }: TableMetadata): void {
    const newest = snapshots.at(-1);
    if (newest === undefined) return;
    this.#lastRival -= 1n;
    const id = BigInt.asUintN(62, this.#lastRival);
    this.#append({ ...newest, "snapshot-id": id, "sequence-number": last + 1, summary: { operation: "replace" } }, {});
  }

  #append(snapshot: Snapshot, properties: Readonly<Record<string, string>>): void {
    const metadata = this.#load();
    this.#metadata = {
      ...metadata,
      snapshots: [...(metadata.snapshots ?? []), snapshot],
      "current-snapshot-id": snapshot["snapshot-id"],
      "last-sequence-number": snapshot["sequence-number"] ?? 0,
      properties: { ...metadata.properties, ...properties },
    };
  }
}

interface NamedFile {
  readonly path: string;
  readonly file: StoredFile;
  readonly sequenceNumber: number;
}

interface StoredFile {
  readonly file_path: string;
  readonly record_count: bigint;
  readonly file_size_in_bytes: bigint;
}
