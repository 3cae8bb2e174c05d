// A disk that fails while the process lives. After the first failed write nothing is retried: the log stops, says so, goes on
// serving what it has, and a restart recovers it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { makeShard, openSmallEngine, readTexts, smallEngine, store } from "../../support/embedded-engine.ts";
import { type DiskOperation, SimulatedDisk } from "../../support/simulated-disk.ts";

const isWal = ({ path }: DiskOperation): boolean => path.endsWith(".wal");

for (const { direct, kind, code } of [
  { direct: true, kind: "write", code: "EIO" },
  { direct: true, kind: "write", code: "ENOSPC" },
  { direct: false, kind: "write", code: "EIO" },
  { direct: false, kind: "write", code: "ENOSPC" },
  { direct: false, kind: "sync", code: "EIO" },
] as const) {
  test(`${code} on a ${direct ? "direct" : "buffered"} log's ${kind} stops the log; a restart recovers it`, async () => {
    const disk = new SimulatedDisk({ direct });
    const engine = await openSmallEngine(disk);
    const shard = await makeShard(engine);
    await store(engine, shard, "acknowledged");
    let failures = 0;
    disk.fault = (operation) => {
      if (operation.kind !== kind || !isWal(operation)) return undefined;
      failures += 1;
      return code;
    };
    const release = disk.holdWrites();
    const writing = disk.nextWrite();
    const inFlight = store(engine, shard, "in flight");
    await writing;
    const waiting = store(engine, shard, "waiting");
    const swap = engine.documents.compareAndSwap("key", Buffer.from("value"), 0n);
    release();
    await Promise.all([
      assert.rejects(inFlight, { kind: "indeterminate" }),
      assert.rejects(waiting, { kind: "unavailable" }),
      assert.rejects(swap, { kind: "unavailable" }),
    ]);
    await assert.rejects(store(engine, shard, "later"), { kind: "unavailable" });
    await assert.rejects(engine.log.seal(shard, "seal"), { kind: "unavailable" });
    await assert.rejects(makeShard(engine, "other"), { kind: "unavailable" });
    assert.equal(failures, 1, "nothing is tried again");
    const { ready, durable, degraded } = await engine.health();
    assert.deepEqual({ ready, durable }, { ready: false, durable: false });
    assert.match(degraded[0] ?? "", new RegExp(`The log stopped at a failed write \\(${code}`));
    assert.deepEqual(await readTexts(engine, shard), ["acknowledged"]);
    await engine.close();

    disk.fault = () => undefined;
    const again = await openSmallEngine(disk);
    const texts = await readTexts(again, await makeShard(again));
    assert.equal(texts[0], "acknowledged");
    assert(texts.length === 1 || (texts.length === 2 && texts[1] === "in flight"));
    await store(again, await makeShard(again), "after");
    assert.equal(await again.documents.get("key"), undefined);
    await again.close();
  });
}

for (const kind of ["open", "length", "sync", "write", "syncDirectory"] as const) {
  test(`an error at the ${kind} of a new log file refuses what was to go into it as surely not stored`, async () => {
    const disk = new SimulatedDisk({ direct: false });
    const engine = await openSmallEngine(disk);
    const shard = await makeShard(engine);
    await store(engine, shard, "acknowledged");
    let isArmed = false;
    disk.fault = ({ kind: operation, path }) => {
      if (operation === "open" && path.endsWith("0000000002.wal")) isArmed = true;
      return isArmed && operation === kind && /wal/.test(path) ? "EIO" : undefined;
    };
    const texts = Array.from({ length: 5 }, (_, index) => `${index}`.repeat(12_000));
    let refused = 0;
    for (const text of texts) {
      await store(engine, shard, text).catch((error: Error) => {
        assert.equal(Object.getOwnPropertyDescriptor(error, "kind")?.value, "unavailable");
        refused += 1;
      });
    }
    assert(refused > 0);
    await engine.close();
    disk.fault = () => undefined;
    const again = await openSmallEngine(disk.crash("tear"));
    assert.deepEqual(await readTexts(again, await makeShard(again)), ["acknowledged", ...texts.slice(0, 5 - refused)]);
  });
}

test("a snapshot that cannot be written is told, and costs nothing but time", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { snapshotAfterBytes: 100 });
  disk.fault = ({ kind, path }) => (kind === "write" && path.includes("snapshot") ? "ENOSPC" : undefined);
  for (let index = 0; index < 5; index++) {
    await engine.documents.compareAndSwap(`key ${index}`, Buffer.alloc(100, "value"), 0n);
    await nextTurn();
  }
  const { ready, degraded } = await engine.health();
  assert.equal(ready, true);
  assert.match(degraded[0] ?? "", /A snapshot file could not be written/);
  disk.fault = () => undefined;
  await engine.documents.compareAndSwap("last", Buffer.alloc(400, "value"), 0n);
  await engine.close();
  const again = await openSmallEngine(disk.crash("lose"));
  assert.equal((await again.documents.list("")).length, 6);
});

test("an error while reading rejects that read alone", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { tailWindowBytes: 0 });
  const shard = await makeShard(engine);
  await store(engine, shard, "one");
  disk.fault = ({ kind }) => (kind === "read" ? "EIO" : undefined);
  await assert.rejects(readTexts(engine, shard), { kind: "unavailable" });
  disk.fault = () => undefined;
  assert.deepEqual(await readTexts(engine, shard), ["one"]);
  assert.equal((await engine.health()).ready, true);
});

for (const kind of ["list", "open", "read", "syncDirectory"] as const) {
  test(`an error at the ${kind} while a directory is opened refuses it in one sentence`, async () => {
    const disk = new SimulatedDisk();
    const engine = await openSmallEngine(disk);
    await makeShard(engine);
    const broken = disk.crash("lose");
    broken.fault = (operation) => (operation.kind === kind ? "EACCES" : undefined);
    await assert.rejects(smallEngine(broken).open(), (error: Error) => {
      assert.equal(error.name, "DataDirectoryError");
      assert.match(error.message, /^The data directory \/data [^\n]*\.$/);
      return true;
    });
    broken.fault = () => undefined;
    await (await openSmallEngine(broken)).close();
  });
}
