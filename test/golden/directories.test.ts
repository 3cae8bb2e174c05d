// A whole data directory of every version that there ever was, closed and killed: each must open for ever, hold what it
// held, and become the newest version when it is opened. The files here are never written again; their bytes are compared
// by the tests beside this one.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { EmbeddedEngine } from "../../src/engine/embedded/embedded-engine.ts";
import type { EmbeddedEngineOptions } from "../../src/engine/embedded/engine-options.ts";
import { backUpLiveDirectory } from "../../src/engine/embedded/offline/backup-live-directory.ts";
import { inspectDirectory } from "../../src/engine/embedded/offline/inspect-directory.ts";
import { restoreDirectory } from "../../src/engine/embedded/offline/restore-directory.ts";
import { verifyDirectory } from "../../src/engine/embedded/offline/verify-directory.ts";
import { countedBytes, masterKey } from "../support/directory-keys.ts";
import {
  dataDirectory,
  eagerCompaction,
  makeShard,
  openSmallEngine,
  readTexts,
  store,
} from "../support/embedded-engine.ts";
import { SimulatedDisk } from "../support/simulated-disk.ts";
import { bytesOfText, textOfBytes } from "./golden-bytes.ts";

interface GoldenDirectory {
  /** What its `format` file says. */
  readonly version: number;
  /** From version 4 on; version 3 is encrypted, earlier ones are not. */
  readonly isEncrypted?: true;
  readonly streams: Readonly<Record<string, readonly string[]>>;
  /** Streams whose first shard log is sealed. */
  readonly sealed: readonly string[];
  readonly documents: Readonly<Record<string, string>>;
  /** From a path below the directory to its bytes. */
  readonly files: Readonly<Record<string, string>>;
}

const folder = new URL("./directories/", import.meta.url);
const newestVersion = 4;
/** Set when there is a new version, to add directories of it; those that are there stay as they are for good. */
const writesGolden = process.env["MILLRACE_WRITE_GOLDEN"] !== undefined;
const dayMs = 86_400_000;
const small = { walFileBytes: 24 * 1024, groupBytesMax: 12 * 1024 };
const compaction = { ...eagerCompaction, ownSegmentBytes: 4_000 };

/** How a directory of the newest version is made and left. */
interface Kind {
  readonly isEncrypted: boolean;
  readonly isKilled: boolean;
}

/** Every kind of frame, two sessions, and more than one file of the log. */
async function written({ isEncrypted, isKilled }: Kind): Promise<GoldenDirectory> {
  const disk = new SimulatedDisk();
  const random = countedBytes();
  const keys = isEncrypted ? { keys: masterKey("golden", random), randomBytes: random } : {};
  const options = { ...small, ...keys, compaction };
  let engine = await openSmallEngine(disk, options);
  const streams: Record<string, string[]> = { orders: [], clicks: [], closed: [] };
  for (const name of [...Object.keys(streams), "dropped"]) await makeShard(engine, name);
  await engine.log.setRetention("clicks", [await makeShard(engine, "clicks")], dayMs);
  for (let round = 0; round < 4; round++) {
    for (const name of Object.keys(streams)) {
      const texts = [`${name} ${round}`, `${name} ${round} ${"x".repeat(name === "orders" ? 4_000 : 100)}`];
      await store(engine, await makeShard(engine, name), ...texts);
      streams[name]?.push(...texts);
    }
    if (round < 2) await store(engine, await makeShard(engine, "dropped"), `dropped ${round}`);
    if (round === 1) {
      await engine.log.dropShard(await makeShard(engine, "dropped"));
      await putDocument(engine, "gone", "for a while");
      await engine.settled();
      await engine.close();
      engine = await openSmallEngine(disk, options);
    }
    await putDocument(engine, "streams/orders", JSON.stringify({ round }));
  }
  const gone = await engine.documents.get("gone");
  await engine.documents.compareAndSwap("gone", null, gone?.revision ?? 0n);
  await engine.log.seal(await makeShard(engine, "closed"), "merge-1");
  await engine.settled();
  if (!isKilled) await engine.close();
  const files = disk.paths().map((path) => [path.slice(dataDirectory.length + 1), textOfBytes(disk.bytesOf(path))]);
  const documents = { "streams/orders": JSON.stringify({ round: 3 }) };
  const kind = { version: newestVersion, ...(isEncrypted ? { isEncrypted } : {}) };
  return { ...kind, streams, sealed: ["closed"], documents, files: Object.fromEntries(files) };
}

/** What opens a directory of a version, and lets it grow. */
function optionsFor({ version, isEncrypted }: GoldenDirectory): Partial<EmbeddedEngineOptions> {
  return { ...small, compaction, ...(version === 3 || isEncrypted === true ? { keys: masterKey("golden") } : {}) };
}

async function putDocument(engine: EmbeddedEngine, key: string, value: string): Promise<void> {
  const present = await engine.documents.get(key);
  await engine.documents.compareAndSwap(key, Buffer.from(value), present?.revision ?? 0n);
}

async function diskWith({ files }: GoldenDirectory): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  for (const [path, text] of Object.entries(files)) {
    disk.place(`${dataDirectory}/${path}`, bytesOfText(text));
    await disk.makeDirectory(`${dataDirectory}/${path}`.slice(0, -1 - (path.split("/").at(-1)?.length ?? 0)));
  }
  return disk;
}

/** What an engine serves is what the directory held when it was written, and `added` behind it. */
async function assertServes(engine: EmbeddedEngine, golden: GoldenDirectory, added: readonly string[]): Promise<void> {
  assert.deepEqual((await engine.health()).degraded, []);
  for (const [name, texts] of Object.entries(golden.streams)) {
    const shard = await makeShard(engine, name);
    const isSealed = golden.sealed.includes(name);
    assert.deepEqual(await readTexts(engine, shard), isSealed ? texts : [...texts, ...added], name);
    if (!isSealed) continue;
    const [outcome] = await engine.log.append([{ shard, entry: { count: 1, timeMs: 0, body: Buffer.from("late") } }]);
    assert.equal(outcome?.kind, "fenced");
  }
  const documents = (await engine.documents.list("")).map(({ key, value }) => [key, Buffer.from(value).toString()]);
  assert.deepEqual(Object.fromEntries(documents), golden.documents);
}

/** The names of files, numbers and unfinished ones aside. */
function kindsOf({ files }: GoldenDirectory): readonly string[] {
  const names = Object.keys(files).filter((path) => !path.endsWith(".tmp"));
  return [...new Set(names.map((path) => path.replace(/\d+/, "N")))].sort();
}

async function versionOf(disk: SimulatedDisk): Promise<number> {
  return JSON.parse(JSON.stringify(await inspectDirectory(disk, dataDirectory))).format.version;
}

const stillWritten: readonly Kind[] = [
  { isEncrypted: false, isKilled: false },
  { isEncrypted: false, isKilled: true },
  { isEncrypted: true, isKilled: false },
  { isEncrypted: true, isKilled: true },
];

for (const kind of stillWritten) {
  const how = `${kind.isEncrypted ? "encrypted-" : ""}${kind.isKilled ? "killed" : "closed"}`;
  test(`a directory that is ${how} today consists of what the golden one of version ${newestVersion} does`, async () => {
    const present = await written(kind);
    const url = new URL(`version-${newestVersion}-${how}.json`, folder);
    if (writesGolden && !existsSync(url)) writeFileSync(url, `${JSON.stringify(present, undefined, 2)}\n`);
    const golden: GoldenDirectory = JSON.parse(readFileSync(url, "utf8"));
    assert.equal(await versionOf(await diskWith(present)), golden.version);
    assert.deepEqual(kindsOf(present), kindsOf(golden), "a new kind of file is a new version of the format");
    assert.deepEqual({ ...present, files: {} }, { ...golden, files: {} });
  });
}

test("there is a golden directory of every version", () => {
  const versions = readdirSync(folder).map((name) => Number(/^version-(\d+)-/.exec(name)?.[1]));
  assert.deepEqual(
    [...new Set(versions)].sort(),
    Array.from({ length: newestVersion }, (_, index) => index + 1),
  );
});

for (const name of readdirSync(folder)) {
  const golden: GoldenDirectory = JSON.parse(readFileSync(new URL(name, folder), "utf8"));
  const options = optionsFor(golden);

  test(`${name} opens, serves what it held, and becomes the newest version while it is written on`, async () => {
    const disk = await diskWith(golden);
    assert.deepEqual((await verifyDirectory(disk, dataDirectory, options.keys)).problems, []);
    let engine = await openSmallEngine(disk, options);
    await assertServes(engine, golden, []);
    const added: string[] = [];
    for (let index = 0; index < 12; index++) {
      added.push(`added ${index} ${"y".repeat(3_000)}`);
      for (const stream of Object.keys(golden.streams).filter((one) => !golden.sealed.includes(one))) {
        await store(engine, await makeShard(engine, stream), added.at(-1) ?? "");
      }
    }
    await engine.settled();
    await assertServes(engine, golden, added);
    await engine.close();
    assert.equal(await versionOf(disk), newestVersion);
    assert.deepEqual((await verifyDirectory(disk, dataDirectory, options.keys)).problems, []);
    engine = await openSmallEngine(disk.crash("lose"), options);
    await assertServes(engine, golden, added);
    await engine.close();
  });

  test(`the newest WAL file of ${name} cannot be lost unnoticed once a server has opened it`, async () => {
    const disk = await diskWith(golden);
    const engine = await openSmallEngine(disk, options);
    const opened = disk.crash("lose");
    await store(engine, await makeShard(engine, "orders"), "one more");
    const written = disk.crash("lose");
    for (const killed of [opened, written]) {
      killed.lose(killed.paths().findLast((path) => path.endsWith(".wal")) ?? assert.fail("there is no WAL file"));
      await assert.rejects(openSmallEngine(killed, options), { kind: "corrupt", message: /\.wal is missing/ });
    }
  });

  test(`${name} opens on a full disk, which may keep it from becoming the newest version`, async () => {
    const disk = await diskWith(golden);
    disk.capacityBytes = disk.usedBytes;
    const engine = await openSmallEngine(disk, options);
    await assertServes(engine, golden, []);
    assert([golden.version, newestVersion].includes(await versionOf(disk.crash("lose"))));
    await engine.close();
    assert.deepEqual((await verifyDirectory(disk, dataDirectory, options.keys)).problems, []);
  });

  test(`${name} can be backed up, restored and opened`, async () => {
    const disk = await diskWith(golden);
    assert.deepEqual((await backUpLiveDirectory(disk, dataDirectory, "/backup")).problems, []);
    assert.deepEqual((await restoreDirectory(disk, "/backup", "/restored")).problems, []);
    const engine = await openSmallEngine(disk, { ...options, directory: "/restored" });
    await assertServes(engine, golden, []);
    await engine.close();
  });
}
