/**
 * What a server takes while nothing happens: for each open connection, idle shard and idle subscription, its resident memory
 * and the CPU time of all of them together. The bare node:http server is the floor of connections:
 *   node_modules/.bin/node bench/idle.ts [--seconds 10]
 */
import { parseArgs } from "node:util";
import { activeConsumerArn, activeStreamArn } from "../test/support/kinesis-call.ts";
import { buildServer } from "./build-server.ts";
import { contestants } from "./contestants.ts";
import { cpuSeconds, residentMiB } from "./process-figures.ts";
import { RawConnection } from "./raw-connection.ts";
import { markdownTable } from "./report.ts";
import type { RunningServer } from "./server-process.ts";
import { subscribe } from "./subscriber.ts";
import { createStreams, pause } from "./volume-load.ts";
import { plainWire, prepareRequest } from "./wire.ts";

/** Below the limit of 10,000 that a server has. */
const connectionCount = 9_900;
const [shardStreams, shardsOfEach] = [10, 1_000];
/** 20 consumers, the most that a stream has, on 50 shards. */
const [consumerCount, consumedShards] = [20, 50];
/** Requests or subscriptions that are opened at once. */
const openedAtOnce = 50;
const settleMs = 2_000;

const { values: flags } = parseArgs({ options: { seconds: { type: "string", default: "10" } } });
const seconds = Number(flags.seconds);

interface State {
  readonly mebibytes: number;
  /** CPU time in each second, in ms. */
  readonly cpuMs: number;
}

async function idle({ pid }: RunningServer): Promise<State> {
  await pause(settleMs);
  const before = cpuSeconds(pid);
  await pause(seconds * 1_000);
  return { mebibytes: residentMiB(pid), cpuMs: ((cpuSeconds(pid) - before) / seconds) * 1_000 };
}

type Row = readonly [what: string, server: string, count: number, before: State, after: State];

async function measure(what: string, server: string, count: number, fill: (server: RunningServer) => Promise<unknown>) {
  const contestant = contestants.find(({ name }) => name === server);
  if (contestant === undefined) throw new Error(`no server is named ${server}`);
  const running = await contestant.start();
  try {
    const before = await idle(running);
    await fill(running);
    const row: Row = [what, server, count, before, await idle(running)];
    return row;
  } finally {
    await running.stop();
  }
}

/** Each has sent one request and waits for the next. */
async function openConnections({ port }: RunningServer): Promise<void> {
  const request = prepareRequest("ListStreams", {}, plainWire);
  await openMany(connectionCount, async () => {
    const connection = await RawConnection.open(port, plainWire);
    await connection.send(request);
  });
}

async function openSubscriptions({ port }: RunningServer): Promise<void> {
  const endpoint = `http://127.0.0.1:${port}`;
  await createStreams(port, ["idle"], consumedShards);
  const streamArn = await activeStreamArn(endpoint, "idle");
  const consumers: string[] = [];
  for (let index = 0; index < consumerCount; index++) {
    consumers.push(await activeConsumerArn(endpoint, streamArn, `consumer-${index}`));
  }
  await openMany(consumerCount * consumedShards, async (index) => {
    const shardId = `shardId-${String(index % consumedShards).padStart(12, "0")}`;
    const consumerArn = consumers[Math.floor(index / consumedShards)] ?? "";
    await subscribe(endpoint, { consumerArn, shardId, onRecord: () => undefined });
  });
}

async function openMany(count: number, open: (index: number) => Promise<unknown>): Promise<void> {
  for (let first = 0; first < count; first += openedAtOnce) {
    const indexes = Array.from({ length: Math.min(openedAtOnce, count - first) }, (_, offset) => first + offset);
    await Promise.all(indexes.map(open));
  }
}

buildServer();
const shardNames = Array.from({ length: shardStreams }, (_, index) => `idle-${index}`);
const rows = [
  await measure("open connection", "floor: parse", connectionCount, openConnections),
  await measure("open connection", "millrace durable", connectionCount, openConnections),
  await measure("idle shard", "millrace durable", shardStreams * shardsOfEach, ({ port }) =>
    createStreams(port, shardNames, shardsOfEach),
  ),
  await measure("idle subscription", "millrace durable", consumerCount * consumedShards, openSubscriptions),
];
console.log(`node ${process.version}, each state ${seconds} s long, ${new Date().toISOString()}\n`);
console.log(
  markdownTable([
    ["what", "server", "count", "KiB each", "CPU ms/s without", "CPU ms/s with all"],
    ...rows.map(([what, server, count, before, after]) => [
      what,
      server,
      count.toLocaleString("en-US"),
      (((after.mebibytes - before.mebibytes) * 1024) / count).toFixed(1),
      before.cpuMs.toFixed(0),
      after.cpuMs.toFixed(0),
    ]),
  ]),
);
process.exit(0);
