/**
 * Measures how long a record takes from the client's put to the subscriber:
 *   node_modules/.bin/node bench/push.ts [--seconds 10] [--shards 1000] [--only millrace|kinesis-local]
 * First one shard, 50 records a second put one by one over another connection; then one subscription on each of many
 * shards at one record a second each. Client and server share the machine; put and push are timed by one clock.
 */
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { activeConsumerArn, activeStreamArn, call, headersFor } from "../test/support/kinesis-call.ts";
import { buildServer } from "./build-server.ts";
import { contestants } from "./contestants.ts";
import { installPeers } from "./peers.ts";
import { cpuSeconds } from "./process-figures.ts";
import { subscribe } from "./subscriber.ts";

const { values: flags } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    shards: { type: "string", default: "1000" },
    only: { type: "string", default: "" },
  },
});
const seconds = Number(flags.seconds);
const recordsPerSecond = 50;
const recordsPerRequest = 20;
/** The most that one subscriber waits for its last record. */
const lastRecordMsMax = 10_000;

function stamp(): string {
  return Buffer.from(String(performance.now())).toString("base64");
}

/** Milliseconds since the `stamp()` that a record carries. */
function ageOf(data: Buffer, atMs: number): number {
  return atMs - Number(data.toString());
}

function percentiles(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return `p50 ${at(0.5).toFixed(2)} ms, p99 ${at(0.99).toFixed(2)} ms (${sorted.length} samples)`;
}

async function oneShard(endpoint: string): Promise<void> {
  const StreamName = "push-one";
  await call(endpoint, "CreateStream", { StreamName, ShardCount: 1 });
  const consumerArn = await activeConsumerArn(endpoint, await activeStreamArn(endpoint, StreamName), "bench");
  const ages: number[] = [];
  const acks: number[] = [];
  const stop = await subscribe(endpoint, {
    consumerArn,
    shardId: "shardId-000000000000",
    onRecord: (data, atMs) => ages.push(ageOf(data, atMs)),
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const count = seconds * recordsPerSecond;
  for (let i = 0; i < count; i++) {
    const begin = performance.now();
    await put(endpoint, agent, { StreamName, PartitionKey: "k", Data: stamp() });
    acks.push(performance.now() - begin);
    await pause(Math.max(0, 1000 / recordsPerSecond - (performance.now() - begin)));
  }
  await until(() => ages.length >= count);
  stop();
  agent.destroy();
  console.log(`  put ack    ${percentiles(acks)}`);
  console.log(`  push       ${percentiles(ages)}`);
}

async function manyShards(endpoint: string, pid: number, shardCount: number): Promise<void> {
  const StreamName = "push-many";
  await call(endpoint, "CreateStream", { StreamName, ShardCount: shardCount });
  const consumerArn = await activeConsumerArn(endpoint, await activeStreamArn(endpoint, StreamName), "bench");
  const ages: number[] = [];
  const onRecord = (data: Buffer, atMs: number) => ages.push(ageOf(data, atMs));
  const stops: (() => void)[] = [];
  for (let shard = 0; shard < shardCount; shard++) {
    stops.push(
      await subscribe(endpoint, { consumerArn, shardId: `shardId-${String(shard).padStart(12, "0")}`, onRecord }),
    );
  }
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const step = 2n ** 128n / BigInt(shardCount);
  const cpuBefore = cpuSeconds(pid);
  const begin = performance.now();
  let sent = 0;
  const answers: Promise<void>[] = [];
  for (; performance.now() - begin < seconds * 1000; sent += recordsPerRequest) {
    const Records = Array.from({ length: recordsPerRequest }, (_, i) => ({
      PartitionKey: "k",
      ExplicitHashKey: String(step * BigInt((sent + i) % shardCount)),
      Data: stamp(),
    }));
    answers.push(put(endpoint, agent, { StreamName, Records }));
    await pause(Math.max(0, ((sent + recordsPerRequest) / shardCount) * 1000 - (performance.now() - begin)));
  }
  await Promise.all(answers);
  await until(() => ages.length >= sent);
  const cpuShare = (cpuSeconds(pid) - cpuBefore) / ((performance.now() - begin) / 1000);
  for (const stop of stops) stop();
  agent.destroy();
  console.log(`  push       ${percentiles(ages)}, server CPU ${(100 * cpuShare).toFixed(0)} % of one core`);
}

async function until(isDone: () => boolean): Promise<void> {
  const begin = performance.now();
  while (!isDone()) {
    if (performance.now() - begin > lastRecordMsMax) throw new Error("records are missing");
    await pause(5);
  }
}

async function put(endpoint: string, agent: Agent, input: object): Promise<void> {
  const operation = "Records" in input ? "PutRecords" : "PutRecord";
  const sent = request(endpoint, { method: "POST", headers: headersFor(operation), agent });
  sent.end(JSON.stringify(input));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  if (response.statusCode !== 200) throw new Error(`${operation} answered ${response.statusCode}`);
}

buildServer();
const here = new Set(["millrace durable", ...installPeers(["kinesis-local"])]);
console.log(`node ${process.version}, ${new Date().toISOString()}`);
for (const { name, start } of contestants) {
  if (!here.has(name) || !name.includes(flags.only)) continue;
  const server = await start();
  const endpoint = `http://127.0.0.1:${server.port}`;
  try {
    console.log(`\n${name}: one shard, ${recordsPerSecond} records/s`);
    await oneShard(endpoint);
    if (name !== "millrace durable") continue;
    console.log(`\n${name}: ${flags.shards} shards, one subscription and one record/s each`);
    await manyShards(endpoint, server.pid, Number(flags.shards));
  } catch (error) {
    console.log(`  failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = name === "kinesis-local" ? process.exitCode : 1;
  } finally {
    await server.stop();
  }
}
