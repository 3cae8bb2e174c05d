import assert from "node:assert/strict";
import { test } from "node:test";
import { call, putTexts, textOf } from "../../support/kinesis-call.ts";
import { hasNatsServer, NatsServers } from "../../support/nats-servers.ts";
import {
  acknowledgeAll,
  activeQueueArn,
  entriesOf,
  type QueueRecord,
  type Received,
  receiveFromQueue,
} from "../../support/queue-call.ts";
import { ServerProcess } from "../../support/start-server.ts";

const StreamName = "orders";
/** Records of one receive, also of one that another gateway has to carry out. */
async function receive(endpoint: string, QueueARN: string, WaitTimeSeconds = 20): Promise<readonly QueueRecord[]> {
  const input = { QueueARN, WaitTimeSeconds };
  return (await call<Received>(endpoint, "ReceiveQueueRecords", input)).QueueRecords;
}

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
  const QueueARN = await activeQueueArn(endpoint, StreamName, {
    VisibilityTimeoutSeconds: 3600,
    DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount: 1 },
  });
  const texts = [...namesOf("together", 30)];
  await putTexts(endpoint, StreamName, texts);
  // Each in a message of its own, with gaps between their positions.
  for (const text of namesOf("alone", 12)) {
    await putTexts(endpoint, StreamName, [text]);
    texts.push(text);
  }
  const received = await receiveFromQueue(endpoint, QueueARN, texts.length);
  assert.deepEqual(textsOf(received), texts.toSorted());
  const [poison, ...others] = received as readonly [QueueRecord, ...QueueRecord[]];
  const kept = others.slice(0, 7);
  await acknowledgeAll(endpoint, QueueARN, others.slice(7));
  const failing = { QueueARN, Entries: [{ ReceiptHandle: poison.ReceiptHandle, VisibilityTimeoutSeconds: 0 }] };
  await call(endpoint, "UpdateQueueRecordsVisibility", failing);
  const deadInput = { QueueARN, WaitTimeSeconds: 20 };
  const dead = await call<Received>(endpoint, "ReceiveDeadLetterQueueRecords", deadInput);
  assert.deepEqual(textsOf(dead.QueueRecords), [textOf(poison)]);
  const Entries = entriesOf(dead.QueueRecords);
  await call(endpoint, "RestoreDeadLetterQueueRecords", { QueueARN, Entries });

  await gateway.kill("SIGKILL");
  await gateway.restart();
  const again = await receiveFromQueue(gateway.endpoint, QueueARN, kept.length + 1);
  assert.deepEqual(textsOf(again), textsOf([...kept, poison]));
  await acknowledgeAll(gateway.endpoint, QueueARN, again);
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
  const QueueARN = await activeQueueArn(first.endpoint, StreamName, { VisibilityTimeoutSeconds: 3600 });

  // A put through either wakes a receive through the other.
  for (const [from, to] of [both, both.toReversed()] as [string, string][]) {
    const waiting = receive(to, QueueARN);
    await putTexts(from, StreamName, [`through ${both.indexOf(from)}`]);
    const records = await waiting;
    assert.deepEqual(textsOf(records), [`through ${both.indexOf(from)}`]);
    await acknowledgeAll(from, QueueARN, records);
  }
  const texts = namesOf("record", 60);
  await putTexts(second.endpoint, StreamName, texts);
  const received = await receiveFromQueue(both, QueueARN, texts.length);
  assert.deepEqual(textsOf(received), texts.toSorted(), "no record comes twice");
  await acknowledgeAll(second.endpoint, QueueARN, received.slice(0, 40));

  // The first call was the second gateway's: it owns the queue.
  await second.kill("SIGKILL");
  const again = await receiveFromQueue(first.endpoint, QueueARN, 20);
  assert.deepEqual(textsOf(again), textsOf(received.slice(40)));
  await acknowledgeAll(first.endpoint, QueueARN, again.slice(0, 10));

  await second.restart();
  process.kill(first.pid, "SIGSTOP");
  const taken = await receiveFromQueue(second.endpoint, QueueARN, 10);
  assert.deepEqual(textsOf(taken), textsOf(again.slice(10)));
  await acknowledgeAll(second.endpoint, QueueARN, taken);
  process.kill(first.pid, "SIGCONT");
  assert.deepEqual(await receive(first.endpoint, QueueARN, 1), [], "an owner that was paused gives nothing again");
  await putTexts(first.endpoint, StreamName, ["last"]);
  assert.deepEqual(textsOf(await receive(first.endpoint, QueueARN)), ["last"]);
});
