/** Programs that are not ours and read what channels deliver: PyIceberg, pyarrow, DuckDB, zstandard and gzip. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { channelReadersName, findChannelReaders } from "../../scripts/get-channel-readers.ts";
import { reportMissing } from "./available-tools.ts";
import type { StoredObject } from "./store-server.ts";

const outputBytesMax = 256 * 1024 * 1024;

/** Whether the tests can run them; reports to a test that they cannot. `npm test` has tried to install them before. */
export function hasChannelReaders(t?: TestContext): boolean {
  if (findChannelReaders() !== undefined) return true;
  if (t !== undefined) reportMissing(t, channelReadersName);
  return false;
}

/** Runs a script beside this file. Resolves with the JSON that it prints. */
export async function runReader(script: string, args: readonly string[]): Promise<unknown> {
  const found = findChannelReaders();
  assert(found !== undefined, "asked for by hasChannelReaders()");
  const { stdout } = await promisify(execFile)(found.python, [join(import.meta.dirname, script), ...args], {
    env: found.env,
    maxBuffer: outputBytesMax,
  });
  return JSON.parse(stdout);
}

/** What one program reads from one object. */
export interface ReadObject {
  readonly tool: string;
  readonly key: string;
  /** The numbers of the records, in their order. */
  readonly numbers: readonly number[];
  /** What `digestOf()` makes of the records. */
  readonly digest: string;
}

/** A record of the objects that `readObjects()` reads. */
export interface NumberedText {
  readonly number: number;
  readonly text: string;
}

export function digestOf(records: readonly NumberedText[]): string {
  const sha256 = createHash("sha256");
  for (const { number, text } of records) sha256.update(`${number} ${text}\0`);
  return sha256.digest("hex");
}

/** Lets each program read each object that it can read. The extensions of the keys say what is in them. */
export async function readObjects(objects: readonly StoredObject[]): Promise<readonly ReadObject[]> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-objects-"));
  try {
    const keys = new Map<string, string>();
    for (const [i, { key, body }] of objects.entries()) {
      const path = join(folder, `${i}-${key.split("/").at(-1)}`);
      keys.set(path, key);
      await writeFile(path, body);
    }
    const read = (await runReader("object-reader.py", [...keys.keys()])) as readonly ReadFile[];
    return read.map(([path, tool, numbers, digest]) => ({ tool, key: keys.get(path) ?? "", numbers, digest }));
  } finally {
    await rm(folder, { recursive: true });
  }
}

type ReadFile = readonly [path: string, tool: string, numbers: readonly number[], digest: string];
