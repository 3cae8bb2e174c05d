/**
 * Queues inside the process, without sockets:
 *   node_modules/.bin/node --expose-gc bench/queue-engine.ts [--only drain,in-flight,out-of-order,many-queues,waiting] [--records 500000]
 *     [--callers 256]
 * drain: receives of ten and acknowledgements by so many callers at once, durable before the answer, of records of 1 KiB in
 * four shards that are in the newest part of the log.
 * in-flight: resident memory of a million records in flight.
 * out-of-order: ten million records acknowledged at random behind a thousand that are not; the process is killed, and the
 * first receive of the next one is timed. many-queues: what twenty queues over a thousand shards cost the puts. waiting: memory of 10,000 receives that wait.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { parseArgs } from "node:util";
import { applyRuntimeFlags } from "../src/cli/runtime-flags.ts";
import { CompactionThread } from "../src/engine/embedded/compaction/compaction-thread.ts";
import { EmbeddedEngine } from "../src/engine/embedded/embedded-engine.ts";
import { nodeDisk } from "../src/engine/embedded/io/node-disk.ts";
import type { Engine } from "../src/engine/engine.ts";
import { MemoryEngine } from "../src/engine/memory/memory-engine.ts";
import { storeRecords } from "../src/shards/store-records.ts";
import { systemClock } from "../src/time/system-clock.ts";
import { incomingRecords } from "../test/support/incoming-records-of.ts";
import { QueueSession, type QueueSettings } from "../test/support/queue-session.ts";
import { median } from "./report.ts";

applyRuntimeFlags(process.env);
const { values: flags } = parseArgs({
  options: {
    only: { type: "string", default: "drain,in-flight,out-of-order,many-queues,waiting" },
    records: { type: "string", default: "500000" },
    engine: { type: "string", default: "embedded,memory" },
    acknowledged: { type: "string", default: "10000000" },
    callers: { type: "string", default: "256" },
    child: { type: "string" },
  },
});
const callers = Number(flags.callers);
const mebibyte = 1024 * 1024;
const recordsPerPut = 500;
/** Less than the newest 32 MiB of the log: consumers that keep up read these. */
const recordsPerRound = 20_000;
const recordsPerPhase = 40_000;
const settings = {
  shardCount: 4,
  receiveCountMax: 6,
  visibilitySeconds: 3600,
  changeBytesMax: 256 * 1024,
  inFlightMax: 1_100_000,
};

async function open(
  kind: string,
  directory: string,
  sessionSettings: QueueSettings = settings,
): Promise<{ readonly engine: Engine; readonly session: QueueSession }> {
  const engine =
    kind === "memory"
      ? new MemoryEngine({ clock: systemClock, memoryBudgetBytes: 4096 * mebibyte })
      : new EmbeddedEngine({ directory, disk: nodeDisk, clock: systemClock, jobs: new CompactionThread(systemClock) });
  await engine.open();
  return { engine, session: await QueueSession.open(engine, systemClock, sessionSettings, Date.now() % 2 ** 32) };
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

function collectGarbage(): void {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
}

/** Resident memory after a collection. */
function residentBytes(): number {
  collectGarbage();
  return process.memoryUsage.rss();
}

/** Heap and buffers after a collection. What is resident also has memory that was used before and is free. */
function allocatedBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function inMiB(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)} MiB`;
}

/** Receives so many records in calls of ten and returns their handles. */
async function receiveAll({ queues, ref }: QueueSession, count: number): Promise<readonly string[]> {
  const { signal } = new AbortController();
  const handles: string[] = [];
  while (handles.length < count) {
    const { records, receiptHandles } = await queues.receive(ref, {
      kind: "live",
      recordsMax: 10,
      waitSeconds: 1,
      signal,
    });
    records.lease?.[Symbol.dispose]();
    handles.push(...receiptHandles);
  }
  return handles;
}

async function inFlight(count: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const { engine, session } = await open("embedded", directory);
  await fill(session, count + 300_000, 10);
  // The heap is as large as receives make it, with nothing in flight.
  await drainOnce(session, 200_000);
  const before = residentBytes();
  const allocatedBefore = allocatedBytes();
  for (let left = count; left > 0; left -= 10_000) await receiveAll(session, 10_000);
  const more = residentBytes() - before;
  const { inFlightCount } = session.queues.figures(session.ref.queue.id) ?? {};
  const allocated = inMiB(allocatedBytes() - allocatedBefore);
  console.log(
    `in flight: ${inFlightCount} records take ${allocated} of heap and buffers more, ${inMiB(more)} resident`,
  );
  await session.close();
  await engine.close();
  rmSync(directory, { recursive: true });
}

/** The process that is killed: acknowledges all but a thousand records, in another order than that of the records. */
async function acknowledgeOutOfOrder(directory: string, count: number): Promise<void> {
  const { session } = await open("embedded", directory);
  const step = 500_000;
  for (let done = 0; done < count; done += step) {
    await fill(session, step, 10);
    const handles = [...(await receiveAll(session, step))];
    for (let i = handles.length - 1; i > 0; i--) {
      const other = Math.floor(Math.random() * (i + 1));
      [handles[i], handles[other]] = [handles[other] as string, handles[i] as string];
    }
    const kept = Math.floor((1_000 * step) / count);
    let next = kept;
    const acknowledgeOne = async (): Promise<void> => {
      while (next < handles.length) {
        const some = handles.slice(next, next + 10);
        next += 10;
        await session.queues.acknowledge(session.ref, "live", some);
      }
    };
    await Promise.all(Array.from({ length: callers }, acknowledgeOne));
  }
  process.send?.(process.memoryUsage.rss());
  process.kill(process.pid, "SIGKILL");
}

async function outOfOrder(count: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const child = fork(import.meta.filename, ["--child", directory, "--records", String(count)], {
    execArgv: process.execArgv,
  });
  await once(child, "exit");
  const before = residentBytes();
  const startedMs = performance.now();
  const { engine, session } = await open("embedded", directory);
  const openedMs = performance.now();
  const allocatedBefore = allocatedBytes();
  const loadingMs = performance.now();
  const cpuBefore = process.cpuUsage();
  const first = await receiveAll(session, 1);
  const receivedMs = performance.now();
  const { user, system } = process.cpuUsage(cpuBefore);
  const more = residentBytes() - before;
  const allocated = inMiB(allocatedBytes() - allocatedBefore);
  const figures = session.queues.figures(session.ref.queue.id);
  console.log(
    `out of order: ${count} acknowledged behind ${(figures?.visibleCount ?? 0) + first.length}; the first receive after a kill took`,
    `${Math.round(receivedMs - loadingMs)} ms, ${Math.round((user + system) / 1000)} ms of CPU; ${Math.round(openedMs - startedMs)} ms before it to open the engine;`,
    `the queue takes ${allocated} of heap and buffers, ${inMiB(more)} resident with the engine`,
  );
  await session.close();
  await engine.close();
  rmSync(directory, { recursive: true });
}

/** Puts of 500 over a thousand shards: with no queue in memory, and with twenty, in turns. */
async function manyQueues(queueCount: number): Promise<void> {
  const directories = [0, 1].map(() => mkdtempSync(join(tmpdir(), "millrace-bench-")));
  const opened = await Promise.all(
    directories.map((directory) => open("embedded", directory, { ...settings, shardCount: 1_000 })),
  );
  const [alone, watched] = opened.map(({ session }) => session) as [QueueSession, QueueSession];
  const { revision, queue } = watched.ref;
  const rows = await Promise.all(
    Array.from({ length: queueCount - 1 }, async (_, i) => {
      const id = `queue-${i}`;
      return { ...queue, id, name: id, stateLog: await watched.queues.openStateLog(id) };
    }),
  );
  const queues = [queue, ...rows];
  const current = await watched.shards.registry.replace(revision, { ...revision.stream, queues });
  const { signal } = new AbortController();
  const request = { kind: "live", recordsMax: 1, waitSeconds: 1, signal } as const;
  await Promise.all(queues.map((row) => watched.queues.receive({ revision: current, queue: row }, request)));
  const usEach = async (session: QueueSession): Promise<number> => {
    const before = process.cpuUsage();
    await fill(session, recordsPerPhase, 100);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / recordsPerPhase;
  };
  const ratios: number[] = [];
  for (let round = 0; round < 13; round++) {
    const without = await usEach(alone);
    const withQueues = await usEach(watched);
    // The first one warms up.
    if (round > 0) ratios.push(withQueues / without);
  }
  console.log(
    `many queues: puts cost ${median(ratios).toFixed(3)} of the CPU with ${queueCount} queues on their stream`,
  );
  for (const { engine, session } of opened) {
    await session.close();
    await engine.close();
  }
  for (const directory of directories) rmSync(directory, { recursive: true });
}

async function waiting(count: number): Promise<void> {
  const { engine, session } = await open("memory", "");
  const { queues, ref } = session;
  const request = { kind: "live", recordsMax: 10, waitSeconds: 20 } as const;
  const ended = new AbortController();
  await queues.receive(ref, { ...request, waitSeconds: 1, signal: ended.signal });
  const before = residentBytes();
  const heapBefore = process.memoryUsage().heapUsed;
  const receives = Array.from({ length: count }, () =>
    queues.receive(ref, { ...request, signal: new AbortController().signal }),
  );
  for (let turns = 0; turns < 10; turns++) await nextTurn();
  const more = residentBytes() - before;
  const heapMore = process.memoryUsage().heapUsed - heapBefore;
  console.log(
    `waiting: ${count} receives take ${Math.round(heapMore / count)} bytes of heap each, ${Math.round(more / count)} resident`,
  );
  queues.drain();
  await Promise.all(receives);
  await session.close();
  await engine.close();
}

// Timers of the server do not keep a process alive.
const alive = setInterval(() => undefined, 1_000);
const only = flags.only.split(",");
const count = Number(flags.records);
if (flags.child !== undefined) await acknowledgeOutOfOrder(flags.child, count);
if (only.includes("drain")) for (const kind of flags.engine.split(",")) await drain(kind, count);
if (only.includes("in-flight")) await inFlight(1_000_000);
if (only.includes("out-of-order")) await outOfOrder(Number(flags.acknowledged));
if (only.includes("many-queues")) await manyQueues(20);
if (only.includes("waiting")) await waiting(10_000);
clearInterval(alive);
