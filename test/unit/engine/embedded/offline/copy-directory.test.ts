import assert from "node:assert/strict";
import { test } from "node:test";
import { identityOf } from "../../../../../src/engine/embedded/format/format-file.ts";
import { loadManifest, writeManifest } from "../../../../../src/engine/embedded/format/manifest.ts";
import { type Disk, namesIn } from "../../../../../src/engine/embedded/io/disk.ts";
import { backUpLiveDirectory } from "../../../../../src/engine/embedded/offline/backup-live-directory.ts";
import { restoreDirectory } from "../../../../../src/engine/embedded/offline/restore-directory.ts";
import { verifyDirectory } from "../../../../../src/engine/embedded/offline/verify-directory.ts";
import {
  dataDirectory,
  eagerCompaction,
  makeShard,
  openSmallEngine,
  readTexts,
  smallEngine,
  store,
} from "../../../../support/embedded-engine.ts";
import { filled, filledOptions, filledTexts, textsIn } from "../../../../support/filled-engine.ts";
import { type DiskOperation, SimulatedDisk } from "../../../../support/simulated-disk.ts";

const target = "/backup";
const groupBytes = 4096;

/** Every file below a directory, byte for byte. */
function filesIn(disk: SimulatedDisk, directory: string): readonly (readonly [string, string])[] {
  const names = disk.paths().filter((path) => path.startsWith(`${directory}/`) && !/\/lock/.test(path));
  return names.map((path) => [path, disk.bytesOf(path).toString("hex")]);
}

/** The disk, but for how it links. */
function withLink(disk: SimulatedDisk, link: Disk["link"]): Disk {
  const { probe, allocate, open, list, makeDirectory, rename, remove, removeDirectory } = SimulatedDisk.prototype;
  const { syncDirectory, freeBytes, lock } = SimulatedDisk.prototype;
  const methods = { probe, allocate, open, list, makeDirectory, rename, remove, removeDirectory };
  const bound = Object.entries({ ...methods, syncDirectory, freeBytes, lock }).map(([name, method]) => [
    name,
    method.bind(disk),
  ]);
  return { ...Object.fromEntries(bound), link };
}

test("a backup of an open directory holds what was stored, opens, and changes nothing in the source", async () => {
  const disk = new SimulatedDisk();
  const { engine, shard } = await filled(disk);
  const before = filesIn(disk, dataDirectory);
  const { problems, lastLsn, segments, linkedSegments, walFiles } = await backUpLiveDirectory(
    disk,
    dataDirectory,
    target,
  );
  assert.deepEqual([problems, linkedSegments], [[], segments]);
  assert(segments > 0 && walFiles > 0 && lastLsn > filledTexts.length);
  assert.deepEqual(filesIn(disk, dataDirectory), before);
  await store(engine, shard, "after it");
  await engine.close();
  assert.deepEqual((await verifyDirectory(disk, target)).problems, []);
  assert.deepEqual(await textsIn(disk.crash("lose"), target), filledTexts);
  assert.deepEqual((await restoreDirectory(disk, target, "/restored")).problems, []);
  assert.deepEqual(await textsIn(disk.crash("lose"), "/restored"), filledTexts);
  assert.deepEqual(await textsIn(disk, dataDirectory), [...filledTexts, "after it"]);
});

test("a backup opens of a directory in which nothing was ever stored, or flushed", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk);
  await backUpLiveDirectory(disk, dataDirectory, target);
  assert.deepEqual(await textsIn(disk, target), []);
  await store(engine, await makeShard(engine, "a"), "one");
  await backUpLiveDirectory(disk, dataDirectory, "/second");
  assert.deepEqual(await textsIn(disk, "/second"), ["one"]);
});

test("where a file can have no second name segments are copied, a piece at a time", async () => {
  const disk = new SimulatedDisk();
  const roomy = { directory: dataDirectory, walFileBytes: 4 * 1024 * 1024, groupBytesMax: 2 * 1024 * 1024 };
  const engine = await openSmallEngine(disk, { ...roomy, queueBytesMax: 8 * 1024 * 1024, compaction: eagerCompaction });
  const shard = await makeShard(engine, "a");
  const large = Array.from({ length: 5 }, (_, index) => `${index}`.repeat(1_000_000));
  for (const text of large) await store(engine, shard, text);
  await engine.settled();
  let links = 0;
  let readBytesMax = 0;
  const copying = withLink(disk, async () => {
    links += 1;
    throw Object.assign(new Error("EXDEV: cross-device link"), { code: "EXDEV" });
  });
  const watching: Disk = {
    ...copying,
    open: async (path, mode) => {
      const file = await disk.open(path, mode);
      const read: typeof file.read = (into, at) => {
        if (path.endsWith(".segment")) readBytesMax = Math.max(readBytesMax, into.byteLength);
        return file.read(into, at);
      };
      return { ...file, read };
    },
  };
  const { segments, linkedSegments, bytes } = await backUpLiveDirectory(watching, dataDirectory, target);
  assert.deepEqual([links, linkedSegments], [1, 0]);
  assert(segments > 0 && bytes > 3_000_000);
  assert(readBytesMax <= 1024 * 1024, `${readBytesMax} bytes at once`);
  assert.deepEqual(await textsIn(disk.crash("lose"), target), large);
});

for (const nameOrder of ["journal", "independent"] as const) {
  test(`a crash at any change of the disk (names: ${nameOrder}) leaves a whole backup or none, and the source intact`, async () => {
    const run = async (changesMax: number) => {
      const disk = new SimulatedDisk({ direct: false, seed: changesMax + 1, nameOrder });
      const { engine } = await filled(disk);
      let changes = 0;
      disk.fault = ({ kind, path }) => {
        if (kind === "read" || kind === "list" || kind === "open" || path.startsWith(dataDirectory)) return undefined;
        changes += 1;
        disk.isOff = changes > changesMax;
        return disk.isOff ? "EIO" : undefined;
      };
      const made = await backUpLiveDirectory(disk, dataDirectory, target).then(
        () => true,
        () => false,
      );
      if (!disk.isOff) await engine.close();
      return { disk, changes, made };
    };
    const { changes, made } = await run(Number.POSITIVE_INFINITY);
    assert(made && changes > 10, `${changes} changes`);
    for (let changesMax = 0; changesMax < changes; changesMax++) {
      const { disk, made: hasSaidSo } = await run(changesMax);
      assert(!hasSaidSo);
      for (const policy of ["lose", "tear", "keep"] as const) {
        const after = disk.crash(policy);
        const found = await verifyDirectory(after, target).catch((error: Error) => error);
        if (found instanceof Error) {
          assert.match(found.message, /is not a Millrace data directory|does not exist/);
          await assert.rejects(restoreDirectory(after, target, "/restored"), { name: "DataDirectoryError" });
          const again = backUpLiveDirectory(after, dataDirectory, target);
          if ((await namesIn(after, target)).length > 0) {
            const message = /^The target directory \/backup contains an unfinished copy\. /;
            await assert.rejects(again, { reason: "occupied", message });
          } else {
            // The power took even the names of its directories.
            assert.deepEqual((await again).problems, []);
          }
        } else {
          assert.deepEqual(found.problems, [], `${policy} after ${changesMax} changes`);
          assert.deepEqual(await textsIn(after, target), filledTexts);
        }
        assert.deepEqual(await textsIn(after, dataDirectory), filledTexts);
      }
    }
  });
}

test("an error at anything that the disk is asked for leaves the target empty, and another attempt succeeds", async () => {
  const disk = new SimulatedDisk();
  const { engine } = await filled(disk);
  await engine.close();
  const before = filesIn(disk, dataDirectory);
  let failures = 0;
  for (let failAt = 0; ; failAt++) {
    let asked = 0;
    // What has been copied is cleared by removing it.
    disk.fault = ({ kind }) => (kind !== "remove" && asked++ === failAt ? "EIO" : undefined);
    const outcome = await backUpLiveDirectory(disk, dataDirectory, target).catch((error: Error) => error);
    disk.fault = () => undefined;
    if (!(outcome instanceof Error)) break;
    failures += 1;
    assert.equal(outcome.name, "DataDirectoryError", String(outcome));
    assert.match(outcome.message, /^The data directory [^\n]*\.$/);
    assert.deepEqual(filesIn(disk, target), []);
    assert.deepEqual(filesIn(disk, dataDirectory), before);
  }
  assert(failures > 50, `${failures} failures`);
  assert.deepEqual(await textsIn(disk, target), filledTexts);
});

test("a directory that is not empty is not filled, nor one that another process fills", async () => {
  const disk = new SimulatedDisk();
  const { engine } = await filled(disk);
  disk.place("/photos/summer.jpg", Buffer.from("…"));
  await disk.makeDirectory("/photos");
  const refusals = [
    ["/photos", /^The target directory \/photos is not empty \("summer\.jpg"\)\. .* Choose a directory that is empty/],
    [dataDirectory, /^The target directory \/data already contains a data directory\./],
  ] as const;
  for (const [path, message] of refusals) {
    const before = filesIn(disk, path);
    await assert.rejects(backUpLiveDirectory(disk, dataDirectory, path), { reason: "occupied", message });
    assert.deepEqual(filesIn(disk, path), before);
  }
  const first = backUpLiveDirectory(disk, dataDirectory, target);
  await assert.rejects(backUpLiveDirectory(disk, dataDirectory, target), { name: "DataDirectoryError" });
  await first;
  await assert.rejects(backUpLiveDirectory(disk, "/nowhere", "/other"), { message: /\/nowhere does not exist\.$/ });
  await assert.rejects(backUpLiveDirectory(disk, "/photos", "/other"), { reason: "foreign" });
  await assert.rejects(restoreDirectory(disk, target, dataDirectory), { reason: "occupied" });
  await engine.close();
  assert.deepEqual(await textsIn(disk, target), filledTexts);
});

test("a server cannot take a directory that is being filled", async () => {
  const disk = new SimulatedDisk();
  await filled(disk);
  const { promise: isLinking, resolve: tell } = Promise.withResolvers<void>();
  const { promise: mayLink, resolve: goOn } = Promise.withResolvers<void>();
  const waiting = withLink(disk, async (from, to) => {
    tell();
    await mayLink;
    await disk.link(from, to);
  });
  const filling = restoreDirectory(waiting, dataDirectory, target);
  await isLinking;
  await assert.rejects(smallEngine(disk, { ...filledOptions, directory: target }).open(), {
    name: "DataDirectoryError",
  });
  goOn();
  await filling;
  assert.deepEqual(await textsIn(disk, target), filledTexts);
});

const goings: readonly (readonly [string, (operation: DiskOperation) => boolean])[] = [
  ["a segment goes before it is linked", ({ kind }) => kind === "link"],
  ["a file of the log goes before it is opened", ({ kind, path }) => kind === "open" && /^.data.wal/.test(path)],
  ["the WAL's last file is rewritten while it is read", ({ kind, path }) => kind === "open" && /up.wal/.test(path)],
];
for (const [what, isDue] of goings) {
  test(`a backup begins again when ${what}`, async () => {
    const disk = new SimulatedDisk();
    const { engine, shard } = await filled(disk);
    const generations = () => disk.paths().filter((path) => path.endsWith(".wal"));
    const before = generations();
    let disturbances = 0;
    // Seals and recycles all that there was of the log, and merges small segments.
    const disturb = async (operation: DiskOperation): Promise<void> => {
      if (disturbances > 0 || !isDue(operation)) return;
      disturbances += 1;
      for (let index = 0; index < 12; index++) {
        await store(engine, shard, `${index}`.repeat(1_600));
        await engine.documents.compareAndSwap(`${index}`, Buffer.alloc(300, "v"), 0n);
      }
      await engine.settled();
    };
    const disturbed: Disk = {
      ...withLink(disk, async (from, to) => {
        await disturb({ kind: "link", path: from });
        await disk.link(from, to);
      }),
      open: async (path, mode) => {
        await disturb({ kind: "open", path });
        return disk.open(path, mode);
      },
    };
    const { problems } = await backUpLiveDirectory(disturbed, dataDirectory, target);
    assert.deepEqual([disturbances, problems], [1, []]);
    assert(generations().every((path) => !before.includes(path)));
    assert.deepEqual((await textsIn(disk, target)).slice(0, filledTexts.length), filledTexts);
    await engine.close();
  });
}

test("a directory that changes faster than it can be copied is given up on, in a sentence", async () => {
  const disk = new SimulatedDisk();
  const { engine } = await filled(disk);
  await engine.close();
  const identity = identityOf(Buffer.alloc(16, "salt and id"), Buffer.alloc(8, "salt and id"));
  const restless = withLink(disk, async (from) => {
    const loaded = await loadManifest(disk, `${dataDirectory}/segments`, identity);
    assert(loaded.kind === "whole");
    const manifest = { ...loaded.value, number: loaded.value.number + 1 };
    await writeManifest(disk, `${dataDirectory}/segments`, manifest, identity);
    throw Object.assign(new Error(`ENOENT: ${from}`), { code: "ENOENT" });
  });
  const sentence =
    /^The data directory \/data changes faster than it can be copied: in 100 attempts a file was removed before it was copied\./;
  await assert.rejects(backUpLiveDirectory(restless, dataDirectory, target), { reason: "restless", message: sentence });
  await assert.rejects(disk.list(target), { code: "ENOENT" });
});

test("a group that is written between two looks at the log does not make a gap", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine, "a");
  for (const text of ["one", "two", "three"]) await store(engine, shard, text);
  let reads = 0;
  const racing: Disk = {
    ...withLink(disk, (from, to) => disk.link(from, to)),
    open: async (path, mode) => {
      const file = await disk.open(path, mode);
      if (mode !== "read" || !path.startsWith("/data/wal")) return file;
      return {
        ...file,
        read: async (into, at) => {
          const count = await file.read(into, at);
          // After the groups were read, and before what is behind them is.
          if (at >= 2 * groupBytes && ++reads === 1) {
            for (const text of ["late", "later"]) await store(engine, shard, text);
          }
          return count;
        },
      };
    },
  };
  await backUpLiveDirectory(racing, dataDirectory, target);
  assert(reads > 2);
  const found = await textsIn(disk, target);
  const all = await readTexts(engine, shard);
  assert.deepEqual(found, all.slice(0, found.length));
  assert(found.length >= 3);
  await engine.close();
});

test("a backup keeps the mark of a dev clock, a wrapped key, and reports of damage; nothing that is not ours", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { ...filledOptions, devClock: true });
  await store(engine, await makeShard(engine, "a"), "one");
  await engine.close();
  disk.place("/data/directory.key", Buffer.from("wrapped"));
  disk.place("/data/notes.txt", Buffer.from("mine"));
  disk.place("/data/damage/0000000002-00012288.txt", Buffer.from("long ago"));
  await disk.makeDirectory("/data/damage");
  await backUpLiveDirectory(disk, dataDirectory, target);
  assert.equal(disk.bytesOf(`${target}/damage/0000000002-00012288.txt`).toString(), "long ago");
  assert.equal(disk.bytesOf(`${target}/directory.key`).toString(), "wrapped");
  assert(!disk.paths().includes(`${target}/notes.txt`));
  await assert.rejects(openSmallEngine(disk, { ...filledOptions, directory: target }), { reason: "dev_clock" });
});
