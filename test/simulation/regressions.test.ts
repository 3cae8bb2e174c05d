// What seeds of the simulated disk have found, each reduced to the fear behind it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTick } from "node:timers/promises";
import { closeGroup, groupMagic, readGroupHeader } from "../../src/engine/embedded/format/commit-group.ts";
import { decodeFormatFile } from "../../src/engine/embedded/format/format-file.ts";
import { decodeManifest, type Manifest } from "../../src/engine/embedded/format/manifest.ts";
import { blockBytes } from "../../src/engine/embedded/io/disk.ts";
import { inspectDirectory } from "../../src/engine/embedded/offline/inspect-directory.ts";
import type { ShardRef } from "../../src/engine/shard-log.ts";
import { eagerCompaction, makeShard, openSmallEngine, readTexts, store } from "../support/embedded-engine.ts";
import { SimulatedClock } from "../support/simulated-clock.ts";
import { type DiskOperation, SimulatedDisk } from "../support/simulated-disk.ts";

const compaction = eagerCompaction;
const groupMagicBytes = Buffer.alloc(4);
groupMagicBytes.writeUInt32LE(groupMagic);

function text(index: number, bytes = 5_000): string {
  return `${index} `.padEnd(bytes, "x");
}

/** The manifest on disk, whose content fits one block. */
function manifestOf(disk: SimulatedDisk): Manifest {
  const { identity } = decodeFormatFile(disk.bytesOf("/data/format"), "/data");
  const half = disk.bytesOf("/data/segments/manifest").subarray(0, blockBytes);
  return decodeManifest(half, identity) ?? assert.fail("the manifest is whole");
}

function texts(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, index) => text(from + index));
}

const isWalSync = ({ kind, path }: DiskOperation): boolean => kind === "sync" && path.endsWith(".wal");

test("a group that only the cache holds after a failed sync is not taken away by a power cut once it was served", async () => {
  const disk = new SimulatedDisk({ direct: false });
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine);
  await store(engine, shard, "acknowledged");
  disk.fault = (operation) => (isWalSync(operation) ? { code: "EIO", forgets: true } : undefined);
  await assert.rejects(store(engine, shard, "in flight"), { kind: "indeterminate" });
  disk.fault = () => undefined;
  const second = disk.crash("keep");
  const again = await openSmallEngine(second);
  assert.deepEqual(await readTexts(again, await makeShard(again)), ["acknowledged", "in flight"]);
  await store(again, await makeShard(again), "after");
  const last = await openSmallEngine(second.crash("lose"));
  assert.deepEqual(await readTexts(last, await makeShard(last)), ["acknowledged", "in flight", "after"]);
  await last.close();
});

test("of two groups that were on their way at once a power cut takes neither once both were served", async () => {
  const disk = new SimulatedDisk({ direct: false });
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine);
  await store(engine, shard, "acknowledged");
  const wal = "/data/wal/0000000001.wal";
  const before = disk.crash("lose");
  await store(engine, shard, "first");
  await store(engine, shard, "second");
  const written = disk.bytesOf(wal);
  // As a session leaves them that has two on their way: the second one does not say that the first is durable.
  const secondAt = written.lastIndexOf(groupMagicBytes);
  const second = written.subarray(secondAt);
  const firstAt = written.lastIndexOf(groupMagicBytes, secondAt - 1);
  const { identity } = decodeFormatFile(disk.bytesOf("/data/format"), "/data");
  const header = readGroupHeader(second, 0, identity) ?? assert.fail("the second group has a header");
  closeGroup(second, { ...header, durableThroughLsn: header.durableThroughLsn - 1 }, identity);
  const file = await before.open(wal, "write");
  await file.write(written.subarray(firstAt), firstAt);
  // A sync that fails, after which the system takes what it could not write for written.
  before.fault = (operation) => (isWalSync(operation) ? { code: "EIO", forgets: true } : undefined);
  await assert.rejects(file.sync());
  const cached = before.crash("keep");
  const again = await openSmallEngine(cached);
  const expected = ["acknowledged", "first", "second"];
  assert.deepEqual(await readTexts(again, await makeShard(again)), expected);
  const last = await openSmallEngine(cached.crash("lose"));
  assert.deepEqual(await readTexts(last, await makeShard(last)), expected);
  await last.close();
});

test("through the cache no second group is on its way whose failed sync would take the first one along", async () => {
  const disk = new SimulatedDisk({ direct: false });
  const engine = await openSmallEngine(disk, { secondGroupBytesMin: 0 });
  const shard = await makeShard(engine);
  await store(engine, shard, "acknowledged");
  disk.pace = ({ kind }) => (kind === "sync" ? 20 : 1);
  let syncs = 0;
  disk.fault = (operation) => (isWalSync(operation) && ++syncs === 1 ? { code: "EIO", forgets: true } : undefined);
  const answers: string[] = [];
  const stored = [];
  for (const one of ["first", "second"]) {
    const storing = store(engine, shard, one);
    stored.push(storing.then(() => answers.push(`${one} stored`)).catch(({ kind }) => answers.push(`${one} ${kind}`)));
    // So that it is on its way before the other one comes.
    for (let turns = 5; turns > 0; turns--) await nextTick();
  }
  await Promise.all(stored);
  assert.deepEqual(answers, ["first indeterminate", "second unavailable"]);
  const again = await openSmallEngine(disk.crash("keep"));
  assert.deepEqual(await readTexts(again, await makeShard(again)), ["acknowledged", "first"]);
  await again.close();
});

test("the header of a new file that only the cache holds after a failed sync does not break the chain of files", async () => {
  const disk = new SimulatedDisk({ direct: false });
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine);
  await store(engine, shard, "acknowledged");
  let syncs = 0;
  // The first sync of a new file is that of its length.
  disk.fault = (operation) => {
    if (!isWalSync(operation) || !operation.path.endsWith("2.wal")) return undefined;
    syncs += 1;
    return syncs === 2 ? { code: "EIO", forgets: true } : undefined;
  };
  let stored = 0;
  while (syncs < 2) await store(engine, shard, text(stored, 12_000)).then(() => stored++, assert.ok);
  const second = disk.crash("keep");
  const again = await openSmallEngine(second);
  await store(again, await makeShard(again), "after");
  const last = await openSmallEngine(second.crash("lose"));
  const expected = Array.from({ length: stored }, (_, index) => text(index, 12_000));
  assert.deepEqual(await readTexts(last, await makeShard(last)), ["acknowledged", ...expected, "after"]);
  await last.close();
});

test("the marker of a clean close that never reached the disk is not missed by the session after the next", async () => {
  const disk = new SimulatedDisk({ direct: false });
  const engine = await openSmallEngine(disk);
  await store(engine, await makeShard(engine), "one");
  // The process dies in the sync of the marker, the last of its session.
  const snapshot = new Promise<void>((resolve) => {
    disk.fault = ({ kind, path }) => {
      if (kind === "syncDirectory" && path.endsWith("catalog")) {
        disk.fault = (operation) => {
          if (!isWalSync(operation)) return undefined;
          resolve();
          return "EIO";
        };
      }
      return undefined;
    };
  });
  await Promise.all([engine.close(), snapshot]);
  const second = disk.crash("keep");
  const again = await openSmallEngine(second);
  await store(again, await makeShard(again), "two");
  const last = await openSmallEngine(second.crash("lose"));
  assert.deepEqual(await readTexts(last, await makeShard(last)), ["one", "two"]);
  await last.close();
});

test("a segment that a manifest on disk may name is not written again while that manifest is in doubt", async () => {
  const disk = new SimulatedDisk();
  const clock = new SimulatedClock();
  const engine = await openSmallEngine(disk, { compaction, clock });
  const shard = await makeShard(engine);
  const namesSegments = (): boolean => manifestOf(disk).segments.length > 0;
  // The manifest with the first segment is in place, and an error says that it may not be.
  let failures = 0;
  disk.fault = ({ kind, path }) => {
    if (kind !== "syncDirectory" || !path.endsWith("segments") || failures > 0) return undefined;
    if (!disk.paths().includes("/data/segments/manifest") || !namesSegments()) return undefined;
    failures += 1;
    return "EIO";
  };
  let stored = 0;
  for (; failures === 0; stored++) {
    await store(engine, shard, text(stored));
    await engine.settled();
  }
  assert.match((await engine.health()).degraded.join(), /could not be moved into segments/);
  // When it is tried again, the process dies.
  disk.fault = ({ kind, path }) => {
    if (kind !== "write" || !path.endsWith(".segment")) return undefined;
    disk.isOff = true;
    return "EIO";
  };
  await clock.advance(2_000);
  await engine.settled();
  assert(disk.isOff);
  const again = await openSmallEngine(disk.crash("keep"), { compaction });
  assert.deepEqual(await readTexts(again, await makeShard(again)), texts(0, stored));
  await again.close();
});

test("a file of the log does not take the spare's name while the spare is just getting its own", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { compaction });
  const shard = await makeShard(engine);
  // With two renames in flight, the one away from the spare's name takes longer.
  disk.pace = ({ kind, path }) => {
    if (kind === "rename") return path.endsWith("spare.tmp") ? 40 : 1;
    return kind === "write" || kind === "sync" || kind === "syncDirectory" ? 1 : 0;
  };
  for (const one of texts(0, 120)) await store(engine, shard, one);
  await engine.settled();
  assert.deepEqual((await engine.health()).degraded, []);
  assert.deepEqual(await readTexts(engine, shard), texts(0, 120));
  await engine.close();
});

test("a directory opens although a segment in the middle of a log is gone that was dropped after the snapshot", async () => {
  const disk = new SimulatedDisk();
  const own = { ...compaction, smallSegmentBytesMax: 0 };
  const engine = await openSmallEngine(disk, { compaction: own, snapshotAfterBytes: 1e9 });
  const [dropped, kept] = [await makeShard(engine, "dropped"), await makeShard(engine, "kept")];
  // In the middle the log has segments of its own, before and behind it shares them.
  for (let index = 0; index < 8; index++) {
    const isMiddle = index >= 3 && index < 6;
    for (let entry = 0; entry < 8; entry++) {
      await store(engine, isMiddle ? dropped : kept, text(entry, 6_000));
      await store(engine, isMiddle ? kept : dropped, `${index} ${entry}`);
    }
    await engine.settled();
  }
  const before = disk.crash("lose");
  await engine.log.dropShard(dropped);
  await engine.settled();
  await store(engine, kept, "last");
  await engine.settled();
  const gone = before.paths().filter((path) => path.endsWith(".segment") && !disk.paths().includes(path));
  assert(gone.length > 0, "segments of its own are gone");
  // Snapshots as they were before the drop.
  const after = disk.crash("lose");
  const again = await openSmallEngine(after, { compaction: own });
  assert.equal((await readTexts(again, await makeShard(again, "kept"))).at(-1), "last");
  assert.deepEqual(await readTexts(again, await makeShard(again, "dropped")), []);
  await again.close();
});

test("of two retentions told at once the later one holds, also where it is the one before both", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine);
  await engine.log.setRetention("s", [shard], 48 * 3_600_000);
  await Promise.all([
    engine.log.setRetention("s", [shard], 24 * 3_600_000),
    engine.log.setRetention("s", [shard], 48 * 3_600_000),
  ]);
  await engine.close();
  const found = JSON.parse(JSON.stringify(await inspectDirectory(disk, "/data")));
  assert.equal(found.logs[0].retentionMs, 48 * 3_600_000);
});

test("a retention that is refused half way leaves no unhandled rejection", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { queueBytesMax: 0, groupBytesMax: 4096 });
  const shards: ShardRef[] = [];
  for (let index = 0; index < 100; index++) shards.push(await makeShard(engine, "s", index));
  disk.fault = ({ kind }) => (kind === "write" ? "EIO" : undefined);
  const unheard: unknown[] = [];
  const hear = (reason: unknown): number => unheard.push(reason);
  process.on("unhandledRejection", hear);
  try {
    await assert.rejects(engine.log.setRetention("s", shards, 1), { kind: "throttled" });
    // Until the group in which the first of them were has failed.
    while ((await engine.health()).ready) await nextTick();
    await nextTick();
  } finally {
    process.off("unhandledRejection", hear);
  }
  assert.deepEqual(unheard, []);
});

test("nothing that a manifest names is removed for one in its place that a power cut would take back", async () => {
  const disk = new SimulatedDisk({ nameOrder: "independent" });
  const engine = await openSmallEngine(disk, { compaction });
  const shard = await makeShard(engine);
  // Killed between the rename of a manifest and the sync of its name, when files of the log have just become superfluous.
  let oldest = 1;
  disk.fault = ({ kind, path }) => {
    if (kind !== "syncDirectory" || !path.endsWith("segments")) return undefined;
    const present = manifestOf(disk).oldestGeneration;
    if (present === oldest) return undefined;
    oldest = present;
    disk.isOff = true;
    return "EIO";
  };
  let stored = 0;
  while (!disk.isOff) {
    const isStored = await store(engine, shard, text(stored)).then(
      () => true,
      () => false,
    );
    if (!isStored) break;
    stored += 1;
    await engine.documents.compareAndSwap(`${stored}`, Buffer.alloc(3_000), 0n).catch(() => undefined);
    await engine.settled();
  }
  assert(oldest > 1 && stored > 3);
  const killed = disk.crash("keep");
  await openSmallEngine(killed, { compaction });
  // Other directories come to be synced first.
  await killed.syncDirectory("/data/wal");
  const again = await openSmallEngine(killed.crash("lose"), { compaction });
  const found = await readTexts(again, await makeShard(again));
  assert.deepEqual(found.slice(0, stored), texts(0, stored));
});

test("a log that has stopped has nothing to settle", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { compaction });
  const shard = await makeShard(engine);
  for (const one of texts(0, 20)) await store(engine, shard, one);
  disk.fault = ({ kind, path }) => (kind === "write" && path.endsWith(".wal") ? "EIO" : undefined);
  await assert.rejects(store(engine, shard, "lost"), { kind: "indeterminate" });
  await engine.settled();
  assert.deepEqual(await readTexts(engine, shard), texts(0, 20));
});

test("a drop that the stopped log refuses leaves the shard readable", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine);
  await store(engine, shard, "one");
  disk.fault = ({ kind }) => (kind === "write" ? "EIO" : undefined);
  const release = disk.holdWrites();
  const writing = disk.nextWrite();
  const lost = assert.rejects(store(engine, shard, "lost"));
  await writing;
  const dropped = assert.rejects(engine.log.dropShard(shard), { kind: "unavailable" });
  release();
  await Promise.all([lost, dropped]);
  assert.deepEqual(await readTexts(engine, shard), ["one"]);
});

test("a full disk that cut the last write short still opens, and says what it left out", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine);
  await store(engine, shard, "one");
  disk.capacityBytes = disk.usedBytes + 4096;
  await assert.rejects(store(engine, shard, text(1, 9_000)), { kind: "indeterminate" });
  const again = await openSmallEngine(disk.crash("keep"));
  assert.deepEqual(await readTexts(again, await makeShard(again)), ["one"]);
  assert.match((await again.health()).degraded.join(), /is incomplete and was left out/);
  await again.close();
});
