import assert from "node:assert/strict";
import {
  assertPlacedAfter,
  type EngineTest,
  type EngineTraits,
  endOf,
  everything,
  makeShard,
  newStreamId,
  readAll,
  rejectsAs,
  storeOne,
  textEntry,
  textsOf,
} from "./engine-under-test.ts";

export function readContract(engineTest: EngineTest, traits: EngineTraits): void {
  engineTest("read() starts with the entry that contains the position", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    const positions = [];
    for (const text of ["one", "two", "three"]) {
      positions.push(await storeOne(engine.log, shard, textEntry(clock, text, 10)));
    }
    const [one, two, three] = positions;
    assert(one !== undefined && two !== undefined && three !== undefined);
    const cases = [
      { from: 0n, first: "one" },
      { from: one, first: "one" },
      { from: one + 9n, first: "one" },
      { from: two, first: "two" },
      { from: two + 5n, first: "two" },
      { from: three + 9n, first: "three" },
    ];
    for (const { from, first } of cases) {
      const { entries } = await engine.log.read(shard, from, everything);
      assert.equal(textsOf(entries)[0], first, `from ${from}`);
    }
  });

  engineTest("read() keeps to entriesMax and bytesMax but always returns one entry", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    for (let index = 0; index < 10; index++) {
      await storeOne(engine.log, shard, { count: 2, timeMs: clock.nowMs(), body: Buffer.alloc(1_000, index) });
    }
    const counts = [];
    for (const limit of [
      { entriesMax: 1, bytesMax: 1_000_000 },
      { entriesMax: 4, bytesMax: 1_000_000 },
      { entriesMax: 100, bytesMax: 1_000_000 },
      { entriesMax: 100, bytesMax: 1 },
      { entriesMax: 100, bytesMax: 1_000 },
      { entriesMax: 100, bytesMax: 3_500 },
    ]) {
      const { entries, next } = await engine.log.read(shard, 1n, limit);
      const last = entries.at(-1);
      assert(last !== undefined);
      assertPlacedAfter(traits, endOf(last), next);
      counts.push(entries.length);
    }
    assert.deepEqual(counts, [1, 4, 10, 1, 1, 3]);
  });

  engineTest("read() stops behind the entry that reaches recordsMax from the start on", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    for (let index = 0; index < 10; index++) {
      await storeOne(engine.log, shard, { count: 3, timeMs: clock.nowMs(), body: Buffer.alloc(1_000, index) });
    }
    const first = (await engine.log.read(shard, 1n, everything)).entries.map(({ position }) => position);
    const counts = [];
    for (const [from, recordsMax] of [
      [first[0], 1],
      [first[0], 3],
      [first[0], 4],
      [first[0], 30],
      [first[2], 6],
      [first[9], 1],
      [first[9], 100],
    ] as const) {
      assert(from !== undefined);
      const { entries, next } = await engine.log.read(shard, from, { ...everything, recordsMax });
      const last = entries.at(-1);
      assert(last !== undefined);
      assertPlacedAfter(traits, endOf(last), next);
      counts.push(entries.length);
    }
    assert.deepEqual(counts, [1, 1, 2, 10, 2, 1, 1]);
  });
  engineTest(
    "read() stops with the entry that reaches recordsMax, counted from where it begins",
    async ({ engine, clock }) => {
      const shard = await makeShard(engine.log);
      const texts = ["one", "two", "three", "four"];
      const first = await storeOne(engine.log, shard, textEntry(clock, "one", 5));
      for (const text of texts.slice(1)) await storeOne(engine.log, shard, textEntry(clock, text, 5));
      const counts = [];
      for (const [skip, recordsMax] of [
        [0n, 1],
        [0n, 5],
        [0n, 6],
        [4n, 1],
        [4n, 2],
        [4n, 6],
        [0n, 100],
      ] as const) {
        const { entries } = await engine.log.read(shard, first + skip, { ...everything, recordsMax });
        counts.push(entries.length);
      }
      assert.deepEqual(counts, [1, 1, 2, 1, 2, 2, 4]);
    },
  );

  engineTest(
    "what read() gave stays as it is until its memory is given back, whatever is read meanwhile",
    async ({ engine }) => {
      const shard = await makeShard(engine.log);
      const letters = ["a", "b", "c"];
      for (const letter of letters) {
        await storeOne(engine.log, shard, { count: 1, timeMs: 1, body: Buffer.alloc(300_000, letter) });
      }
      const isWhole = (bodies: readonly Uint8Array[]): boolean =>
        bodies.length === letters.length &&
        bodies.every((body, index) => Buffer.from(body).equals(Buffer.alloc(300_000, letters[index])));
      const readBodies = async () => {
        const { entries, lease } = await engine.log.read(shard, 1n, everything);
        return { bodies: entries.map(({ body }) => body), lease };
      };
      const kept = await readBodies();
      for (let round = 0; round < 5; round++) {
        const other = await readBodies();
        assert(isWhole(other.bodies));
        other.lease?.[Symbol.dispose]();
        assert(isWhole(kept.bodies));
      }
      kept.lease?.[Symbol.dispose]();
      const [first, second] = [await readBodies(), await readBodies()];
      assert(isWhole(first.bodies) && isWhole(second.bodies));
    },
  );

  engineTest("read() leads from page to page without a gap or a repeat", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    const texts = Array.from({ length: 50 }, (_, index) => `entry ${index}`);
    await Promise.all(texts.map((text, index) => storeOne(engine.log, shard, textEntry(clock, text, 1 + (index % 3)))));
    for (const entriesMax of [1, 3, 49, 50, 51]) {
      assert.deepEqual(textsOf(await readAll(engine.log, shard, 1n, entriesMax)), texts);
    }
  });

  engineTest("read() at or beyond the tip returns nothing and stays where it was", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    const empty = await engine.log.read(shard, 1n, everything);
    assert.deepEqual(empty.entries, []);
    assert(empty.next >= 1n && empty.next <= empty.tip);
    const position = await storeOne(engine.log, shard, textEntry(clock, "x", 3));
    const { tip } = await engine.log.read(shard, 1n, everything);
    assertPlacedAfter(traits, position + 3n, tip);
    for (const from of [tip, tip + 5_000n, 2n ** 62n]) {
      assert.deepEqual(await engine.log.read(shard, from, everything), { entries: [], next: from, tip });
    }
  });

  engineTest("read() at a position kept from an empty read finds what came later", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    let { next } = await engine.log.read(shard, 1n, everything);
    for (const text of ["first", "second"]) {
      await storeOne(engine.log, shard, textEntry(clock, text, 2));
      const page = await engine.log.read(shard, next, everything);
      assert.deepEqual(textsOf(page.entries), [text]);
      next = page.next;
    }
  });

  engineTest("every call on a shard that was never made is not_found", async ({ engine }) => {
    const shard = { streamId: newStreamId(), shardIndex: 0, placement: {} };
    await rejectsAs("not_found", engine.log.read(shard, 1n, everything));
    await rejectsAs("not_found", engine.log.seek(shard, { at: "oldest" }));
    await rejectsAs("not_found", engine.log.seal(shard, "split-1"));
    const { signal } = new AbortController();
    const follower = engine.log.follow(shard, 1n, { signal, bufferedBytesMax: 1 })[Symbol.asyncIterator]();
    await rejectsAs("not_found", follower.next());
  });

  engineTest("seek() finds the oldest and the newest position", async ({ engine, clock }) => {
    const { log } = engine;
    const shard = await makeShard(log);
    assert.equal(await log.seek(shard, { at: "oldest" }), await log.seek(shard, { at: "newest" }));
    const first = await storeOne(log, shard, textEntry(clock, "x", 3));
    const last = await storeOne(log, shard, textEntry(clock, "y", 4));
    const oldest = await log.seek(shard, { at: "oldest" });
    assert(oldest <= first);
    assert.deepEqual(textsOf(await readAll(log, shard, oldest)), ["x", "y"]);
    const newest = await log.seek(shard, { at: "newest" });
    assertPlacedAfter(traits, last + 4n, newest);
    await storeOne(log, shard, textEntry(clock, "z"));
    assert.deepEqual(textsOf(await readAll(log, shard, newest)), ["z"]);
  });

  engineTest("seek() finds the last entry by a position in it, and the tip of an empty shard", async (subject) => {
    const { engine, clock } = subject;
    const { log } = engine;
    const shard = await makeShard(log);
    assert.equal(await log.seek(shard, { at: "last" }), await log.seek(shard, { at: "newest" }));
    for (const [text, count] of [
      ["x", 3],
      ["y", 4096],
    ] as const) {
      await storeOne(log, shard, textEntry(clock, text, count));
      const last = await log.seek(shard, { at: "last" });
      assert.deepEqual(textsOf((await log.read(shard, last, everything)).entries), [text]);
    }
    await log.seal(shard, "split-1");
    const last = await log.seek(shard, { at: "last" });
    assert.deepEqual(textsOf((await log.read(shard, last, everything)).entries), ["y"]);
  });

  engineTest("seek() by time finds the first entry stored at or after it", async ({ engine, clock }) => {
    const { log } = engine;
    const shard = await makeShard(log);
    const startMs = clock.nowMs();
    assert.equal(await log.seek(shard, { at: "time", timeMs: 0 }), await log.seek(shard, { at: "newest" }));
    // Two entries a moment, moments a second apart, enough of them to need a real search.
    for (let second = 0; second < 50; second++) {
      await storeOne(log, shard, textEntry(clock, `${second} a`, 3));
      await storeOne(log, shard, textEntry(clock, `${second} b`, 2));
      await clock.advance(1_000);
    }
    const tip = await log.seek(shard, { at: "newest" });
    const entries = await readAll(log, shard);
    if (traits.storedBy === "clock") {
      const stored = entries.map(({ storedMs }) => storedMs);
      assert.deepEqual(
        stored,
        stored.map((_, index) => startMs + 1_000 * Math.floor(index / 2)),
      );
    }
    const storedMs = [...new Set(entries.map((entry) => entry.storedMs))];
    const first = storedMs[0] ?? assert.fail("entries are stored");
    const last = storedMs.at(-1) ?? first;
    const times = storedMs.flatMap((ms) => [ms - 1, ms, ms + 1]);
    for (const timeMs of [0, ...times, last + 1e12]) {
      const expected = entries.find((entry) => entry.storedMs >= timeMs)?.position ?? tip;
      assert.equal(
        await log.seek(shard, { at: "time", timeMs }),
        expected,
        `${timeMs - first} ms after the first entry`,
      );
    }
  });
}
