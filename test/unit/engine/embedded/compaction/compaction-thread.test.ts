import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { FlushWalFileJob } from "../../../../../src/engine/embedded/compaction/compaction-job.ts";
import { CompactionThread } from "../../../../../src/engine/embedded/compaction/compaction-thread.ts";
import { EmbeddedEngine } from "../../../../../src/engine/embedded/embedded-engine.ts";
import { nodeDisk } from "../../../../../src/engine/embedded/io/node-disk.ts";
import { eagerCompaction, makeShard, readTexts, store } from "../../../../support/embedded-engine.ts";
import { SimulatedClock } from "../../../../support/simulated-clock.ts";

test("files of the log become segments in another thread, on the real disk", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-worker-"));
  context.after(() => rm(directory, { recursive: true }));
  const clock = new SimulatedClock();
  const open = async (): Promise<EmbeddedEngine> => {
    const engine = new EmbeddedEngine({
      directory,
      disk: nodeDisk,
      clock,
      diskBudgetBytes: 64 * 1024 * 1024,
      walFileBytes: 256 * 1024,
      groupBytesMax: 128 * 1024,
      tailWindowBytes: 0,
      compaction: eagerCompaction,
      jobs: new CompactionThread(clock),
    });
    await engine.open();
    return engine;
  };
  const engine = await open();
  const [a, b] = [await makeShard(engine, "a"), await makeShard(engine, "b")];
  const texts = Array.from({ length: 40 }, (_, index) => `${index} `.padEnd(30_000, "w"));
  for (const text of texts) await Promise.all([store(engine, a, text), store(engine, b, text.slice(0, 50))]);
  await engine.settled();
  assert((await readdir(join(directory, "segments"))).length > 3);
  assert.deepEqual(await readTexts(engine, a), texts);
  await engine.close();
  const again = await open();
  assert.deepEqual(await readTexts(again, await makeShard(again, "a")), texts);
  assert.equal((await readTexts(again, await makeShard(again, "b"))).length, 40);
  await again.close();
});

test("an error in the other thread comes back as what it was; closing cuts a job off", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-worker-"));
  context.after(() => rm(directory, { recursive: true }));
  const job: FlushWalFileJob = {
    kind: "flush",
    walDirectory: directory,
    segmentDirectory: directory,
    isDirect: false,
    directoryId: new Uint8Array(16),
    salt: new Uint8Array(8),
    madeMs: 0,
    nextSegmentId: 1,
    generation: 1,
    firstLsn: 1,
    lastLsn: 1,
    end: 12_288,
    logs: new Float64Array(),
    ownSegmentBytes: 1,
  };
  const jobs = new CompactionThread(new SimulatedClock());
  await assert.rejects(jobs.run(job), { code: "ENOENT" });
  await nodeDisk.open(join(directory, "0000000001.wal"), "create").then((file) => file.close());
  await assert.rejects(jobs.run(job), { name: "EngineError", kind: "corrupt" });
  const cutOff = assert.rejects(jobs.run(job), { kind: "closed" });
  await jobs.close();
  await cutOff;
});
