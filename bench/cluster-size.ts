/**
 * How many streams and shards three NATS servers and two gateways bear:
 *   node_modules/.bin/node bench/cluster-size.ts [--streams 1000] [--shards 2000]
 * Streams of one shard each, then one stream of many shards: each is created, put to, listed, read and deleted, in calls
 * through both gateways in turn. Prints times, memory, and the CPU of all processes while nothing is asked.
 */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { activeStreamArn, call, readShard } from "../test/support/kinesis-call.ts";
import { NatsServers } from "../test/support/nats-servers.ts";
import { ServerProcess } from "../test/support/start-server.ts";
import { cpuSeconds, residentMiB } from "./process-figures.ts";
import { mean } from "./report.ts";

const { values: flags } = parseArgs({
  options: { streams: { type: "string", default: "1000" }, shards: { type: "string", default: "2000" } },
});
const callsInFlight = 8;
const shardsPerPut = 500;
/** What comes after a change, such as snapshots of the servers, is over then. */
const settleMs = 10_000;
const idleMs = 20_000;
const hashKeyCount = 2n ** 128n;

await using servers = await NatsServers.start({ nodeCount: 3 });
const env = servers.environment;
const startGateway = () => ServerProcess.start({ args: ["--engine", "jetstream"], env });
await using first = await startGateway();
await using second = await startGateway();
const gateways = [first, second] as const;
let callCount = 0;

/** The next gateway's address. */
function endpoint(): string {
  return (gateways[callCount++ % gateways.length] as ServerProcess).endpoint;
}

/** Does something for each number below `count`, some at a time, and prints how long all of it took. */
async function inParallel(title: string, count: number, work: (index: number) => Promise<void>): Promise<void> {
  const startMs = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: callsInFlight }, worker));
  const seconds = (performance.now() - startMs) / 1_000;
  console.log(`  ${title}: ${seconds.toFixed(1)} s, ${((seconds * 1_000) / count).toFixed(1)} ms each`);
}

/** Resident memory and CPU of the servers and the gateways while nothing is asked of them. */
async function printIdle(): Promise<void> {
  await pause(settleMs);
  const groups = [
    ["a server", servers.pids],
    ["a gateway", gateways.map(({ pid }) => pid)],
  ] as const;
  const before = groups.map(([, pids]) => pids.map(cpuSeconds));
  await pause(idleMs);
  for (const [index, [who, pids]] of groups.entries()) {
    const cpu = pids.map((pid, at) => (cpuSeconds(pid) - (before[index]?.[at] ?? 0)) / (idleMs / 1_000));
    console.log(
      `  idle, ${who}: ${(mean(cpu) * 100).toFixed(1)} % of a core, ${mean(pids.map(residentMiB)).toFixed(0)} MiB`,
    );
  }
}

async function listStreams(): Promise<number> {
  let count = 0;
  for (let NextToken: string | undefined, more = true; more; ) {
    const page: { readonly StreamNames: readonly string[]; readonly NextToken?: string } = await call(
      endpoint(),
      "ListStreams",
      { Limit: 100, ...(NextToken === undefined ? {} : { NextToken }) },
    );
    count += page.StreamNames.length;
    NextToken = page.NextToken;
    more = NextToken !== undefined;
  }
  return count;
}

async function listShards(StreamName: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let input: object | undefined = { StreamName }; input !== undefined; ) {
    const page: { readonly Shards: readonly { readonly ShardId: string }[]; readonly NextToken?: string } = await call(
      endpoint(),
      "ListShards",
      input,
    );
    ids.push(...page.Shards.map(({ ShardId }) => ShardId));
    input = page.NextToken === undefined ? undefined : { NextToken: page.NextToken };
  }
  return ids;
}

function assertCount(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${found} ${what}, not ${expected}`);
}

async function manyStreams(count: number): Promise<void> {
  console.log(`${count} streams of one shard`);
  const nameOf = (index: number): string => `stream-${index}`;
  await inParallel("create, until ACTIVE", count, async (index) => {
    await call(endpoint(), "CreateStream", { StreamName: nameOf(index), ShardCount: 1 });
    await activeStreamArn(endpoint(), nameOf(index));
  });
  await inParallel("put", count, async (index) => {
    await call(endpoint(), "PutRecord", { StreamName: nameOf(index), Data: "YQ==", PartitionKey: "a" });
  });
  await inParallel("list all", 1, async () => assertCount("streams", await listStreams(), count));
  await inParallel("read", count, async (index) => {
    const place = { StreamName: nameOf(index), ShardId: "shardId-000000000000" };
    assertCount("records", (await readShard(endpoint(), place)).length, 1);
  });
  await printIdle();
  await inParallel("delete", count, async (index) => {
    await call(endpoint(), "DeleteStream", { StreamName: nameOf(index) });
  });
  await inParallel("until all are gone", 1, async () => {
    while ((await listStreams()) > 0) await pause(100);
  });
}

async function manyShards(count: number): Promise<void> {
  console.log(`one stream of ${count} shards`);
  const StreamName = "wide";
  await inParallel("create, until ACTIVE", 1, async () => {
    await call(endpoint(), "CreateStream", { StreamName, ShardCount: count });
    await activeStreamArn(endpoint(), StreamName);
  });
  // One record for each shard.
  await inParallel(`put, ${shardsPerPut} shards a call`, Math.ceil(count / shardsPerPut), async (index) => {
    const length = Math.min(shardsPerPut, count - index * shardsPerPut);
    const Records = Array.from({ length }, (_, at) => {
      const shard = BigInt(index * shardsPerPut + at);
      const ExplicitHashKey = String((hashKeyCount * (2n * shard + 1n)) / (2n * BigInt(count)));
      return { Data: "YQ==", PartitionKey: "a", ExplicitHashKey };
    });
    const input = { StreamName, Records };
    const { FailedRecordCount } = await call<{ FailedRecordCount: number }>(endpoint(), "PutRecords", input);
    assertCount("failed records", FailedRecordCount, 0);
  });
  const shardIds: string[] = [];
  await inParallel("list all", 1, async () => void shardIds.push(...(await listShards(StreamName))));
  assertCount("shards", shardIds.length, count);
  await inParallel("read", count, async (index) => {
    const place = { StreamName, ShardId: shardIds[index] as string };
    assertCount("records", (await readShard(endpoint(), place)).length, 1);
  });
  await printIdle();
  await inParallel("delete, until gone", 1, async () => {
    await call(endpoint(), "DeleteStream", { StreamName });
    while ((await listStreams()) > 0) await pause(100);
  });
}

console.log(`node ${process.version}, ${new Date().toISOString()}`);
console.log("nothing");
await printIdle();
await manyShards(Number(flags.shards));
await manyStreams(Number(flags.streams));
