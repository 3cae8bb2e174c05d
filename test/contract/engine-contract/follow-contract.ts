import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Position, ShardLog, ShardRef, StoredEntry } from "../../../src/engine/shard-log.ts";
import { type EngineTest, makeShard, readAll, rejectsAs, storeOne, textEntry, textsOf } from "./engine-under-test.ts";

const bufferedBytesMax = 64 * 1024;

export function followContract(engineTest: EngineTest): void {
  engineTest("follow() returns what is stored, then what comes, and ends with a sealed shard", async (subject) => {
    const { engine, clock } = subject;
    const shard = await makeShard(engine.log);
    const texts = Array.from({ length: 60 }, (_, index) => `entry ${index}`);
    for (const text of texts.slice(0, 20)) await storeOne(engine.log, shard, textEntry(clock, text, 2));
    const followed = collect(engine.log, shard, 1n);
    for (const text of texts.slice(20)) await storeOne(engine.log, shard, textEntry(clock, text, 2));
    await engine.log.seal(shard, "split-1");
    const entries = await followed;
    assert.deepEqual(textsOf(entries), texts);
    assert.deepEqual(entries, await readAll(engine.log, shard));
  });

  engineTest("follow() wakes a waiting follower by the append itself, without any clock", async (subject) => {
    const { engine, clock } = subject;
    const shard = await makeShard(engine.log);
    const follower = iterate(engine.log, shard, 1n, new AbortController().signal);
    for (const text of ["one", "two", "three"]) {
      const waiting = follower.next();
      await nextTurn();
      await storeOne(engine.log, shard, textEntry(clock, text, 5));
      const batch = await waiting;
      assert.deepEqual(textsOf(batch.value ?? []), [text]);
    }
  });

  engineTest("follow() starts with the entry that contains its position", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    await storeOne(engine.log, shard, textEntry(clock, "one", 10));
    const two = await storeOne(engine.log, shard, textEntry(clock, "two", 10));
    await storeOne(engine.log, shard, textEntry(clock, "three", 10));
    await engine.log.seal(shard, "split-1");
    assert.deepEqual(textsOf(await collect(engine.log, shard, two + 4n)), ["two", "three"]);
  });

  engineTest(
    "follow() from the newest position returns only what is appended afterwards",
    async ({ engine, clock }) => {
      const shard = await makeShard(engine.log);
      await storeOne(engine.log, shard, textEntry(clock, "before", 3));
      const newest = await engine.log.seek(shard, { at: "newest" });
      const followed = collect(engine.log, shard, newest);
      await storeOne(engine.log, shard, textEntry(clock, "after", 3));
      await engine.log.seal(shard, "split-1");
      assert.deepEqual(textsOf(await followed), ["after"]);
    },
  );

  engineTest(
    "the known position is behind what a follower has while there is more, and then its end",
    async (subject) => {
      const { engine, clock } = subject;
      const shard = await makeShard(engine.log);
      for (const text of ["one", "two", "three"]) await storeOne(engine.log, shard, textEntry(clock, text, 3));
      await engine.log.seal(shard, "split-1");
      const follower = iterate(engine.log, shard, 1n, new AbortController().signal, 1);
      const behind: boolean[] = [];
      for (let batch = await follower.next(); batch.done !== true; batch = await follower.next()) {
        const last = batch.value.at(-1);
        assert(last !== undefined);
        const known = await engine.log.seek(shard, { at: "known" });
        assert(known >= last.position + BigInt(last.count));
        behind.push(known > last.position + BigInt(last.count));
      }
      assert.deepEqual(behind.slice(0, 2), [true, true]);
      assert.equal(behind.length, 3);
    },
  );

  engineTest("follow() serves several followers, each from its own position and at its own pace", async (subject) => {
    const { engine, clock } = subject;
    const shard = await makeShard(engine.log);
    const positions = [];
    for (let index = 0; index < 10; index++) {
      positions.push(await storeOne(engine.log, shard, textEntry(clock, `entry ${index}`, 3)));
    }
    const followers = positions.map((from, index) => collect(engine.log, shard, from, { turnsPerBatch: index % 3 }));
    const later = Array.from({ length: 50 }, (_, index) =>
      storeOne(engine.log, shard, textEntry(clock, `later ${index}`)),
    );
    await Promise.all(later);
    await engine.log.seal(shard, "split-1");
    const all = await readAll(engine.log, shard);
    assert.equal(all.length, 60);
    for (const [index, follower] of followers.entries()) {
      assert.deepEqual(textsOf(await follower), textsOf(all.slice(index)));
    }
  });

  for (const bytesMax of [1, 2_500]) {
    engineTest(
      `follow() gives a slow follower everything in order with ${bytesMax} bytes of buffer`,
      async (subject) => {
        const { engine, clock } = subject;
        const shard = await makeShard(engine.log);
        const followed = collect(engine.log, shard, 1n, { bytesMax, turnsPerBatch: 1 });
        for (let round = 0; round < 15; round++) {
          const appends = Array.from({ length: 20 }, (_, index) => {
            const body = Buffer.alloc(1_000, `${round}.${index} `);
            return storeOne(engine.log, shard, { count: 1 + (index % 7), timeMs: clock.nowMs(), body });
          });
          await Promise.all(appends);
        }
        await engine.log.seal(shard, "split-1");
        const entries = await followed;
        assert.equal(entries.length, 300);
        assert.deepEqual(entries, await readAll(engine.log, shard));
      },
    );
  }

  engineTest("follow() ends a waiting follower when the shard is sealed", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    const position = await storeOne(engine.log, shard, textEntry(clock, "x", 3));
    const waiting = [collect(engine.log, shard, position + 3n), collect(engine.log, shard, position)];
    await nextTurn();
    const { end } = await engine.log.seal(shard, "split-1");
    assert.deepEqual((await Promise.all(waiting)).map(textsOf), [[], ["x"]]);
    assert.deepEqual(await collect(engine.log, shard, end), []);
  });

  engineTest(
    "follow() ends quietly at an abort, before the start, while waiting or between batches",
    async (subject) => {
      const { engine, clock } = subject;
      const shard = await makeShard(engine.log);
      await storeOne(engine.log, shard, textEntry(clock, "one"));
      await storeOne(engine.log, shard, textEntry(clock, "two"));

      const before = new AbortController();
      before.abort();
      assert.equal((await iterate(engine.log, shard, 1n, before.signal).next()).done, true);

      const between = new AbortController();
      const batches = iterate(engine.log, shard, 1n, between.signal, 1);
      assert.deepEqual(textsOf((await batches.next()).value ?? []), ["one"]);
      between.abort();
      assert.equal((await batches.next()).done, true);

      const during = new AbortController();
      const newest = await engine.log.seek(shard, { at: "newest" });
      const follower = iterate(engine.log, shard, newest, during.signal);
      const waiting = follower.next();
      await nextTurn();
      during.abort();
      assert.equal((await waiting).done, true);
      assert.equal((await follower.next()).done, true);
      await storeOne(engine.log, shard, textEntry(clock, "three"));
      assert.equal((await readAll(engine.log, shard)).length, 3);
    },
  );

  engineTest("follow() rejects as not_found when its shard is dropped", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    const position = await storeOne(engine.log, shard, textEntry(clock, "x"));
    const waiting = iterate(engine.log, shard, position + 1n, new AbortController().signal).next();
    await nextTurn();
    await Promise.all([rejectsAs("not_found", waiting), engine.log.dropShard(shard)]);
  });

  engineTest("follow() rejects as closed when the engine closes", async ({ engine }) => {
    const shard = await makeShard(engine.log);
    const waiting = iterate(engine.log, shard, 1n, new AbortController().signal).next();
    await nextTurn();
    await Promise.all([rejectsAs("closed", waiting), engine.close()]);
  });
}

function iterate(
  log: ShardLog,
  shard: ShardRef,
  from: Position,
  signal: AbortSignal,
  bytesMax = bufferedBytesMax,
): AsyncIterator<readonly StoredEntry[], undefined> {
  return log.follow(shard, from, { signal, bufferedBytesMax: bytesMax })[Symbol.asyncIterator]();
}

/** Follows to the end of a shard that the test seals. */
async function collect(
  log: ShardLog,
  shard: ShardRef,
  from: Position,
  { bytesMax = bufferedBytesMax, turnsPerBatch = 0 } = {},
): Promise<readonly StoredEntry[]> {
  const { signal } = new AbortController();
  const entries: StoredEntry[] = [];
  for await (const batch of log.follow(shard, from, { signal, bufferedBytesMax: bytesMax })) {
    assert(batch.length > 0, "a batch is never empty");
    entries.push(...batch);
    for (let turn = 0; turn < turnsPerBatch; turn++) await nextTurn();
  }
  return entries;
}
