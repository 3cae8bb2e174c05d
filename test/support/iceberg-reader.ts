/** PyIceberg as a reader, and as another writer, of tables of a catalog: an implementation that is not ours. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { findPyiceberg, pyicebergVersion } from "../../scripts/get-pyiceberg.ts";
import { reportMissing } from "./available-tools.ts";
import type { SeaweedServer } from "./seaweed-server.ts";

const outputBytesMax = 256 * 1024 * 1024;
const script = join(import.meta.dirname, "iceberg-reader.py");

export interface ReadTable {
  /** The columns as PyIceberg writes them, `name: required type`, and the fields of the partition spec. */
  readonly columns: readonly string[];
  readonly partitions: readonly string[];
  /** In the order in which they stand, by data file; the names of the files are sorted. */
  readonly files: readonly (readonly Readonly<Record<string, unknown>>[])[];
  readonly snapshots: readonly Readonly<Record<string, string>>[];
}

/** Whether the tests can run it; reports to a test that they cannot. `npm test` has tried to install it before. */
export function hasPyiceberg(t?: TestContext): boolean {
  if (findPyiceberg() !== undefined) return true;
  if (t !== undefined) reportMissing(t, `PyIceberg ${pyicebergVersion}`);
  return false;
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
  const found = findPyiceberg();
  assert(found !== undefined, "asked for by hasPyiceberg()");
  const { catalogProperties } = seaweed;
  const { stdout } = await promisify(execFile)(found.python, [script, JSON.stringify(catalogProperties), ...args], {
    env: found.env,
    maxBuffer: outputBytesMax,
  });
  return JSON.parse(stdout);
}
