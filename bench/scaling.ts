/**
 * What the scaling of on-demand streams costs, as a part of one core: `node bench/scaling.ts [streams]`. Each stream of four
 * shards is written to all the time, or none is.
 */
import { ScalingSweep } from "../src/background/scaling-sweep.ts";
import { MemoryDocumentStore } from "../src/engine/memory/memory-document-store.ts";
import { StreamRegistry } from "../src/registry/stream-registry.ts";
import { ShardTraffic, StreamTraffic, TrafficCounts } from "../src/shards/traffic-counts.ts";
import { planCreate } from "../src/streams/resharding/reshard-plan.ts";
import type { Stream } from "../src/streams/stream.ts";

const streamCount = Number(process.argv[2] ?? 1_000);
const shardCount = 4;
const sweeps = 40;
/** How often a server sweeps while something is written. */
const sweepSeconds = 15;
/** Below what four shards take without another one. */
const recordsPerSweep = 400 * sweepSeconds;

let nowMs = 1_800_000_000_000;
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, delay: () => Promise.resolve() };
const documents = new MemoryDocumentStore();
documents.open();
const registry = new StreamRegistry(documents, clock, () => undefined);
const counts = new TrafficCounts();
const shards = planCreate(shardCount).map((planned) => ({ ...planned, createSecond: 0, placement: {} }));
for (let i = 0; i < streamCount; i++) {
  const stream: Stream = {
    ...{ account: "000000000000", region: "us-east-1", name: `stream-${i}`, id: `id-${i}` },
    ...{ status: "ACTIVE", mode: "ON_DEMAND", createdMs: nowMs, retentionHours: 24, recordKiBMax: 1024, tags: {} },
    ...{ shards, nextShardIndex: shardCount },
  };
  const traffic = new StreamTraffic(await registry.create(stream));
  for (const { index } of shards) traffic.shards.set(index, new ShardTraffic());
  counts.streams.set(stream.id, traffic);
}
const scaling = new ScalingSweep({
  ...{ registry, clock, counts, table: undefined, serverShardCountMax: 1e6, transitionDelayMs: 0 },
  newId: () => "id",
  splitsHotShards: false,
});

async function report(name: string, records: number): Promise<void> {
  const sweepOnce = async (): Promise<void> => {
    nowMs += sweepSeconds * 1_000;
    for (const traffic of counts.streams.values()) {
      if (records === 0) continue;
      traffic.storedAtMs = nowMs;
      for (const shard of traffic.shards.values()) {
        shard.incomingRecords += records;
        shard.incomingBytes += 100 * records;
      }
    }
    await scaling.sweep();
  };
  for (let i = 0; i < sweeps; i++) await sweepOnce();
  const before = process.cpuUsage();
  for (let i = 0; i < sweeps; i++) await sweepOnce();
  const { user, system } = process.cpuUsage(before);
  const share = (user + system) / 1e6 / (sweeps * sweepSeconds);
  console.log(`${streamCount} on-demand streams, ${name}: ${(share * 100).toFixed(3)} % of a core`);
}

await report("all written to", recordsPerSweep);
await report("none written to", 0);
