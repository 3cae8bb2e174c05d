import assert from "node:assert/strict";
import { EngineError } from "../../../src/engine/engine-error.ts";
import {
  appendOne,
  type EngineTest,
  everything,
  makeShard,
  rejectsAs,
  storeOne,
  textEntry,
} from "./engine-under-test.ts";

export function lifetimeContract(engineTest: EngineTest): void {
  engineTest("an open engine is ready", async ({ engine }) => {
    assert.equal((await engine.health()).ready, true);
    assert(engine.limits.entryBytesMax > 0 && engine.limits.shardCountMax > 0);
  });

  engineTest("close() leaves no call in flight without an answer", async ({ engine, clock }) => {
    const shard = await makeShard(engine.log);
    const appends = Array.from({ length: 20 }, (_, index) =>
      appendOne(engine.log, shard, textEntry(clock, `${index}`)),
    );
    const swap = engine.documents.compareAndSwap("a", Buffer.from("1"), 0n);
    const outcomes = Promise.allSettled([...appends, swap]);
    await engine.close();
    for (const outcome of await outcomes) {
      if (outcome.status === "rejected") assert(outcome.reason instanceof EngineError, String(outcome.reason));
    }
  });

  engineTest("close() is harmless to repeat, and every call afterwards is refused as closed", async (subject) => {
    const { engine, clock } = subject;
    const { log, documents } = engine;
    const shard = await makeShard(log);
    await storeOne(log, shard, textEntry(clock, "x"));
    await Promise.all([engine.close(), engine.close()]);
    await engine.close();
    assert.equal((await engine.health()).ready, false);
    const { signal } = new AbortController();
    await rejectsAs("closed", makeShard(log));
    await rejectsAs("closed", appendOne(log, shard, textEntry(clock, "late")));
    await rejectsAs("closed", log.read(shard, 1n, everything));
    await rejectsAs("closed", log.seek(shard, { at: "newest" }));
    await rejectsAs("closed", log.seal(shard, "split-1"));
    await rejectsAs("closed", log.fenceBefore(shard, 1));
    await rejectsAs("closed", log.setRetention(shard.streamId, [shard], 1));
    await rejectsAs("closed", log.dropShard(shard));
    await rejectsAs("closed", log.dropStream(shard.streamId, [shard]));
    await rejectsAs("closed", log.follow(shard, 1n, { signal, bufferedBytesMax: 1 })[Symbol.asyncIterator]().next());
    await rejectsAs("closed", documents.get("a"));
    await rejectsAs("closed", documents.list(""));
    await rejectsAs("closed", documents.compareAndSwap("a", new Uint8Array(), 0n));
    await rejectsAs("closed", documents.watch("", signal)[Symbol.asyncIterator]().next());
  });
}
