import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { activeStreamArn, call } from "../../support/kinesis-call.ts";
import { hasNatsServer, NatsServers } from "../../support/nats-servers.ts";
import { ServerProcess } from "../../support/start-server.ts";

const StreamName = "orders";
const waitMsMax = 60_000;

interface Described {
  readonly QueueDescription: { readonly QueueARN: string; readonly QueueStatus: string };
}

interface QueueRecord {
  readonly ReceiptHandle: string;
  readonly Data: string;
  readonly ReceiveCount: number;
}

interface EntryResults {
  readonly Successful: readonly unknown[];
  readonly Failed: readonly { readonly ErrorCode: string }[];
}

async function makeQueue(endpoint: string, attributes: object = {}): Promise<string> {
  await call(endpoint, "CreateStream", { StreamName, StreamModeDetails: { StreamMode: "ON_DEMAND" } });
  const StreamARN = await activeStreamArn(endpoint, StreamName);
  const { QueueDescription } = await call<Described>(endpoint, "CreateQueue", {
    QueueName: "work",
    StreamConfigurationList: [{ StreamARN, StartingPosition: { Type: "TRIM_HORIZON" } }],
    QueueAttributes: attributes,
  });
  const { QueueARN } = QueueDescription;
  const startMs = performance.now();
  for (;;) {
    const described = await call<Described>(endpoint, "DescribeQueue", { QueueARN });
    if (described.QueueDescription.QueueStatus === "ACTIVE") return QueueARN;
    assert(performance.now() - startMs < waitMsMax, "the queue does not become ACTIVE");
    await pause(5);
  }
}

async function put(endpoint: string, texts: readonly string[]): Promise<void> {
  const Records = texts.map((text) => ({ Data: Buffer.from(text).toString("base64"), PartitionKey: text }));
  await call(endpoint, "PutRecords", { StreamName, Records });
}

/** Records of one receive, also of one that another gateway has to carry out. */
async function receive(endpoint: string, QueueARN: string, WaitTimeSeconds = 20): Promise<readonly QueueRecord[]> {
  const input = { QueueARN, WaitTimeSeconds };
  return (await call<{ QueueRecords: QueueRecord[] }>(endpoint, "ReceiveQueueRecords", input)).QueueRecords;
}

async function receiveCount(endpoints: readonly string[], QueueARN: string, count: number): Promise<QueueRecord[]> {
  const records: QueueRecord[] = [];
  const startMs = performance.now();
  for (let turn = 0; records.length < count; turn += 1) {
    assert(performance.now() - startMs < waitMsMax, `${records.length} of ${count} records came`);
    records.push(...(await receive(endpoints[turn % endpoints.length] as string, QueueARN)));
  }
  return records;
}

async function acknowledge(endpoint: string, QueueARN: string, records: readonly QueueRecord[]): Promise<void> {
  for (let from = 0; from < records.length; from += 10) {
    const Entries = records.slice(from, from + 10).map(({ ReceiptHandle }) => ({ ReceiptHandle }));
    const { Failed } = await call<EntryResults>(endpoint, "AcknowledgeQueueRecords", { QueueARN, Entries });
    assert.deepEqual(Failed, []);
  }
}

const textOf = ({ Data }: QueueRecord): string => Buffer.from(Data, "base64").toString();
const textsOf = (records: readonly QueueRecord[]): readonly string[] => records.map(textOf).sort();

function namesOf(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${prefix} ${i}`);
}

test("a queue over NATS gives every record once, dead letters too, and its state outlives kill -9", async (t) => {
  if (!hasNatsServer(t)) return;
  await using servers = await NatsServers.start({ nodeCount: 1 });
  const env = { MILLRACE_NATS: servers.urls.join(",") };
  await using gateway = await ServerProcess.start({ args: ["--engine", "jetstream", "--allow-degraded"], env });
  const { endpoint } = gateway;
  const QueueARN = await makeQueue(endpoint, {
    VisibilityTimeoutSeconds: 3600,
    DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount: 1 },
  });
  const texts = [...namesOf("together", 30)];
  await put(endpoint, texts);
  // Each in a message of its own, with gaps between their positions.
  for (const text of namesOf("alone", 12)) {
    await put(endpoint, [text]);
    texts.push(text);
  }
  const received = await receiveCount([endpoint], QueueARN, texts.length);
  assert.deepEqual(textsOf(received), texts.toSorted());
  const [poison, ...others] = received as [QueueRecord, ...QueueRecord[]];
  const kept = others.slice(0, 7);
  await acknowledge(endpoint, QueueARN, others.slice(7));
  const failing = { QueueARN, Entries: [{ ReceiptHandle: poison.ReceiptHandle, VisibilityTimeoutSeconds: 0 }] };
  await call(endpoint, "UpdateQueueRecordsVisibility", failing);
  const deadInput = { QueueARN, WaitTimeSeconds: 20 };
  const dead = await call<{ QueueRecords: QueueRecord[] }>(endpoint, "ReceiveDeadLetterQueueRecords", deadInput);
  assert.deepEqual(textsOf(dead.QueueRecords), [textOf(poison)]);
  const Entries = dead.QueueRecords.map(({ ReceiptHandle }) => ({ ReceiptHandle }));
  await call(endpoint, "RestoreDeadLetterQueueRecords", { QueueARN, Entries });

  await gateway.kill("SIGKILL");
  await gateway.restart();
  const again = await receiveCount([gateway.endpoint], QueueARN, kept.length + 1);
  assert.deepEqual(textsOf(again), textsOf([...kept, poison]));
  await acknowledge(gateway.endpoint, QueueARN, again);
  assert.deepEqual(await receive(gateway.endpoint, QueueARN, 1), []);
  await call(gateway.endpoint, "DeleteQueue", { QueueARN });
});

test("two gateways serve one queue: its owner gives the records, and when it is killed or paused the other does", async (t) => {
  if (!hasNatsServer(t)) return;
  await using servers = await NatsServers.start({ nodeCount: 1 });
  const env = { MILLRACE_NATS: servers.urls.join(",") };
  const args = ["--engine", "jetstream", "--allow-degraded"];
  await using first = await ServerProcess.start({ args, env });
  await using second = await ServerProcess.start({ args, env });
  const both = [first.endpoint, second.endpoint];
  const QueueARN = await makeQueue(first.endpoint, { VisibilityTimeoutSeconds: 3600 });

  // A put through either wakes a receive through the other.
  for (const [from, to] of [both, both.toReversed()] as [string, string][]) {
    const waiting = receive(to, QueueARN);
    await put(from, [`through ${both.indexOf(from)}`]);
    const records = await waiting;
    assert.deepEqual(textsOf(records), [`through ${both.indexOf(from)}`]);
    await acknowledge(from, QueueARN, records);
  }
  const texts = namesOf("record", 60);
  await put(second.endpoint, texts);
  const received = await receiveCount(both, QueueARN, texts.length);
  assert.deepEqual(textsOf(received), texts.toSorted(), "no record comes twice");
  await acknowledge(second.endpoint, QueueARN, received.slice(0, 40));

  // The first call was the second gateway's: it owns the queue.
  await second.kill("SIGKILL");
  const again = await receiveCount([first.endpoint], QueueARN, 20);
  assert.deepEqual(textsOf(again), textsOf(received.slice(40)));
  await acknowledge(first.endpoint, QueueARN, again.slice(0, 10));

  await second.restart();
  process.kill(first.pid, "SIGSTOP");
  const taken = await receiveCount([second.endpoint], QueueARN, 10);
  assert.deepEqual(textsOf(taken), textsOf(again.slice(10)));
  await acknowledge(second.endpoint, QueueARN, taken);
  process.kill(first.pid, "SIGCONT");
  assert.deepEqual(await receive(first.endpoint, QueueARN, 1), [], "an owner that was paused gives nothing again");
  await put(first.endpoint, ["last"]);
  assert.deepEqual(textsOf(await receive(first.endpoint, QueueARN)), ["last"]);
});
