/**
 * Queues inside the process, without sockets:
 *   node_modules/.bin/node bench/queue-engine.ts [--only drain,in-flight,out-of-order,waiting] [--records 500000]
 * drain: receives of ten and acknowledgements, durable before the answer, of records of 1 KiB in four shards.
 * in-flight: resident memory of a million records in flight.
 * out-of-order: ten million records acknowledged at random behind a thousand that are not; the process is killed, and the
 * first receive of the next one is timed. waiting: memory of 10,000 receives that wait.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CompactionThread } from "../src/engine/embedded/compaction/compaction-thread.ts";
import { EmbeddedEngine } from "../src/engine/embedded/embedded-engine.ts";
import { nodeDisk } from "../src/engine/embedded/io/node-disk.ts";
import type { Engine } from "../src/engine/engine.ts";
import { MemoryEngine } from "../src/engine/memory/memory-engine.ts";
import { storeRecords } from "../src/shards/store-records.ts";
import { systemClock } from "../src/time/system-clock.ts";
import { incomingRecords } from "../test/support/incoming-records-of.ts";
import { QueueSession } from "../test/support/queue-session.ts";

const { values: flags } = parseArgs({
  options: {
    only: { type: "string", default: "drain,in-flight,out-of-order,waiting" },
    records: { type: "string", default: "500000" },
    engine: { type: "string", default: "embedded,memory" },
    child: { type: "string" },
  },
});
const mebibyte = 1024 * 1024;
const recordsPerPut = 500;
/** Less than the newest 64 MiB of the log: consumers that keep up read these. */
const recordsPerRound = 40_000;
const callers = 64;
const settings = {
  shardCount: 4,
  receiveCountMax: 6,
  visibilitySeconds: 3600,
  changeBytesMax: 256 * 1024,
  inFlightMax: 1_000_000,
};

async function open(
  kind: string,
  directory: string,
): Promise<{ readonly engine: Engine; readonly session: QueueSession }> {
  const engine =
    kind === "memory"
      ? new MemoryEngine({ clock: systemClock, memoryBudgetBytes: 4096 * mebibyte })
      : new EmbeddedEngine({ directory, disk: nodeDisk, clock: systemClock, jobs: new CompactionThread(systemClock) });
  await engine.open();
  return { engine, session: await QueueSession.open(engine, systemClock, settings, Date.now() % 2 ** 32) };
}

async function fill({ shards, ref }: QueueSession, count: number, dataBytes: number): Promise<void> {
  const data = "d".repeat(dataBytes);
  let next = 0;
  const fillOne = async (): Promise<void> => {
    while (next < count) {
      next += recordsPerPut;
      const records = Array.from({ length: recordsPerPut }, (_, i) => ({ key: `${next}-${i}`, data }));
      const { failures } = await storeRecords(shards, ref.revision, incomingRecords(records));
      if (failures !== undefined) throw new Error([...failures.values()][0]?.message);
    }
  };
  await Promise.all(Array.from({ length: 4 }, fillOne));
}

/** Rounds of putting records, which is not timed, and of receiving and acknowledging them, which is. */
async function drain(kind: string, count: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const { engine, session } = await open(kind, directory);
  let seconds = 0;
  let cpuSeconds = 0;
  for (let done = 0; done < count; done += recordsPerRound) {
    await fill(session, recordsPerRound, 1024);
    const cpuBefore = process.cpuUsage();
    const startedMs = performance.now();
    await drainOnce(session, recordsPerRound);
    seconds += (performance.now() - startedMs) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    cpuSeconds += (user + system) / 1e6;
  }
  const each = ((cpuSeconds * 1e6) / count).toFixed(2);
  console.log(`drain, ${kind}: ${Math.round(count / seconds)} records/s, ${each} CPU us each`);
  await session.close();
  await engine.close();
  rmSync(directory, { recursive: true });
}

async function drainOnce({ queues, ref }: QueueSession, count: number): Promise<void> {
  let acknowledged = 0;
  const done = new AbortController();
  const { signal } = done;
  const drainOne = async (): Promise<void> => {
    for (;;) {
      const request = { kind: "live", recordsMax: 10, waitSeconds: 20, signal } as const;
      const { records, receiptHandles } = await queues.receive(ref, request);
      if (records.count === 0) return;
      records.lease?.[Symbol.dispose]();
      const outcomes = await queues.acknowledge(ref, "live", receiptHandles);
      if (outcomes.some((outcome) => outcome !== undefined)) throw new Error(outcomes.join());
      acknowledged += records.count;
      if (acknowledged >= count) done.abort();
    }
  };
  await Promise.all(Array.from({ length: callers }, drainOne));
}

// Timers of the server do not keep a process alive.
const alive = setInterval(() => undefined, 1_000);
const only = flags.only.split(",");
const count = Number(flags.records);
if (only.includes("drain")) for (const kind of flags.engine.split(",")) await drain(kind, count);
clearInterval(alive);
