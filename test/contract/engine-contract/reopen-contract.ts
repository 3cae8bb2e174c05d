import assert from "node:assert/strict";
import type { Engine } from "../../../src/engine/engine.ts";
import {
  appendOne,
  assertPlacedAfter,
  type EngineTest,
  type EngineTraits,
  type EngineUnderTest,
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

type Reopenable = EngineUnderTest & { readonly reopen: () => Promise<Engine> };

/** What outlives the engine; only for those whose traits say that they reopen. */
export function reopenContract(engineTest: EngineTest, traits: EngineTraits): void {
  const reopenTest = (title: string, body: (subject: Reopenable) => Promise<void>): void =>
    engineTest(title, async (subject) => {
      const { reopen } = subject;
      assert(reopen !== undefined);
      await body({ ...subject, reopen });
    });

  reopenTest(
    "after a reopen, entries survive, and positions go on where they were",
    async ({ engine, reopen, clock }) => {
      const streamId = newStreamId();
      const shards = [await makeShard(engine.log, streamId, 0), await makeShard(engine.log, streamId, 1)];
      for (let index = 0; index < 30; index++) {
        await engine.log.append(
          shards.map((shard) => ({ shard, entry: textEntry(clock, `entry ${index}`, 1 + (index % 4)) })),
        );
      }
      const before = await Promise.all(shards.map((shard) => readAll(engine.log, shard)));
      let log = (await reopen()).log;
      for (let round = 0; round < 3; round++) {
        for (const [index, shard] of shards.entries()) {
          const kept = await readAll(log, shard);
          assert.deepEqual(kept.slice(0, 30), before[index]);
          assert.equal(kept.length, 30 + round);
          const { tip } = await log.read(shard, 1n, everything);
          assertPlacedAfter(traits, tip, await storeOne(log, shard, textEntry(clock, `round ${round}`, 2)));
        }
        log = (await reopen()).log;
      }
    },
  );

  reopenTest(
    "after a reopen, an append that was never awaited is whole or absent, and those before it are there",
    async (subject) => {
      const { engine, reopen, clock } = subject;
      const shard = await makeShard(engine.log);
      await storeOne(engine.log, shard, textEntry(clock, "acknowledged"));
      const pending = appendOne(engine.log, shard, textEntry(clock, "in flight")).catch(() => undefined);
      const { log } = await reopen();
      const outcome = await pending;
      const texts = textsOf(await readAll(log, shard));
      if (outcome?.kind === "stored") assert.deepEqual(texts, ["acknowledged", "in flight"]);
      else assert.equal(texts[0], "acknowledged");
    },
  );

  reopenTest("after a reopen, a seal stays final", async ({ engine, reopen, clock }) => {
    const [full, empty, open] = [await makeShard(engine.log), await makeShard(engine.log), await makeShard(engine.log)];
    await storeOne(engine.log, full, textEntry(clock, "kept", 3));
    const ends = [await engine.log.seal(full, "split-1"), await engine.log.seal(empty, "split-2")];
    const { log } = await reopen();
    for (const [index, shard] of [full, empty].entries()) {
      assert.equal((await appendOne(log, shard, textEntry(clock, "late"))).kind, "fenced");
      assert.deepEqual(await log.seal(shard, "split-1"), ends[index]);
    }
    assert.deepEqual(textsOf(await readAll(log, full)), ["kept"]);
    storedPosition(await appendOne(log, open, textEntry(clock, "still open")));
  });

  reopenTest("after a reopen, storedMs does not fall although the clock was set back meanwhile", async (subject) => {
    const { engine, reopen, clock } = subject;
    const shard = await makeShard(engine.log);
    await storeOne(engine.log, shard, textEntry(clock, "before"));
    clock.set(clock.nowMs() - 3_000_000);
    const { log } = await reopen();
    await storeOne(log, shard, textEntry(clock, "after"));
    const [before, after] = await readAll(log, shard);
    assert(before !== undefined && after !== undefined);
    assert(after.storedMs >= before.storedMs);
    assert.equal(await log.seek(shard, { at: "time", timeMs: before.storedMs }), before.position);
  });

  reopenTest("after a reopen, shards that were made stay made, and dropped ones stay dropped", async (subject) => {
    const { engine, reopen, clock } = subject;
    const [made, dropped, gone] = [
      await makeShard(engine.log),
      await makeShard(engine.log),
      await makeShard(engine.log),
    ];
    await engine.log.append([dropped, gone].map((shard) => ({ shard, entry: textEntry(clock, "x") })));
    await engine.log.dropShard(dropped);
    await engine.log.dropStream(gone.streamId, [gone]);
    const { log } = await reopen();
    assert.deepEqual(await makeShard(log, made.streamId), made);
    assertPlacedAfter(traits, 1n, await storeOne(log, JSON.parse(JSON.stringify(made)), textEntry(clock, "first")));
    for (const shard of [dropped, gone]) await rejectsAs("not_found", log.read(shard, 1n, everything));
    await log.dropShard(dropped);
    await log.dropStream(gone.streamId, [gone]);
  });

  reopenTest(
    "after a reopen, the catalog survives with its revisions, which go on growing",
    async ({ engine, reopen }) => {
      const value = (text: string) => Buffer.from(text);
      const first = await engine.documents.compareAndSwap("s/a", value("1"), 0n);
      const second = await engine.documents.compareAndSwap("s/a", value("2"), first);
      await engine.documents.compareAndSwap("s/b", value("b"), 0n);
      const doomed = await engine.documents.compareAndSwap("s/c", value("c"), 0n);
      const gone = await engine.documents.compareAndSwap("s/c", null, doomed);
      const before = await engine.documents.list("");
      const { documents } = await reopen();
      const kept = await documents.list("");
      assert.deepEqual(
        kept.map(({ key, revision, value: bytes }) => [key, revision, Buffer.from(bytes).toString()]),
        before.map(({ key, revision, value: bytes }) => [key, revision, Buffer.from(bytes).toString()]),
      );
      assert.equal(await documents.get("s/c"), undefined);
      await rejectsAs("conflict", documents.compareAndSwap("s/a", value("3"), first));
      const third = await documents.compareAndSwap("s/a", value("3"), second);
      assert(third > gone, "revisions grow across a reopen, also past those of deletes");
      assert((await documents.compareAndSwap("s/c", value("again"), 0n)) > third);
    },
  );
}
