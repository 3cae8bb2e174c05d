import assert from "node:assert/strict";
import { test } from "node:test";
import type { EmbeddedEngine } from "../../../../src/engine/embedded/embedded-engine.ts";
import type { ShardRef, StoredEntry } from "../../../../src/engine/shard-log.ts";
import { makeShard, openSmallEngine, store } from "../../../support/embedded-engine.ts";
import { filledOptions } from "../../../support/filled-engine.ts";
import { SeededRandom } from "../../../support/seeded-random.ts";
import { SimulatedDisk } from "../../../support/simulated-disk.ts";

/** Entries of a log of another engine: with gaps of any length before, between and behind them. */
function copiedEntries(count: number): readonly StoredEntry[] {
  const random = new SeededRandom(7);
  const entries: StoredEntry[] = [];
  let position = 5_000_000_000;
  for (let entry = 0; entry < count; entry++) {
    const records = 1 + random.integer(0, 3);
    const body = Buffer.alloc(1 + random.integer(0, 899), entry);
    entries.push({ position: BigInt(position), count: records, timeMs: entry, storedMs: 1_000 + entry, body });
    position += records + (random.integer(0, 1) === 0 ? 0 : random.integer(0, 70_000));
  }
  return entries;
}

function endOf(entry: StoredEntry | undefined): bigint {
  return entry === undefined ? 1n : entry.position + BigInt(entry.count);
}

async function readFrom({ log }: EmbeddedEngine, shard: ShardRef, from: bigint): Promise<readonly StoredEntry[]> {
  const found: StoredEntry[] = [];
  const tip = await log.seek(shard, { at: "newest" });
  for (let next = from; next < tip; ) {
    const page = await log.read(shard, next, { entriesMax: 7, bytesMax: 3_000, recordsMax: 9 });
    found.push(...page.entries.map((entry) => ({ ...entry, body: Buffer.from(entry.body) })));
    assert(page.next > next, "a read goes on");
    next = page.next;
  }
  return found;
}

test("copied entries keep positions and times through flush, compaction and recovery, and gaps have no records", async () => {
  const disk = new SimulatedDisk({ seed: 1 });
  let engine = await openSmallEngine(disk, filledOptions);
  const shard = await makeShard(engine, "a");
  const other = await makeShard(engine, "b");
  const entries = copiedEntries(120);
  for (let at = 0; at < entries.length; at += 10) {
    const some = entries.slice(at, at + 10);
    await engine.log.appendCopied(shard, some, entries[at + 10]?.position ?? endOf(some.at(-1)) + 3n);
    await store(engine, other, `between ${at}`);
  }
  const last = entries.at(-1) as StoredEntry;
  const end = endOf(last) + 3n;
  for (const stage of ["written", "settled", "recovered"]) {
    if (stage === "settled") await engine.settled();
    if (stage === "recovered") {
      await engine.close();
      engine = await openSmallEngine(disk, filledOptions);
    }
    assert.deepEqual(await readFrom(engine, shard, 1n), entries, stage);
    assert.equal(await engine.log.copiedEnd(shard), end, stage);
    const middle = entries[60] as StoredEntry;
    const gap = middle.position - 1n;
    assert.deepEqual((await readFrom(engine, shard, gap)).at(-1), last, stage);
    const newest = await engine.log.seek(shard, { at: "last" });
    assert(newest >= last.position && newest < endOf(last), stage);
    const time = await engine.log.seek(shard, { at: "time", timeMs: middle.storedMs });
    assert.equal((await readFrom(engine, shard, time))[0]?.position, middle.position, stage);
  }
  const signal = new AbortController();
  const followed: bigint[] = [];
  await store(engine, shard, "new");
  await engine.log.seal(shard, "seal");
  for await (const batch of engine.log.follow(shard, 1n, { signal: signal.signal, bufferedBytesMax: 2_000 })) {
    followed.push(...batch.map(({ position }) => position));
  }
  assert.deepEqual(followed, [...entries.map(({ position }) => position), end], "the next record follows on the gap");
  await engine.close();
});

test("a log that is empty but for a gap has no last entry, and takes the next record behind the gap", async () => {
  const engine = await openSmallEngine(new SimulatedDisk({ seed: 2 }), filledOptions);
  const shard = await makeShard(engine, "a");
  await engine.log.appendCopied(shard, [], 2n ** 52n);
  assert.equal(await engine.log.seek(shard, { at: "last" }), 2n ** 52n);
  const { entries, next } = await engine.log.read(shard, 1n, { entriesMax: 1, bytesMax: 1 });
  assert.deepEqual([entries, next], [[], 2n ** 52n]);
  await store(engine, shard, "new");
  assert.equal((await readFrom(engine, shard, 1n))[0]?.position, 2n ** 52n);
  await engine.close();
});
