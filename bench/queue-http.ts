/**
 * Queues over HTTP/1.1 in JSON, durable, beside PutRecord on the same server with the same client:
 *   node_modules/.bin/node bench/queue-http.ts [--seconds 4]
 * The client shares the machine and one thread with itself: compare only figures of one run.
 */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { KinesisConnection } from "../test/support/kinesis-connection.ts";
import { ServerProcess } from "../test/support/start-server.ts";

const { values: flags } = parseArgs({ options: { seconds: { type: "string", default: "4" } } });
const seconds = Number(flags.seconds);
const connectionCount = 32;
const StreamName = "orders";
const recordBytes = 1024;
const latencySamples = 200;

interface Received {
  readonly QueueRecords: readonly { readonly ReceiptHandle: string; readonly Data: string }[];
}

/** Calls per second over all connections. */
async function rateOf(endpoint: string, act: (connection: KinesisConnection) => Promise<number>): Promise<number> {
  const endMs = performance.now() + seconds * 1000;
  const startedMs = performance.now();
  let calls = 0;
  const actOn = async (): Promise<void> => {
    const connection = new KinesisConnection(endpoint);
    while (performance.now() < endMs) {
      const made = await act(connection);
      calls += made;
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connectionCount }, actOn));
  return calls / ((performance.now() - startedMs) / 1000);
}

async function createQueue(connection: KinesisConnection): Promise<string> {
  await connection.call("CreateStream", { StreamName, StreamModeDetails: { StreamMode: "ON_DEMAND" } });
  interface Summary {
    readonly StreamDescriptionSummary: { readonly StreamStatus: string; readonly StreamARN: string };
  }
  let summary: Summary["StreamDescriptionSummary"];
  do {
    await pause(20);
    summary = (await connection.call<Summary>("DescribeStreamSummary", { StreamName })).StreamDescriptionSummary;
  } while (summary.StreamStatus !== "ACTIVE");
  interface Described {
    readonly QueueDescription: { readonly QueueARN: string; readonly QueueStatus: string };
  }
  const created = await connection.call<Described>("CreateQueue", {
    QueueName: "work",
    StreamConfigurationList: [{ StreamARN: summary.StreamARN, StartingPosition: { Type: "LATEST" } }],
  });
  const { QueueARN } = created.QueueDescription;
  let status: string;
  do {
    await pause(20);
    status = (await connection.call<Described>("DescribeQueue", { QueueARN })).QueueDescription.QueueStatus;
  } while (status !== "ACTIVE");
  return QueueARN;
}

async function fill(connection: KinesisConnection, count: number): Promise<void> {
  const Data = Buffer.alloc(recordBytes, "d").toString("base64");
  for (let done = 0; done < count; done += 500) {
    const Records = Array.from({ length: 500 }, (_, i) => ({ Data, PartitionKey: `${done + i}` }));
    await connection.call("PutRecords", { StreamName, Records });
  }
}

function percentile(values: readonly number[], share: number): string {
  return (values.toSorted((one, other) => one - other)[Math.floor(values.length * share)] ?? Number.NaN).toFixed(2);
}

await using server = await ServerProcess.start();
const { endpoint } = server;
const connection = new KinesisConnection(endpoint);
const QueueARN = await createQueue(connection);
const Data = Buffer.alloc(recordBytes, "d").toString("base64");

async function put(on: KinesisConnection): Promise<number> {
  await on.call("PutRecord", { StreamName, PartitionKey: `${Math.random()}`, Data });
  return 1;
}

async function work(on: KinesisConnection): Promise<number> {
  const { QueueRecords } = await on.call<Received>("ReceiveQueueRecords", { QueueARN, WaitTimeSeconds: 1 });
  if (QueueRecords.length === 0) return 1;
  const Entries = QueueRecords.map(({ ReceiptHandle }) => ({ ReceiptHandle }));
  await on.call("AcknowledgeQueueRecords", { QueueARN, Entries });
  return 2;
}

await rateOf(endpoint, put);
const putRate = await rateOf(endpoint, put);
await fill(connection, 20_000 * seconds);
await rateOf(endpoint, work);
const workRate = await rateOf(endpoint, work);
console.log(`PutRecord of 1 KiB: ${Math.round(putRate)} calls/s over ${connectionCount} connections`);
console.log(
  `receive 10 and acknowledge 10: ${Math.round(workRate)} calls/s, ${(workRate / putRate).toFixed(2)} of PutRecord's`,
);
while (
  (await connection.call<Received>("ReceiveQueueRecords", { QueueARN, WaitTimeSeconds: 1 })).QueueRecords.length > 0
);

const ages: number[] = [];
const receiver = new KinesisConnection(endpoint);
const receiving = (async (): Promise<void> => {
  while (ages.length < latencySamples) {
    const { QueueRecords } = await receiver.call<Received>("ReceiveQueueRecords", { QueueARN, WaitTimeSeconds: 20 });
    const nowMs = performance.now();
    for (const record of QueueRecords) ages.push(nowMs - Number(Buffer.from(record.Data, "base64").toString()));
  }
})();
await pause(100);
for (let i = 0; i < latencySamples; i++) {
  const stamp = Buffer.from(String(performance.now())).toString("base64");
  await connection.call("PutRecord", { StreamName, PartitionKey: `${i}`, Data: stamp });
  await pause(20);
}
await receiving;
console.log(`put to waiting receive: p50 ${percentile(ages, 0.5)} ms, p99 ${percentile(ages, 0.99)} ms`);
receiver.close();
connection.close();
