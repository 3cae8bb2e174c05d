import assert from "node:assert/strict";
import { toAppendBatch } from "../../../src/engine/append-batch.ts";
import type { Append, AppendBatch } from "../../../src/engine/shard-log.ts";
import {
  appendOne,
  assertPlacedAfter,
  type EngineTest,
  type EngineTraits,
  endOf,
  everything,
  makeShard,
  newStreamId,
  readAll,
  rejectsAs,
  storedPosition,
  storeOne,
  textEntry,
  textsOf,
} from "./engine-under-test.ts";

export function appendContract(engineTest: EngineTest, traits: EngineTraits): void {
  engineTest(
    "append() gives the first record the first position and places each entry after the one before",
    async (subject) => {
      const { engine, clock } = subject;
      const shard = await makeShard(engine.log);
      let end = 1n;
      for (const count of [3, 1, 500, 4096, 2]) {
        const position = await storeOne(engine.log, shard, textEntry(clock, `${count} records`, count));
        assertPlacedAfter(traits, end, position);
        end = position + BigInt(count);
      }
      const { tip } = await engine.log.read(shard, 1n, everything);
      assertPlacedAfter(traits, end, tip);
    },
  );

  engineTest("append() returns count, time and body unchanged to every later read", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    const body = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 31) & 0xff);
    const timeMs = clock.nowMs() - 1_234;
    const position = await storeOne(engine.log, shard, { count: 77, timeMs, body });
    const [entry] = (await engine.log.read(shard, position, everything)).entries;
    assert(entry !== undefined);
    assert.equal(entry.position, position);
    assert.equal(entry.count, 77);
    assert.equal(entry.timeMs, timeMs);
    assert.equal(Buffer.compare(entry.body, body), 0);
  });

  engineTest("append() stores what one shard is sent in the order of the calls", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    const texts = Array.from({ length: 200 }, (_, index) => `call ${index}`);
    const calls = texts.map((text, index) => appendOne(engine.log, shard, textEntry(clock, text, 1 + (index % 5))));
    const positions = (await Promise.all(calls)).map(storedPosition);
    const entries = await readAll(engine.log, shard);
    assert.deepEqual(textsOf(entries), texts);
    assert.deepEqual(
      entries.map((entry) => entry.position),
      positions,
    );
  });

  engineTest("append() has copied every body when it returns its promise", async ({ engine, clock }) => {
    const log = engine.log;
    const shards = [await makeShard(log), await makeShard(log)];
    const appends = shards.map((shard, index) => {
      const body = Buffer.alloc(10_000, index + 1);
      return { shard, entry: { count: 1, timeMs: clock.nowMs(), body } };
    });
    const pending = log.append(appends);
    for (const { entry } of appends) entry.body.fill(0xee);
    await pending;
    for (const [index, shard] of shards.entries()) {
      const [entry] = await readAll(log, shard);
      assert(entry !== undefined);
      assert.equal(Buffer.compare(entry.body, Buffer.alloc(10_000, index + 1)), 0);
    }
  });

  engineTest("append() answers in the order of its entries, also for one shard named twice", async (subject) => {
    const { engine, clock } = subject;
    const streamId = newStreamId();
    const [a, b] = [await makeShard(engine.log, streamId, 0), await makeShard(engine.log, streamId, 1)];
    await storeOne(engine.log, a, textEntry(clock, "a0", 10));
    const outcomes = await engine.log.append([
      { shard: b, entry: textEntry(clock, "b1", 2) },
      { shard: a, entry: textEntry(clock, "a1", 3) },
      { shard: b, entry: textEntry(clock, "b2", 4) },
    ]);
    const [b1, a1, b2] = outcomes.map(storedPosition);
    assert.equal(outcomes.length, 3);
    assert.deepEqual(
      (await readAll(engine.log, b)).map(({ position }) => position),
      [b1, b2],
    );
    assert.equal((await readAll(engine.log, a))[1]?.position, a1);
    assert.deepEqual(textsOf(await readAll(engine.log, a)), ["a0", "a1"]);
    assert.deepEqual(textsOf(await readAll(engine.log, b)), ["b1", "b2"]);
  });

  engineTest("append() of nothing resolves with no outcomes", async ({ engine }) => {
    assert.deepEqual(await engine.log.append([]), []);
  });

  engineTest(
    "appendBatch() stores each row in its shard, also from columns that are longer and shared",
    async (subject) => {
      const { engine, clock } = subject;
      const { log } = engine;
      const streamId = newStreamId();
      const shards = [
        await makeShard(log, streamId, 0),
        await makeShard(log, streamId, 1),
        await makeShard(log, streamId, 2),
        await makeShard(log, streamId, 3),
      ];
      const [a, sealed, untouched, b] = shards;
      assert(a !== undefined && sealed !== undefined && untouched !== undefined && b !== undefined);
      const { end } = await log.seal(sealed, "split-1");
      const bytes = Buffer.from("..b1..a1..s1..b2 more");
      const timeMs = clock.nowMs();
      const batch: AppendBatch = {
        count: 4,
        shards,
        shardOf: Uint16Array.of(3, 0, 1, 3, 9, 9),
        recordCounts: Uint16Array.of(2, 3, 1, 4096, 0, 0),
        timesMs: Float64Array.of(timeMs, timeMs - 5, timeMs, timeMs, Number.NaN, Number.NaN),
        bytes,
        bodyStarts: Uint32Array.of(2, 6, 10, 14, 99, 99),
        bodyBytes: Uint32Array.of(2, 2, 2, 2, 99, 99),
        settingsEpoch: 0,
      };
      for (const round of [1, 2]) {
        const pending = log.appendBatch(batch);
        const kept = Buffer.from(bytes);
        bytes.fill(0xee);
        const positions = await pending;
        bytes.set(kept);
        assert.equal(positions.length, 4);
        assert.equal(positions[2], 0n);
        const inB = await readAll(log, b);
        const inA = await readAll(log, a);
        assert.deepEqual(
          inB.slice(-2).map((entry) => [entry.position, entry.count, Buffer.from(entry.body).toString()]),
          [
            [positions[0], 2, "b1"],
            [positions[3], 4096, "b2"],
          ],
        );
        const last = inA.at(-1);
        assert.deepEqual([last?.position, last?.count, last?.timeMs], [positions[1], 3, timeMs - 5]);
        assert.deepEqual([inA.length, inB.length], [round, 2 * round]);
      }
      assert.deepEqual(await readAll(log, untouched), []);
      assert.deepEqual(await readAll(log, sealed), []);
      assert.equal(await log.seek(sealed, { at: "newest" }), end);
    },
  );

  engineTest("appendBatch() forgets what it found behind shards that are gone", async ({ engine, clock }) => {
    const { log } = engine;
    const streamId = newStreamId();
    const [kept, dropped] = [await makeShard(log, streamId, 0), await makeShard(log, streamId, 1)];
    const batch = toAppendBatch([kept, dropped].map((shard) => ({ shard, entry: textEntry(clock, "x") })));
    await log.appendBatch(batch);
    await log.dropShard(dropped);
    // A new shard log in the slot of the dropped one must not get its entries.
    const other = await makeShard(log, newStreamId());
    await rejectsAs("not_found", log.appendBatch(batch));
    assert.deepEqual(await readAll(log, other), []);
    assert.deepEqual(textsOf(await readAll(log, kept)), ["x"]);
    const again = await makeShard(log, streamId, 1);
    await log.appendBatch({ ...batch, shards: [kept, again] });
    assert.deepEqual(textsOf(await readAll(log, again)), ["x"]);
    assert.deepEqual(textsOf(await readAll(log, kept)), ["x", "x"]);
  });

  engineTest("append() meets open and sealed shards in one call", async ({ engine, clock }) => {
    const log = engine.log;
    const streamId = newStreamId();
    const shards = [
      await makeShard(log, streamId, 0),
      await makeShard(log, streamId, 1),
      await makeShard(log, streamId, 2),
    ];
    const [first, sealed, last] = shards;
    assert(first !== undefined && sealed !== undefined && last !== undefined);
    await log.seal(sealed, "split-1");
    const outcomes = await log.append(shards.map((shard) => ({ shard, entry: textEntry(clock, "x") })));
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ["stored", "fenced", "stored"],
    );
    assert.deepEqual(textsOf(await readAll(log, first)), ["x"]);
    assert.deepEqual(textsOf(await readAll(log, sealed)), []);
    assert.deepEqual(textsOf(await readAll(log, last)), ["x"]);
  });

  engineTest("append() refuses an entry over the limit and stores nothing of the call", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    const over: Append = {
      shard,
      entry: { count: 1, timeMs: clock.nowMs(), body: new Uint8Array(engine.limits.entryBytesMax + 1) },
    };
    await rejectsAs("too_large", engine.log.append([{ shard, entry: textEntry(clock, "small") }, over]));
    await storeOne(engine.log, shard, textEntry(clock, "after"));
    assert.deepEqual(textsOf(await readAll(engine.log, shard)), ["after"]);
  });

  engineTest("append() stores an entry of the largest size", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    const body = Buffer.alloc(engine.limits.entryBytesMax, "largest");
    await storeOne(engine.log, shard, { count: 4096, timeMs: clock.nowMs(), body });
    const [entry] = await readAll(engine.log, shard);
    assert(entry !== undefined && Buffer.compare(entry.body, body) === 0);
  });

  engineTest("append() to a shard that was never made is not_found", async ({ engine, clock }) => {
    const shard = { streamId: newStreamId(), shardIndex: 0, placement: {} };
    await rejectsAs("not_found", appendOne(engine.log, shard, textEntry(clock, "x")));
  });

  engineTest("storedMs is the engine's clock and never falls when that steps back", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    const startMs = clock.nowMs();
    for (const stepMs of [0, 1_000, -7_200_000, -1, 3_600_000]) {
      clock.set(clock.nowMs() + stepMs);
      await storeOne(engine.log, shard, textEntry(clock, `${stepMs}`));
    }
    const storedMs = (await readAll(engine.log, shard)).map((entry) => entry.storedMs);
    assert.deepEqual(
      storedMs,
      storedMs.toSorted((left, right) => left - right),
    );
    if (traits.storedBy === "clock")
      assert.deepEqual(storedMs, [startMs, startMs + 1_000, startMs + 1_000, startMs + 1_000, startMs + 1_000]);
  });

  engineTest("seal() ends an empty shard at its beginning", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    const { end } = await engine.log.seal(shard, "split-1");
    assertPlacedAfter(traits, 1n, end);
    assert.deepEqual(await appendOne(engine.log, shard, textEntry(clock, "late")), { kind: "fenced" });
    const { entries, tip } = await engine.log.read(shard, 1n, everything);
    assert.deepEqual(entries, []);
    assert.equal(tip, end);
  });

  engineTest(
    "seal() is final, keeps what is stored and is harmless to repeat under any operation id",
    async (subject) => {
      const { engine, clock } = subject;
      const shard = await makeShard(engine.log);
      const position = await storeOne(engine.log, shard, textEntry(clock, "kept", 5));
      const { end } = await engine.log.seal(shard, "split-1");
      assertPlacedAfter(traits, position + 5n, end);
      assert.deepEqual(await engine.log.seal(shard, "split-1"), { end });
      assert.deepEqual(await engine.log.seal(shard, "merge-2"), { end });
      assert.deepEqual(await appendOne(engine.log, shard, textEntry(clock, "late")), { kind: "fenced" });
      assert.deepEqual(await engine.log.seal(shard, "split-1"), { end });
      assert.deepEqual(textsOf(await readAll(engine.log, shard)), ["kept"]);
      assert.equal(await engine.log.seek(shard, { at: "newest" }), end);
    },
  );

  engineTest("seal() amid concurrent appends leaves no stored entry at or past its end", async ({ engine, clock }) => {
    const log = engine.log;
    const shard = await makeShard(log);
    const call = (text: string) => appendOne(log, shard, textEntry(clock, text, 3));
    const before = Array.from({ length: 40 }, (_, index) => call(`before ${index}`));
    const seals = [log.seal(shard, "split-1"), log.seal(shard, "split-1")];
    const during = Array.from({ length: 40 }, (_, index) => call(`during ${index}`));
    const [{ end }] = await Promise.all([log.seal(shard, "split-1"), ...seals]);
    const after = await call("after");
    assert.equal(after.kind, "fenced");
    for (const seal of seals) assert.deepEqual(await seal, { end });
    const outcomes = await Promise.all([...before, ...during]);
    const entries = await readAll(log, shard);
    assert.deepEqual(
      entries.map((entry) => entry.position),
      outcomes.filter(({ kind }) => kind === "stored").map(storedPosition),
    );
    for (const entry of entries) assert(endOf(entry) <= end);
  });

  engineTest("createShard() is harmless to repeat, also at the same time", async ({ engine, clock }) => {
    const log = engine.log;
    const streamId = newStreamId();
    const [shard, twin] = await Promise.all([makeShard(log, streamId), makeShard(log, streamId)]);
    assert.deepEqual(twin, shard);
    await storeOne(log, shard, textEntry(clock, "kept"));
    assert.deepEqual(await makeShard(log, streamId), shard);
    await storeOne(log, twin, textEntry(clock, "more"));
    assert.deepEqual(textsOf(await readAll(log, shard)), ["kept", "more"]);
    await log.seal(shard, "split-1");
    assert.deepEqual(await makeShard(log, streamId), shard);
    assert.equal((await appendOne(log, shard, textEntry(clock, "late"))).kind, "fenced");
  });

  engineTest("a ShardRef still names its shard when its document has been through JSON", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    await storeOne(engine.log, shard, textEntry(clock, "x"));
    assert.deepEqual(textsOf(await readAll(engine.log, JSON.parse(JSON.stringify(shard)))), ["x"]);
  });

  engineTest("shards share nothing, whatever their index or stream", async ({ engine, clock }) => {
    const log = engine.log;
    const [one, two] = [newStreamId(), newStreamId()];
    const shards = [await makeShard(log, one, 0), await makeShard(log, one, 11), await makeShard(log, two, 0)];
    for (const [index, shard] of shards.entries()) {
      assertPlacedAfter(traits, 1n, await storeOne(log, shard, textEntry(clock, `shard ${index}`)));
    }
    for (const [index, shard] of shards.entries())
      assert.deepEqual(textsOf(await readAll(log, shard)), [`shard ${index}`]);
  });

  engineTest("dropShard() frees one shard, sealed or open, and is harmless to repeat", async ({ engine, clock }) => {
    const log = engine.log;
    const streamId = newStreamId();
    const [open, sealed, kept] = [
      await makeShard(log, streamId, 0),
      await makeShard(log, streamId, 1),
      await makeShard(log, streamId, 2),
    ];
    await log.append([open, sealed, kept].map((shard) => ({ shard, entry: textEntry(clock, "x") })));
    await log.seal(sealed, "split-1");
    for (const shard of [open, sealed]) {
      await log.dropShard(shard);
      await log.dropShard(shard);
      await rejectsAs("not_found", log.read(shard, 1n, everything));
      await rejectsAs("not_found", appendOne(log, shard, textEntry(clock, "late")));
    }
    assert.deepEqual(textsOf(await readAll(log, kept)), ["x"]);
  });

  engineTest("dropStream() frees all shards of one stream and is harmless to repeat", async ({ engine, clock }) => {
    const log = engine.log;
    const [gone, stays] = [newStreamId(), newStreamId()];
    const dropped = [await makeShard(log, gone, 0), await makeShard(log, gone, 1)];
    const kept = await makeShard(log, stays, 0);
    await log.append([...dropped, kept].map((shard) => ({ shard, entry: textEntry(clock, "x") })));
    await log.dropStream(gone, dropped);
    await log.dropStream(gone, dropped);
    await log.dropStream(newStreamId(), []);
    for (const shard of dropped) await rejectsAs("not_found", log.read(shard, 1n, everything));
    assert.deepEqual(textsOf(await readAll(log, kept)), ["x"]);
  });

  engineTest("setRetention() may change at any time; what it keeps stays whole", async ({ engine, clock }) => {
    const log = engine.log;
    const hourMs = 3_600_000;
    const shard = await makeShard(log);
    await log.setRetention(shard.streamId, [shard], 24 * hourMs);
    await storeOne(log, shard, textEntry(clock, "old", 2));
    await clock.advance(20 * hourMs);
    await log.setRetention(shard.streamId, [shard], 168 * hourMs);
    await storeOne(log, shard, textEntry(clock, "middle", 2));
    await clock.advance(20 * hourMs);
    await storeOne(log, shard, textEntry(clock, "new", 2));
    assert.deepEqual(textsOf(await readAll(log, shard)), ["old", "middle", "new"]);
    await log.setRetention(shard.streamId, [shard], 24 * hourMs);
    await log.setRetention(shard.streamId, [shard], 24 * hourMs);
    await storeOne(log, shard, textEntry(clock, "newest", 2));
    const texts = textsOf(await readAll(log, shard));
    assert.deepEqual(texts.slice(-3), ["middle", "new", "newest"]);
    const oldest = await log.seek(shard, { at: "oldest" });
    assert.deepEqual(textsOf(await readAll(log, shard, oldest)), texts);
  });
}
