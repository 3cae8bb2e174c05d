import assert from "node:assert/strict";
import { toAppendBatch } from "../../../src/engine/append-batch.ts";
import type { AppendOutcome, ShardLog, ShardRef } from "../../../src/engine/shard-log.ts";
import type { SimulatedClock } from "../../support/simulated-clock.ts";
import {
  appendOne,
  type EngineTest,
  everything,
  makeShard,
  newStreamId,
  readAll,
  rejectsAs,
  storedPosition,
  storeOne,
  textEntry,
  textOf,
  textsOf,
} from "./engine-under-test.ts";

interface EpochAppend {
  readonly shard: ShardRef;
  readonly text: string;
  readonly epoch: number;
}

async function appendAt(log: ShardLog, clock: SimulatedClock, append: EpochAppend): Promise<AppendOutcome> {
  const [outcome] = await log.append([{ shard: append.shard, entry: textEntry(clock, append.text) }], append.epoch);
  return outcome ?? assert.fail("one entry has one outcome");
}

export function fenceContract(engineTest: EngineTest): void {
  epochContract(engineTest);
  fencedLogContract(engineTest);
}

/** Which appends are stored. */
function epochContract(engineTest: EngineTest): void {
  engineTest(
    "fenceBefore() refuses lower settings epochs from then on, and nothing else",
    async ({ engine, clock }) => {
      const { log } = engine;
      const streamId = newStreamId();
      const [fenced, other] = [await makeShard(log, streamId, 0), await makeShard(log, streamId, 1)];
      await storeOne(log, fenced, textEntry(clock, "before", 3));
      // A writer may know the next epoch before the log does.
      storedPosition(await appendAt(log, clock, { shard: fenced, text: "early", epoch: 1 }));
      assert.equal(await log.fenceBefore(fenced, 1), 1);
      assert.deepEqual(await appendOne(log, fenced, textEntry(clock, "late")), { kind: "fenced" });
      const both = toAppendBatch([fenced, other].map((shard) => ({ shard, entry: textEntry(clock, "both") })));
      const [none, position] = await log.appendBatch(both);
      assert.deepEqual([none, (position ?? 0n) > 0n], [0n, true]);
      for (const epoch of [1, 2]) {
        storedPosition(await appendAt(log, clock, { shard: fenced, text: `epoch ${epoch}`, epoch }));
      }
      assert.deepEqual(textsOf(await readAll(log, fenced)), ["before", "early", "epoch 1", "epoch 2"]);
      assert.deepEqual(textsOf(await readAll(log, other)), ["both"]);
    },
  );

  engineTest("fenceBefore() is harmless to repeat, and an earlier epoch changes nothing", async ({ engine, clock }) => {
    const { log } = engine;
    const shard = await makeShard(log);
    assert.deepEqual(await Promise.all([log.fenceBefore(shard, 1), log.fenceBefore(shard, 1)]), [1, 1]);
    storedPosition(await appendAt(log, clock, { shard, text: "1", epoch: 1 }));
    assert.equal(await log.fenceBefore(shard, 4), 4);
    assert.equal(await log.fenceBefore(shard, 2), 4);
    for (const epoch of [0, 1, 3]) {
      assert.equal((await appendAt(log, clock, { shard, text: "late", epoch })).kind, "fenced");
    }
    storedPosition(await appendAt(log, clock, { shard, text: "4", epoch: 4 }));
    assert.deepEqual(textsOf(await readAll(log, shard)), ["1", "4"]);
  });

  engineTest("fenceBefore() amid appends leaves none of an earlier epoch behind it", async ({ engine, clock }) => {
    const { log } = engine;
    const shard = await makeShard(log);
    const outcomes: Promise<AppendOutcome>[] = [];
    const appendAll = (epoch: number): void => {
      for (let i = 0; i < 30; i++) outcomes.push(appendAt(log, clock, { shard, text: `${epoch}`, epoch }));
    };
    appendAll(0);
    for (const epoch of [1, 2]) {
      const fencing = log.fenceBefore(shard, epoch);
      appendAll(epoch - 1);
      appendAll(epoch);
      await fencing;
      const tip = await log.seek(shard, { at: "newest" });
      appendAll(epoch - 1);
      const settled = await Promise.all(outcomes);
      const entries = await readAll(log, shard);
      const positions = settled.filter(({ kind }) => kind === "stored").map(storedPosition);
      assert.deepEqual(
        entries.map(({ position }) => position),
        positions.toSorted((left, right) => (left < right ? -1 : 1)),
        "what is acknowledged is there, once",
      );
      for (const entry of entries) {
        if (entry.position >= tip) assert.equal(textOf(entry), `${epoch}`);
      }
    }
    assert.equal((await outcomes.at(-1))?.kind, "fenced");
  });
}

/** What else is done with a fenced log. */
function fencedLogContract(engineTest: EngineTest): void {
  engineTest("a fenced log is read as if it were none, at its tip too", async ({ engine, clock }) => {
    const { log } = engine;
    const shard = await makeShard(log);
    await log.fenceBefore(shard, 1);
    const empty = await log.read(shard, 1n, everything);
    assert.deepEqual([empty.entries, empty.tip, empty.next], [[], 1n, 1n]);
    const stop = new AbortController();
    const batches = log.follow(shard, 1n, { signal: stop.signal, bufferedBytesMax: 1024 });
    const followed: string[] = [];
    const following = (async () => {
      for await (const entries of batches) {
        followed.push(...textsOf(entries));
        if (followed.length === 2) return;
      }
    })();
    storedPosition(await appendAt(log, clock, { shard, text: "1", epoch: 1 }));
    const before = await log.read(shard, 1n, everything);
    await log.fenceBefore(shard, 2);
    const after = await log.read(shard, before.next, everything);
    assert.deepEqual([after.entries, after.tip, after.next], [[], before.tip, before.next]);
    assert.equal(await log.seek(shard, { at: "newest" }), before.tip);
    storedPosition(await appendAt(log, clock, { shard, text: "2", epoch: 2 }));
    assert.deepEqual(textsOf(await readAll(log, shard, before.next)), ["2"]);
    await following;
    stop.abort();
    assert.deepEqual(followed, ["1", "2"]);
  });

  engineTest("seal() ends a fenced log, and fenceBefore() does not open a sealed one", async ({ engine, clock }) => {
    const { log } = engine;
    const shard = await makeShard(log);
    await log.fenceBefore(shard, 1);
    storedPosition(await appendAt(log, clock, { shard, text: "kept", epoch: 1 }));
    const { end } = await log.seal(shard, "split-1");
    await log.fenceBefore(shard, 2);
    for (const epoch of [0, 1, 2, 3]) {
      assert.equal((await appendAt(log, clock, { shard, text: "late", epoch })).kind, "fenced");
    }
    assert.deepEqual(await log.seal(shard, "split-1"), { end });
    assert.deepEqual(textsOf(await readAll(log, shard)), ["kept"]);
    assert.equal(await log.seek(shard, { at: "newest" }), end);
  });

  engineTest("fenceBefore() of a log that is gone is not_found, and a new one is not fenced", async (subject) => {
    const { engine, clock } = subject;
    const { log } = engine;
    const shard = await makeShard(log);
    await log.fenceBefore(shard, 7);
    await log.dropShard(shard);
    await rejectsAs("not_found", log.fenceBefore(shard, 8));
    await rejectsAs("not_found", appendAt(log, clock, { shard, text: "late", epoch: 8 }));
    const again = await makeShard(log, shard.streamId);
    await storeOne(log, again, textEntry(clock, "new"));
    assert.deepEqual(textsOf(await readAll(log, again)), ["new"]);
  });
}
