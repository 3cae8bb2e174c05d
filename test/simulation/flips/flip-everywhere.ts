// Flips bits of a small, cleanly closed directory one by one, and sees what a server and `millrace verify` make of each:
// docs/file-format.md section 6 says what may come of which place.
import assert from "node:assert/strict";
import type { RootKeyProvider } from "../../../src/engine/embedded/directory/root-key-provider.ts";
import type { EmbeddedEngine } from "../../../src/engine/embedded/embedded-engine.ts";
import type { EmbeddedEngineOptions } from "../../../src/engine/embedded/engine-options.ts";
import { verifyDirectory } from "../../../src/engine/embedded/offline/verify-directory.ts";
import { EngineError } from "../../../src/engine/engine-error.ts";
import { closedDirectory, closedDirectoryOptions, withoutFlush } from "../../support/closed-directory.ts";
import { masterKey } from "../../support/directory-keys.ts";
import { dataDirectory, makeShard, openSmallEngine, readTexts, smallEngine } from "../../support/embedded-engine.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import type { SimulatedDisk } from "../../support/simulated-disk.ts";
import { directoryPathsOf, type Outcome, type Place, rules } from "./flip-rules.ts";

const streams = ["a", "b", "c"];
/** It has ended, so that asking whether it has changes nothing. */
const sealedStream = "c";

/** `sample` flips the first and the last byte of each run of bytes with the same place, and as many between them as this. */
const sampledBytesPerRun = 20;
/** The same sample in every run, so that a result depends on the sources alone. */
const sampleSeed = 20_261_130;

export interface FlipOptions {
  /**
   * - `every`    every bit of every byte
   * - `sample`   one bit of a seeded sample of the bytes, which has some of every place in every file
   *
   * Verify looks at each flip, and an engine is opened for each.
   */
  readonly bits: "every" | "sample";
  /** Then `millrace verify` looks at it with the key and without in turns. */
  readonly isEncrypted: boolean;
  /** Told after each byte. */
  readonly onByte?: (done: number, total: number) => void;
}

export interface FlipCounts {
  /** Flips by the place that they were in. */
  readonly places: ReadonlyMap<Place, number>;
  /** And what came of them. */
  readonly outcomes: Readonly<Record<Outcome, number>>;
}

interface Text {
  readonly position: bigint;
  readonly text: string;
}

/** The closed directory, and who looks at it. */
interface Closed {
  readonly disk: SimulatedDisk;
  readonly engineOptions: Partial<EmbeddedEngineOptions>;
  readonly keys: RootKeyProvider | undefined;
  readonly expected: ReadonlyMap<string, readonly Text[]>;
}

interface Flip {
  readonly path: string;
  readonly at: number;
  readonly bit: number;
  readonly place: Place;
}

/** Flips bits of the bytes of every file, each alone. */
export async function flipEverywhere({ bits, isEncrypted, onByte }: FlipOptions): Promise<FlipCounts> {
  const keys = isEncrypted ? rememberedKeys(masterKey("of the test")) : undefined;
  const engineOptions = { ...closedDirectoryOptions, keys };
  const disk = await closedDirectory(engineOptions);
  const expected = await textsOf(disk.crash("lose"), engineOptions);
  const closed: Closed = { disk, engineOptions, keys, expected };
  const random = new SeededRandom(sampleSeed);
  const places = new Map<Place, number>();
  const outcomes = { refused: 0, corrupt: 0, told: 0, quiet: 0 };
  const bytes = [...(await directoryPathsOf(disk))].flatMap(([path, placesInFile]) => {
    const offsets = bits === "every" ? placesInFile.keys() : sampleOf(placesInFile, random);
    return [...offsets].map((at) => ({ path, at, place: placesInFile[at] ?? assert.fail(path) }));
  });
  for (const [index, { path, at, place }] of bytes.entries()) {
    for (const bit of bits === "every" ? [0, 1, 2, 3, 4, 5, 6, 7] : [at & 7]) {
      outcomes[await flipOne(closed, { path, at, bit, place })] += 1;
      places.set(place, (places.get(place) ?? 0) + 1);
    }
    onByte?.(index + 1, bytes.length);
  }
  return { places, outcomes };
}

/** Offsets in ascending order: of each run of bytes with the same place the first, the last, and some between them. */
function sampleOf(placesInFile: readonly Place[], random: SeededRandom): readonly number[] {
  const sampled: number[] = [];
  for (let start = 0; start < placesInFile.length; ) {
    let end = start;
    while (end < placesInFile.length && placesInFile[end] === placesInFile[start]) end++;
    const offsets = new Set([start, end - 1]);
    const count = Math.min(end - start, 2 + sampledBytesPerRun);
    while (offsets.size < count) offsets.add(random.integer(start, end - 1));
    sampled.push(...[...offsets].sort((a, b) => a - b));
    start = end;
  }
  return sampled;
}

async function flipOne(closed: Closed, { path, at, bit, place }: Flip): Promise<Outcome> {
  const where = `bit ${bit} of byte ${at} of ${path}, ${place}`;
  const spoilt = closed.disk.crash("lose");
  spoilt.pace = () => 0;
  spoilt.flip(path, at, 1 << bit);
  // In turns, and each bit of a byte comes to both.
  const isFound = await isFoundByVerify(spoilt, ((at >> 3) + at + bit) % 2 === 0 ? closed.keys : undefined);
  assert.equal(isFound, rules[place].isVerified, where);
  const outcome = await outcomeOf(spoilt, closed, where);
  assert.equal(outcome, rules[place].outcome, where);
  return outcome;
}

async function isFoundByVerify(disk: SimulatedDisk, keys: RootKeyProvider | undefined): Promise<boolean> {
  try {
    return (await verifyDirectory(disk, dataDirectory, keys)).problems.length > 0;
  } catch (error) {
    assert(isRefusal(error), String(error));
    return true;
  }
}

async function outcomeOf(disk: SimulatedDisk, { engineOptions, expected }: Closed, where: string): Promise<Outcome> {
  // Without a flush of the remaining WAL, which would take most of the time and prove nothing.
  const engine = smallEngine(disk, { ...engineOptions, compaction: withoutFlush });
  try {
    await engine.open();
  } catch (error) {
    assert(isRefusal(error), `${where}: ${error}`);
    return "refused";
  }
  let isWhole = true;
  for (const [name, texts] of expected) {
    if (!(await readsRight(engine, name, texts, where))) isWhole = false;
  }
  const { degraded, figures } = await engine.health();
  // One log more without entries, one document; and neither the log nor the document that were there once.
  assert.deepEqual([figures["shard_logs"], figures["documents"]], [streams.length + 1, 1], where);
  assert.equal(Buffer.from((await engine.documents.get("key"))?.value ?? "").toString(), '{"a":1}', where);
  const sealed = await engine.log.append([
    { shard: await makeShard(engine, sealedStream), entry: { count: 1, timeMs: 0, body: Buffer.from("late") } },
  ]);
  assert.deepEqual(sealed, [{ kind: "fenced" }], where);
  await engine.close();
  if (!isWhole) return "corrupt";
  return degraded.length > 0 ? "told" : "quiet";
}

/** Each entry by itself: it is as it was stored, or answers `corrupt`. */
async function readsRight(
  engine: EmbeddedEngine,
  name: string,
  texts: readonly Text[],
  where: string,
): Promise<boolean> {
  const shard = await makeShard(engine, name);
  let isWhole = true;
  for (const { position, text } of texts) {
    try {
      const { entries } = await engine.log.read(shard, position, { entriesMax: 1, bytesMax: 1 });
      assert.equal(entries[0]?.position, position, where);
      assert.equal(Buffer.from(entries[0]?.body ?? "").toString(), text, where);
    } catch (error) {
      assert(error instanceof EngineError && error.kind === "corrupt", `${where}: ${error}`);
      isWhole = false;
    }
  }
  const newest = await engine.log.seek(shard, { at: "newest" });
  assert.equal(newest, (texts.at(-1)?.position ?? 0n) + 1n, where);
  return isWhole;
}

function isRefusal(error: unknown): boolean {
  if (error instanceof EngineError) return error.kind === "corrupt" && !error.message.includes("\n");
  return error instanceof Error && error.name === "DataDirectoryError";
}

async function textsOf(
  disk: SimulatedDisk,
  engineOptions: Partial<EmbeddedEngineOptions>,
): Promise<ReadonlyMap<string, readonly Text[]>> {
  const engine = await openSmallEngine(disk, engineOptions);
  const found = new Map<string, readonly Text[]>();
  for (const name of streams) {
    const shard = await makeShard(engine, name);
    const oldest = await engine.log.seek(shard, { at: "oldest" });
    const texts = await readTexts(engine, shard);
    found.set(
      name,
      texts.map((text, index) => ({ position: oldest + BigInt(index), text })),
    );
  }
  await engine.close();
  return found;
}

/** Opens each wrapped key once: it is the same one at every look. */
function rememberedKeys(keys: RootKeyProvider): RootKeyProvider {
  const opened = new Map<string, ReturnType<RootKeyProvider["open"]>>();
  return {
    make: (directoryId) => keys.make(directoryId),
    open: (wrapped, directoryId) => {
      const name = `${directoryId} ${Buffer.from(wrapped).toString("hex")}`;
      const known = opened.get(name) ?? keys.open(wrapped, directoryId);
      opened.set(name, known);
      return known;
    },
  };
}
