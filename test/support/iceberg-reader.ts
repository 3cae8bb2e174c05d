/** PyIceberg as a reader, and as another writer, of tables of a catalog: an implementation that is not ours. */
import { runReader } from "./channel-readers.ts";
import type { SeaweedServer } from "./seaweed-server.ts";

export interface ReadTable {
  /** The columns as PyIceberg writes them, `name: required type`, and the fields of the partition spec. */
  readonly columns: readonly string[];
  readonly partitions: readonly string[];
  /** In the order in which they stand, by data file; the names of the files are sorted. pyarrow and DuckDB read the same. */
  readonly files: readonly (readonly Readonly<Record<string, unknown>>[])[];
  readonly snapshots: readonly Readonly<Record<string, string>>[];
}

/** Reads tables whole; `names`: NAMESPACE.TABLE. */
export async function readTables(seaweed: SeaweedServer, names: readonly string[]): Promise<readonly ReadTable[]> {
  return (await runScript(seaweed, ["read", ...names])) as readonly ReadTable[];
}

/** Appends one row to a table, as another writer. */
export async function appendRow(seaweed: SeaweedServer, name: string, row: object): Promise<void> {
  await runScript(seaweed, ["append", name, JSON.stringify(row)]);
}

async function runScript(seaweed: SeaweedServer, args: readonly string[]): Promise<unknown> {
  return await runReader("iceberg-reader.py", [JSON.stringify(seaweed.catalogProperties), ...args]);
}
