import assert from "node:assert/strict";
import { test } from "node:test";
import { groupCommitted } from "../../../../src/telemetry/diagnostic-events.ts";
import {
  dataDirectory,
  makeShard,
  openSmallEngine,
  readTexts,
  smallEngine,
  store,
} from "../../../support/embedded-engine.ts";
import { SimulatedClock } from "../../../support/simulated-clock.ts";
import { SimulatedDisk } from "../../../support/simulated-disk.ts";

const hourMs = 3_600_000;

test("opening an empty directory writes its two first files and no WAL file", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk);
  assert.deepEqual(disk.paths(), ["/data/format", "/data/newest-wal"]);
  await engine.close();
  assert.deepEqual(disk.paths(), ["/data/format", "/data/newest-wal"], "an engine that wrote nothing leaves nothing");
});

test("each open begins a new WAL file with its first write", async () => {
  const disk = new SimulatedDisk();
  for (let open = 1; open <= 3; open++) {
    const engine = await openSmallEngine(disk);
    await makeShard(engine, `stream ${open}`);
    await engine.close();
    assert.equal(disk.paths().filter((path) => path.endsWith(".wal")).length, open);
  }
});

test("two snapshots are kept", async () => {
  const disk = new SimulatedDisk();
  for (let open = 1; open <= 4; open++) {
    const engine = await openSmallEngine(disk);
    await makeShard(engine, `stream ${open}`);
    await engine.close();
    const snapshots = disk.paths().filter((path) => path.endsWith(".snapshot"));
    assert.equal(snapshots.length, Math.min(2, open));
  }
});

test("every call before open() is refused as closed", async () => {
  const engine = smallEngine(new SimulatedDisk());
  await assert.rejects(makeShard(engine), { kind: "closed" });
  await assert.rejects(engine.documents.get("key"), { kind: "closed" });
  assert.equal((await engine.health()).ready, false);
  await engine.close();
});

test("append() past the disk budget is throttled and stores nothing; drops and the catalog still work", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { diskBudgetBytes: 100_000 });
  const shard = await makeShard(engine);
  const stored: string[] = [];
  for (let index = 0; ; index++) {
    const text = `${index} `.padEnd(10_000, "x");
    try {
      await store(engine, shard, text);
      stored.push(text);
    } catch (error) {
      assert(error instanceof Error);
      assert.match(error.message, /The disk budget of 100000 bytes is used up/);
      assert.equal(Object.getOwnPropertyDescriptor(error, "kind")?.value, "throttled");
      break;
    }
  }
  assert(stored.length >= 4 && stored.length <= 9);
  assert((await engine.health()).figures["wal_bytes"] ?? 0 <= 100_000);
  await engine.documents.compareAndSwap("key", Buffer.from("value"), 0n);
  await engine.log.seal(shard, "seal");
  assert.deepEqual(await readTexts(engine, shard), stored);
  await engine.log.dropShard(shard);
  await engine.close();
  const again = await openSmallEngine(disk, { diskBudgetBytes: 100_000 });
  await assert.rejects(store(again, await makeShard(again, "other"), "x".repeat(10_000)), { kind: "throttled" });
});

test("without a disk budget the engine may use 80 % of what is free, beside what it has", async () => {
  const disk = new SimulatedDisk({ freeBytes: 1_000_000 });
  const engine = await openSmallEngine(disk, { diskBudgetBytes: undefined });
  assert.equal((await engine.health()).figures["disk_budget_bytes"], 800_000);
  await makeShard(engine);
  await engine.close();
  const again = await openSmallEngine(disk, { diskBudgetBytes: undefined });
  const { figures } = await again.health();
  assert.equal(figures["disk_budget_bytes"], 800_000 + (figures["wal_bytes"] ?? 0));
});

test("appends that arrive during a write share the next group, and wait in a bounded queue", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { queueBytesMax: 60_000 });
  const shard = await makeShard(engine);
  const before = (await engine.health()).figures["group_count_total"] ?? 0;
  const release = disk.holdWrites();
  const texts = Array.from({ length: 9 }, (_, index) => `${index} `.padEnd(8_000, "q"));
  let settled = 0;
  const appends = texts.map((text) => store(engine, shard, text).finally(() => settled++));
  // The buffer takes two of them and the queue seven: what is more is refused at once, not kept.
  await assert.rejects(store(engine, shard, "more ".padEnd(8_000, "q")), { kind: "throttled" });
  assert.equal(settled, 0, "back-pressure: an append does not resolve before it is durable");
  const queued = (await engine.health()).figures["queue_bytes"] ?? 0;
  assert(queued > 70_000 && queued <= 60_000 + 2 * 16 * 1024, `${queued} bytes wait`);
  release();
  await Promise.all(appends);
  assert.deepEqual(await readTexts(engine, shard), texts);
  const groups = ((await engine.health()).figures["group_count_total"] ?? 0) - before;
  assert.equal(groups, 5, "two of them fit a group");
});

test("many small appends of one turn share one group", async () => {
  const engine = await openSmallEngine(new SimulatedDisk());
  const shard = await makeShard(engine);
  const messages: { entryCount: number }[] = [];
  const unsubscribe = groupCommitted.subscribe((message) => messages.push(message));
  await Promise.all(Array.from({ length: 100 }, (_, index) => store(engine, shard, `${index}`)));
  unsubscribe();
  assert.deepEqual(
    messages.map(({ entryCount }) => entryCount),
    [100],
  );
});

test("a request larger than a group is stored over several, in order", async () => {
  const engine = await openSmallEngine(new SimulatedDisk());
  const shard = await makeShard(engine);
  const texts = Array.from({ length: 20 }, (_, index) => `${index} `.padEnd(7_000, "g"));
  await store(engine, shard, ...texts);
  assert.deepEqual(await readTexts(engine, shard), texts);
});

test("a request that fails half stored is indeterminate", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine);
  let writes = 0;
  disk.fault = ({ kind, path }) => (kind === "write" && path.endsWith(".wal") && ++writes > 2 ? "EIO" : undefined);
  const texts = Array.from({ length: 20 }, (_, index) => `${index} `.padEnd(7_000, "g"));
  await assert.rejects(store(engine, shard, ...texts), { kind: "indeterminate" });
});

test("reads behind the tail window come from the files, across several of them", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { tailWindowBytes: 8_192 });
  const [a, b] = [await makeShard(engine, "a"), await makeShard(engine, "b")];
  const [textsOfA, textsOfB]: [string[], string[]] = [[], []];
  for (let index = 0; index < 120; index++) {
    const text = `${index} `.padEnd(100 + ((index * 997) % 4_000), "t");
    await store(engine, index % 3 === 0 ? a : b, text);
    (index % 3 === 0 ? textsOfA : textsOfB).push(text);
  }
  assert(disk.paths().filter((path) => path.endsWith(".wal")).length > 3);
  assert.deepEqual(await readTexts(engine, a), textsOfA);
  assert.deepEqual(await readTexts(engine, b), textsOfB);
  assert.deepEqual(await readTexts(engine, a, 38n), textsOfA.slice(37));
  await engine.close();
  const again = await openSmallEngine(disk);
  assert.deepEqual(await readTexts(again, a), textsOfA);
  assert.deepEqual(await readTexts(again, b), textsOfB);
});

test("followers under load see every entry once and in order, from memory or from the files", async () => {
  const engine = await openSmallEngine(new SimulatedDisk(), { tailWindowBytes: 20_000 });
  const shards = [await makeShard(engine, "a"), await makeShard(engine, "b")];
  const sent = new Map(shards.map((shard) => [shard, [] as string[]]));
  const { signal } = new AbortController();
  const followers = shards.flatMap((shard) =>
    [1, 3_000, 1_000_000].map(async (bufferedBytesMax) => {
      const texts: string[] = [];
      for await (const batch of engine.log.follow(shard, 1n, { signal, bufferedBytesMax })) {
        texts.push(...batch.map(({ body }) => Buffer.from(body).toString()));
      }
      assert.deepEqual(texts, sent.get(shard));
    }),
  );
  for (let round = 0; round < 40; round++) {
    await Promise.all(
      shards.flatMap((shard, index) =>
        [1, 2, 3].map((part) => {
          const text = `${round} ${index} ${part} `.padEnd(round * 40, "f");
          sent.get(shard)?.push(text);
          return store(engine, shard, text);
        }),
      ),
    );
  }
  for (const shard of shards) await engine.log.seal(shard, "end");
  await Promise.all(followers);
});

test("storedMs never falls within a shard, whatever the clock and the callers say, across restarts too", async () => {
  const clock = new SimulatedClock(1_000_000_000);
  const disk = new SimulatedDisk();
  const storedMs: number[] = [];
  const put = async (timeMs: number): Promise<void> => {
    const engine = await openSmallEngine(disk, { clock });
    const shard = await makeShard(engine);
    await engine.log.append([{ shard, entry: { count: 1, timeMs, body: Buffer.from("x") } }]);
    const newest = await engine.log.seek(shard, { at: "newest" });
    storedMs.push(
      (await engine.log.read(shard, newest - 1n, { entriesMax: 1, bytesMax: 1 })).entries[0]?.storedMs ?? 0,
    );
    await engine.close();
  };
  await put(1);
  await put(1_000_005_000);
  clock.set(500);
  await put(2);
  assert.deepEqual(storedMs, [1_000_000_000, 1_000_005_000, 1_000_005_000]);
});

test("an engine opens with a clock more than an hour behind the last stored time, and health reports it", async () => {
  const clock = new SimulatedClock();
  const disk = new SimulatedDisk();
  const startMs = clock.nowMs();
  const first = await openSmallEngine(disk, { clock });
  await store(first, await makeShard(first), "now");
  await first.close();
  for (const { behindMs, sentences } of [
    { behindMs: hourMs, sentences: 0 },
    { behindMs: 2 * hourMs, sentences: 1 },
  ]) {
    clock.set(startMs - behindMs);
    const engine = await openSmallEngine(disk, { clock });
    const { ready, degraded } = await engine.health();
    assert.equal(ready, true);
    assert.equal(degraded.length, sentences);
    if (sentences > 0) assert.match(degraded[0] ?? "", /the system clock was 2.0 hours behind the last stored record/);
    await engine.close();
  }
});

test("a directory in use is refused, also within one process, and is free after a close", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk);
  await assert.rejects(smallEngine(disk).open(), { name: "DataDirectoryError", reason: "locked" });
  await engine.close();
  await (await openSmallEngine(disk)).close();
});

test("the retention of a stream survives a restart and a snapshot", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine);
  await engine.log.setRetention("s", [shard], 5 * hourMs);
  const groups = (await engine.health()).figures["group_count_total"];
  await engine.log.setRetention("s", [shard], 5 * hourMs);
  assert.equal(
    (await engine.health()).figures["group_count_total"],
    groups,
    "what is known already is not written again",
  );
  await engine.close();
  const again = await openSmallEngine(disk);
  await again.log.setRetention("s", [shard], 5 * hourMs);
  assert.equal((await again.health()).figures["group_count_total"], 0);
});

test("documents are recovered from snapshot and WAL together", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { snapshotAfterBytes: 500 });
  const revisions = new Map<string, bigint>();
  for (let round = 0; round < 30; round++) {
    const key = `key ${round % 4}`;
    const value = round % 7 === 6 ? null : Buffer.from(`${round}`.repeat(20));
    const revision = await engine.documents.compareAndSwap(key, value, revisions.get(key) ?? 0n);
    if (value === null) revisions.delete(key);
    else revisions.set(key, revision);
  }
  const expected = await engine.documents.list("");
  assert(disk.paths().some((path) => path.startsWith(`${dataDirectory}/catalog/`)));
  const again = await openSmallEngine(disk.crash("lose"));
  assert.deepEqual(await again.documents.list(""), expected);
});
