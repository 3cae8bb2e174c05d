/**
 * Queues over HTTP/1.1 in JSON, durable, beside PutRecord on the same server with the same client, in turns:
 *   node_modules/.bin/node bench/queue-http.ts [--seconds 2] [--rounds 5] [--profile DIRECTORY]
 * The client shares the machine and has one thread: compare only figures of one run.
 */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { activeStreamArn } from "../test/support/kinesis-call.ts";
import { buildServer } from "./build-server.ts";
import { builtServer, startMillraceServer } from "./contestants.ts";
import { cpuSeconds } from "./process-figures.ts";
import { RawConnection } from "./raw-connection.ts";
import { median, quantile } from "./report.ts";
import { StreamCaller } from "./steps.ts";
import { type PreparedRequest, plainWire, prepareRequest } from "./wire.ts";

const { values: flags } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    profile: { type: "string" },
  },
});
const seconds = Number(flags.seconds);
const connectionCount = 32;
const StreamName = "orders";
const Data = Buffer.alloc(1024, "d").toString("base64");
const latencySamples = 300;
/** More than a phase works off. */
const recordsPerSecondMax = 80_000;
const recordsPerPut = 500;

interface Phase {
  readonly callsPerSecond: number;
  /** CPU of the server for each call, us. */
  readonly cpuUs: number;
}

buildServer();
const profiling = ["--cpu-prof", `--cpu-prof-dir=${flags.profile}`, "--cpu-prof-interval=200"];
const program = builtServer(flags.profile === undefined ? [] : profiling);
const server = await startMillraceServer("durable", { program });
const connections = await Promise.all(
  Array.from({ length: connectionCount }, () => RawConnection.open(server.port, { isTls: false })),
);
const control = await RawConnection.open(server.port, { isTls: false });
const caller = new StreamCaller(control, plainWire);

async function createQueue(): Promise<string> {
  await caller.call("CreateStream", { StreamName, StreamModeDetails: { StreamMode: "ON_DEMAND" } });
  const StreamARN = await activeStreamArn(`http://127.0.0.1:${server.port}`, StreamName);
  interface Described {
    readonly QueueDescription: { readonly QueueARN: string; readonly QueueStatus: string };
  }
  const created = (await caller.call("CreateQueue", {
    QueueName: "work",
    StreamConfigurationList: [{ StreamARN, StartingPosition: { Type: "LATEST" } }],
    // Longer than a run.
    QueueAttributes: { VisibilityTimeoutSeconds: 3600 },
  })) as Described;
  const { QueueARN } = created.QueueDescription;
  let described: Described;
  do {
    await pause(20);
    described = (await caller.call("DescribeQueue", { QueueARN })) as Described;
  } while (described.QueueDescription.QueueStatus !== "ACTIVE");
  return QueueARN;
}

/** The headers of an operation: the server verifies no signature, and the client shall cost little. */
const headersByOperation = new Map<string, PreparedRequest["headers"]>();

async function send(connection: RawConnection, operation: string, input: object): Promise<Buffer> {
  const headers = headersByOperation.get(operation) ?? prepareRequest(operation, {}, plainWire).headers;
  headersByOperation.set(operation, headers);
  const { status, body } = await connection.send({ headers, body: Buffer.from(JSON.stringify(input)) });
  if (status !== 200) throw new Error(`${operation} answered ${status}: ${body.toString("utf8", 0, 300)}`);
  return body;
}

async function fill(count: number): Promise<void> {
  let left = count;
  const fillOn = async (connection: RawConnection): Promise<void> => {
    while (left > 0) {
      left -= recordsPerPut;
      const Records = Array.from({ length: recordsPerPut }, (_, i) => ({ Data, PartitionKey: `${left + i}` }));
      await send(connection, "PutRecords", { StreamName, Records });
    }
  };
  await Promise.all(connections.slice(0, 2).map(fillOn));
}

/** Calls over all connections until the time is over. `act` returns how many calls it made; 0 ends the phase. */
async function measure(act: (connection: RawConnection) => Promise<number>): Promise<Phase> {
  const startedMs = performance.now();
  const cpuBefore = cpuSeconds(server.pid);
  let endMs = startedMs + seconds * 1000;
  let calls = 0;
  const actOn = async (connection: RawConnection): Promise<void> => {
    while (performance.now() < endMs) {
      const made = await act(connection);
      if (made === 0) endMs = Math.min(endMs, performance.now());
      else if (performance.now() < endMs) calls += made;
    }
  };
  await Promise.all(connections.map(actOn));
  const cpuUs = ((cpuSeconds(server.pid) - cpuBefore) * 1e6) / calls;
  return { callsPerSecond: calls / ((endMs - startedMs) / 1000), cpuUs };
}

const QueueARN = await createQueue();
let putCount = 0;

async function put(connection: RawConnection): Promise<number> {
  putCount += 1;
  await send(connection, "PutRecord", { StreamName, PartitionKey: `${putCount}`, Data });
  return 1;
}

async function work(connection: RawConnection): Promise<number> {
  const received = await send(connection, "ReceiveQueueRecords", { QueueARN, WaitTimeSeconds: 1 });
  const Entries = [...received.toString("latin1").matchAll(/"ReceiptHandle":"([\w-]+)"/g)].map(([, ReceiptHandle]) => ({
    ReceiptHandle,
  }));
  if (Entries.length === 0) return 0;
  const answer = await send(connection, "AcknowledgeQueueRecords", { QueueARN, Entries });
  if (answer.includes('"ErrorCode"')) throw new Error(answer.toString());
  return 2;
}

const puts: Phase[] = [];
const works: Phase[] = [];
for (let round = 0; round <= Number(flags.rounds); round++) {
  const putting = await measure(put);
  await fill(recordsPerSecondMax * seconds);
  const working = await measure(work);
  // The first round warms the server up.
  if (round > 0) puts.push(putting);
  if (round > 0) works.push(working);
}
const medianOf = (phases: readonly Phase[], name: keyof Phase): number => median(phases.map((phase) => phase[name]));
const figures = (phases: readonly Phase[]): string =>
  `${medianOf(phases, "callsPerSecond").toFixed(0)} calls/s, ${medianOf(phases, "cpuUs").toFixed(0)} us of CPU each`;
const ratios = works.map(({ callsPerSecond }, i) => callsPerSecond / (puts[i]?.callsPerSecond ?? Number.NaN));
const cpuRatios = works.map(({ cpuUs }, i) => cpuUs / (puts[i]?.cpuUs ?? Number.NaN));
console.log(`PutRecord of 1 KiB: ${figures(puts)}, over ${connectionCount} connections`);
console.log(`receive 10 and acknowledge 10: ${figures(works)}`);
console.log(`${median(ratios).toFixed(2)} of PutRecord's calls, ${median(cpuRatios).toFixed(2)} of its CPU for each`);
let isLeft = true;
while (isLeft) isLeft = (await Promise.all(connections.map(work))).some((made) => made > 0);

const agesMs: number[] = [];
const putMs: number[] = [];
const receive = async (): Promise<void> => {
  const [receiver] = connections;
  if (receiver === undefined) throw new Error("the connections are open");
  while (agesMs.length < latencySamples) {
    const body = await send(receiver, "ReceiveQueueRecords", { QueueARN, WaitTimeSeconds: 20 });
    const nowMs = performance.now();
    for (const [, data = ""] of body.toString("latin1").matchAll(/"Data":"([^"]+)"/g)) {
      agesMs.push(nowMs - Number(Buffer.from(data, "base64").toString()));
    }
  }
};
const receiving = receive();
await pause(100);
for (let i = 0; i < latencySamples; i++) {
  const begunMs = performance.now();
  const Data = Buffer.from(String(begunMs)).toString("base64");
  await send(control, "PutRecord", { StreamName, PartitionKey: `${i}`, Data });
  putMs.push(performance.now() - begunMs);
  await pause(10);
}
await receiving;
const percentiles = (values: readonly number[]): string => {
  const sorted = values.toSorted((one, other) => one - other);
  return `p50 ${quantile(sorted, 0.5).toFixed(2)} ms, p99 ${quantile(sorted, 0.99).toFixed(2)} ms`;
};
console.log(`put to waiting receive: ${percentiles(agesMs)}; the put alone: ${percentiles(putMs)}`);
for (const connection of [control, ...connections]) connection.close();
await server.stop();
