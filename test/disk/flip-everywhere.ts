// Flips bits of a small, cleanly closed directory one by one, and sees what a server and `millrace verify` make of each:
// docs/file-format.md section 6 says what may come of which place.
import assert from "node:assert/strict";
import type { DirectoryKeys } from "../../src/engine/embedded/directory-keys.ts";
import type { EmbeddedEngine, EmbeddedEngineOptions } from "../../src/engine/embedded/embedded-engine.ts";
import { inspectDirectory } from "../../src/engine/embedded/inspect-directory.ts";
import { verifyDirectory } from "../../src/engine/embedded/verify-directory.ts";
import { EngineError } from "../../src/engine/engine-error.ts";
import { closedDirectory, closedDirectoryOptions } from "../support/closed-directory.ts";
import { dataDirectory, makeShard, openSmallEngine, readTexts, smallEngine } from "../support/embedded-engine.ts";
import type { SimulatedDisk } from "../support/simulated-disk.ts";

const blockBytes = 4096;
const walHeadBytes = 96;
const streams = ["a", "b"];

/**
 * - `refused`   the directory is not opened, in one sentence
 * - `corrupt`   it opens, and some read is answered with an error
 * - `told`      it opens, everything is there, and the health says that something is amiss
 * - `quiet`     nothing at all is noticed
 */
type Outcome = "refused" | "corrupt" | "told" | "quiet";

/** What may come of a flip, and whether `millrace verify` must find it. */
interface Rule {
  readonly outcomes: readonly Outcome[];
  readonly isVerified: boolean;
}

/** Of a run of equal bytes, padding or a text of one letter, a short run looks at one in so many. */
const equalBytesStep = 11;
/** What is encrypted has no bytes alike: each kind of byte comes often enough among these. */
const fewBytesStep = 13;

/** Whoever looks at a flip does not go on to seal what is left of the log: that takes most of the time, and tells nothing. */
const lookingSealing = { ...closedDirectoryOptions.sealing, sealAfterBytes: Number.MAX_SAFE_INTEGER };

export interface FlipOptions {
  /**
   * - `every`  every bit of every byte
   * - `one`    one bit of each byte, and of bytes that are like both their neighbours only some
   * - `few`    the same of every thirteenth byte
   */
  readonly bits: "every" | "one" | "few";
  /** Given: the directory is encrypted, and `millrace verify` looks at it with the key and without in turns. */
  readonly keys?: DirectoryKeys;
}

/** The closed directory, and who looks at it. */
interface Closed {
  readonly engineOptions: Partial<EmbeddedEngineOptions>;
  readonly keys: DirectoryKeys | undefined;
  readonly expected: ReadonlyMap<string, readonly string[]>;
}

/** Flips bits of every file, each alone; returns how many came to which end. */
export async function flipEverywhere({ bits, keys }: FlipOptions): Promise<Readonly<Record<Outcome, number>>> {
  const engineOptions = keys === undefined ? closedDirectoryOptions : { ...closedDirectoryOptions, keys };
  const disk = await closedDirectory(engineOptions);
  const ruleOf = await rules(disk);
  const closed: Closed = { engineOptions, keys, expected: await textsOf(disk.crash("lose"), engineOptions) };
  const counts = { refused: 0, corrupt: 0, told: 0, quiet: 0 };
  for (const path of disk.paths()) {
    const bytes = disk.bytesOf(path);
    for (let at = 0; at < bytes.length; at++) {
      const isLikeOthers = bytes[at] === bytes[at - 1] && bytes[at] === bytes[at + 1];
      if (bits !== "every" && isLikeOthers && at % equalBytesStep !== 0) continue;
      if (bits === "few" && at % fewBytesStep !== 0) continue;
      const each = bits === "every" ? [0, 1, 2, 3, 4, 5, 6, 7] : [at & 7];
      for (const bit of each) counts[await flipOne(disk, { path, at, bit, rule: ruleOf(path, at), closed })] += 1;
    }
  }
  assert.deepEqual((await verifyDirectory(disk, dataDirectory, keys)).problems, []);
  return counts;
}

async function flipOne(
  disk: SimulatedDisk,
  {
    path,
    at,
    bit,
    rule,
    closed,
  }: {
    readonly path: string;
    readonly at: number;
    readonly bit: number;
    readonly rule: Rule;
    readonly closed: Closed;
  },
): Promise<Outcome> {
  const place = `bit ${bit} of byte ${at} of ${path}`;
  const spoilt = disk.crash("lose");
  spoilt.flip(path, at, 1 << bit);
  const isFound = await isFoundByVerify(spoilt, at % 2 === 0 ? closed.keys : undefined);
  assert(isFound || !rule.isVerified, `${place}: verify does not find it`);
  const outcome = await outcomeOf(spoilt, closed, place);
  assert(rule.outcomes.includes(outcome), `${place}: ${outcome}, not ${rule.outcomes.join(" or ")}`);
  return outcome;
}

async function isFoundByVerify(disk: SimulatedDisk, keys: DirectoryKeys | undefined): Promise<boolean> {
  try {
    return (await verifyDirectory(disk, dataDirectory, keys)).problems.length > 0;
  } catch (error) {
    assert(isRefusal(error), String(error));
    return true;
  }
}

async function outcomeOf(disk: SimulatedDisk, { engineOptions, expected }: Closed, place: string): Promise<Outcome> {
  const engine = smallEngine(disk, { ...engineOptions, sealing: lookingSealing });
  try {
    await engine.open();
  } catch (error) {
    assert(isRefusal(error), `${place}: ${error}`);
    return "refused";
  }
  let isWhole = true;
  for (const [name, texts] of expected) {
    if (!(await readsRight(engine, name, texts, place))) isWhole = false;
  }
  assert.equal(Buffer.from((await engine.catalog.get("key"))?.value ?? "").toString(), '{"a":1}', place);
  const { degraded } = await engine.health();
  await engine.close();
  if (!isWhole) return "corrupt";
  return degraded.length > 0 ? "told" : "quiet";
}

/** Each entry by itself: it is as it was stored, or answers `corrupt`. */
async function readsRight(
  engine: EmbeddedEngine,
  name: string,
  texts: readonly string[],
  place: string,
): Promise<boolean> {
  const shard = await makeShard(engine, name);
  let isWhole = true;
  for (const [index, text] of texts.entries()) {
    try {
      const { entries } = await engine.log.read(shard, BigInt(index + 1), { entriesMax: 1, bytesMax: 1 });
      assert(entries[0] !== undefined && Buffer.from(entries[0].body).equals(Buffer.from(text)), `${place}: ${index}`);
      assert.equal(entries[0].position, BigInt(index + 1), place);
    } catch (error) {
      assert(error instanceof EngineError && error.kind === "corrupt", `${place}: ${error}`);
      isWhole = false;
    }
  }
  assert.equal(await engine.log.seek(shard, { at: "newest" }), BigInt(texts.length + 1), place);
  return isWhole;
}

function isRefusal(error: unknown): boolean {
  if (error instanceof EngineError) return error.kind === "corrupt" && !error.message.includes("\n");
  return error instanceof Error && error.name === "DataDirectoryError";
}

async function textsOf(
  disk: SimulatedDisk,
  engineOptions: Partial<EmbeddedEngineOptions>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const engine = await openSmallEngine(disk, engineOptions);
  const texts = new Map<string, readonly string[]>();
  for (const name of streams) texts.set(name, await readTexts(engine, await makeShard(engine, name)));
  await engine.close();
  return texts;
}

/** The table of docs/file-format.md section 6, for this directory. */
async function rules(disk: SimulatedDisk): Promise<(path: string, at: number) => Rule> {
  const { wal } = JSON.parse(JSON.stringify(await inspectDirectory(disk, dataDirectory))) as {
    readonly wal: { readonly files: readonly { readonly file: string; readonly end: number }[] };
  };
  const files = wal.files.map(({ file, end }) => ({ path: `${dataDirectory}/${file}`, end }));
  const snapshots = disk.paths().filter((path) => path.endsWith(".snapshot"));
  const isRecycled = (path: string): boolean => (disk.bytesOf(path).readUInt32LE(12) & 1) === 1;
  return (path, at) => {
    if (path.endsWith("/format")) return { outcomes: ["refused"], isVerified: true };
    if (path.endsWith("/manifest") || path.endsWith("/directory.key")) return { outcomes: ["told"], isVerified: true };
    if (path.endsWith(".snapshot")) {
      return { outcomes: [path === snapshots.at(-1) ? "told" : "quiet"], isVerified: true };
    }
    if (path.endsWith(".segment")) return segmentRule(disk.bytesOf(path), at);
    const index = files.findIndex((file) => file.path === path);
    const { end } = files[index] ?? assert.fail(`${path} is no file of the log`);
    if (at < 2 * blockBytes) return { outcomes: [at % blockBytes < walHeadBytes ? "told" : "quiet"], isVerified: true };
    if (at >= end) return { outcomes: ["quiet"], isVerified: !isRecycled(path) };
    // The last group of the last file is the marker of the clean close, one block long.
    const isMarker = index === files.length - 1 && at >= end - blockBytes;
    return { outcomes: [isMarker ? "told" : "refused"], isVerified: true };
  };
}

function segmentRule(bytes: Buffer, at: number): Rule {
  const trailerAt = bytes.length - 64;
  const rowsAt = Number(bytes.readBigUInt64LE(trailerAt + 16));
  const rowsEnd = rowsAt + bytes.readUInt32LE(trailerAt + 32) * 80;
  const isRowOrTrailer = (at >= rowsAt && at < rowsEnd) || at >= trailerAt;
  if (isRowOrTrailer) return { outcomes: ["refused"], isVerified: true };
  // Frames, the zeros between them, and points, which extents as small as these do without.
  if (at >= blockBytes && at < rowsAt) return { outcomes: ["corrupt", "quiet"], isVerified: true };
  return { outcomes: ["quiet"], isVerified: true };
}
