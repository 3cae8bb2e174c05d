/** Programs that are not ours and read what channels deliver: PyIceberg, pyarrow, DuckDB, zstandard and gzip. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
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

/** What one program reads from one object: JSON as values, text as lines, bytes in hexadecimal. */
export interface ReadObject {
  readonly tool: string;
  readonly key: string;
  readonly records: readonly unknown[];
}

/** Lets each program read each object that it can read. The extensions of the keys say what is in them. */
export async function readObjects(objects: readonly StoredObject[]): Promise<readonly ReadObject[]> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-objects-"));
  try {
    const named = objects.map(({ key, body }, i) => ({
      key,
      body,
      path: join(folder, `${i}-${key.split("/").at(-1)}`),
    }));
    for (const { path, body } of named) await writeFile(path, body);
    const read = await runReader(
      "object-reader.py",
      named.map(({ path }) => path),
    );
    return (read as readonly (readonly [path: string, tool: string, records: unknown[]])[]).map(
      ([path, tool, records]) => ({ tool, records, key: named.find((each) => each.path === path)?.key ?? "" }),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}
