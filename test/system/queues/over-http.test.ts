/** Queues as clients meet them: long polls, restarts, both wire formats, the dev endpoints and metrics. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { decode, encode } from "cborg";
import { base64, type DevServer, startDevServer } from "../../support/dev-server.ts";
import { activeStreamArn, call, headersFor, putTexts, textOf } from "../../support/kinesis-call.ts";
import {
  activeQueueArn,
  type EntryResults,
  entriesOf,
  type Received,
  receiveFromQueue,
} from "../../support/queue-call.ts";
import { ServerProcess } from "../../support/start-server.ts";

const waitMsMax = 30_000;

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const startMs = performance.now();
  while (!(await holds())) {
    assert(performance.now() - startMs < waitMsMax, "waited in vain");
    await pause(5);
  }
}

async function waitingReceives(endpoint: string): Promise<number> {
  const metrics = await (await fetch(`${endpoint}/metrics`)).text();
  // The scrape itself is one of them.
  return Number(/requests_in_flight (\d+)/.exec(metrics)?.[1]) - 1;
}

test("a kill -9 keeps what was acknowledged away, and gives what was in flight again under handles still good", async () => {
  await using server = await ServerProcess.start({ args: ["--engine", "embedded"] });
  const QueueARN = await activeQueueArn(server.endpoint, "orders");
  const texts = Array.from({ length: 30 }, (_, i) => `record ${i}`);
  await putTexts(server.endpoint, "orders", texts);
  const first = await receiveFromQueue(server.endpoint, QueueARN, 30);
  const Entries = entriesOf(first.slice(0, 10));
  const { Successful } = await call<EntryResults>(server.endpoint, "AcknowledgeQueueRecords", { QueueARN, Entries });
  assert.equal(Successful.length, 10);
  await server.kill("SIGKILL");
  await server.restart();
  const handles = entriesOf(first.slice(10, 20));
  const late = await call<EntryResults>(server.endpoint, "AcknowledgeQueueRecords", { QueueARN, Entries: handles });
  assert.deepEqual(late.Failed, []);
  const again = await receiveFromQueue(server.endpoint, QueueARN, 10);
  assert.deepEqual(again.map(textOf).sort(), first.slice(20).map(textOf).sort());
});

test("a drain ends receives that wait with an empty list, and the server stops at once", async () => {
  await using server = await ServerProcess.start({ args: ["--engine", "memory"] });
  const QueueARN = await activeQueueArn(server.endpoint, "orders");
  const waiting = call<Received>(server.endpoint, "ReceiveQueueRecords", { QueueARN, WaitTimeSeconds: 20 });
  await until(async () => (await waitingReceives(server.endpoint)) === 1);
  const stopped = server.kill("SIGTERM");
  assert.deepEqual(await waiting, { QueueRecords: [] });
  assert.equal((await stopped).code, 0);
});

test("a client that leaves takes nothing in flight, and DeleteQueue ends the receives of the others", async () => {
  await using server = await startDevServer();
  const { endpoint } = server;
  const QueueARN = await activeQueueArn(endpoint, "jobs");
  const leaving = new AbortController();
  const body = JSON.stringify({ QueueARN, WaitTimeSeconds: 20 });
  const left = fetch(endpoint, {
    method: "POST",
    headers: headersFor("ReceiveQueueRecords"),
    body,
    signal: leaving.signal,
  });
  left.catch(() => undefined);
  await until(async () => (await waitingReceives(endpoint)) === 1);
  leaving.abort();
  await until(async () => (await waitingReceives(endpoint)) === 0);
  await putTexts(endpoint, "jobs", ["one"]);
  const [record] = await receiveFromQueue(endpoint, QueueARN, 1);
  assert.equal(record?.ReceiveCount, 1);
  const waiting = call<Received>(endpoint, "ReceiveQueueRecords", { QueueARN, WaitTimeSeconds: 20 });
  await until(async () => (await waitingReceives(endpoint)) === 1);
  await call(endpoint, "DeleteQueue", { QueueARN });
  assert.deepEqual(await waiting, { QueueRecords: [] });
});

test("moving the clock ends visibility timeouts, and a record that is too old leaves the queue", async () => {
  await using server = await startDevServer();
  const { endpoint } = server;
  const QueueARN = await activeQueueArn(endpoint, "jobs", { VisibilityTimeoutSeconds: 43_200 });
  await putTexts(endpoint, "jobs", ["one"]);
  const [first] = await receiveFromQueue(endpoint, QueueARN, 1);
  await server.advance(43_201_000);
  const [second] = await receiveFromQueue(endpoint, QueueARN, 1);
  assert.deepEqual([first?.ReceiveCount, second?.ReceiveCount], [1, 2]);
  await server.advance(43_201_000);
  const input = { QueueARN, WaitTimeSeconds: 1 };
  assert.deepEqual(await call<Received>(endpoint, "ReceiveQueueRecords", input), { QueueRecords: [] });
});

test("a rule of /dev/faults that names a stream fails the calls on its queues", async () => {
  await using server: DevServer = await startDevServer();
  const QueueARN = await activeQueueArn(server.endpoint, "jobs");
  const rule = { operation: "ReceiveQueueRecords", error: "ThrottlingException", stream: "jobs", times: 1 };
  assert.equal((await server.dev("PUT", "/dev/faults", [{ ...rule, stream: "others" }])).status, 200);
  await putTexts(server.endpoint, "jobs", ["one"]);
  assert.equal((await server.kinesis("ReceiveQueueRecords", { QueueARN })).status, 200);
  assert.equal((await server.dev("PUT", "/dev/faults", [rule])).status, 200);
  const failed = await server.kinesis<{ readonly __type: string }>("ReceiveQueueRecords", { QueueARN });
  assert.deepEqual([failed.status, failed.body.__type], [400, "ThrottlingException"]);
});

test("the metrics of a queue are those of the service's guide", async () => {
  await using server = await startDevServer();
  const { endpoint } = server;
  const dead = {
    DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount: 1 },
    VisibilityTimeoutSeconds: 600,
  };
  const QueueARN = await activeQueueArn(endpoint, "jobs", dead);
  await putTexts(endpoint, "jobs", ["a", "b", "c", "d"]);
  const records = await receiveFromQueue(endpoint, QueueARN, 4);
  await call(endpoint, "AcknowledgeQueueRecords", { QueueARN, Entries: entriesOf(records.slice(0, 2)) });
  const [third] = entriesOf(records.slice(2));
  const Entries = [{ ...third, VisibilityTimeoutSeconds: 0 }];
  await call(endpoint, "UpdateQueueRecordsVisibility", { QueueARN, Entries });
  await putTexts(endpoint, "jobs", ["e"]);
  const metrics = await (await fetch(`${endpoint}/metrics`)).text();
  const id = QueueARN.slice(QueueARN.lastIndexOf("/") + 1);
  const labels = `account="000000000000",region="us-east-1",stream="jobs",queue="jobs-work",queue_id="${id}"`;
  for (const [name, value] of [
    ["received_records_total", 4],
    ["acknowledged_records_total", 2],
    ["visible_records", 1],
    ["in_flight_records", 1],
    ["visible_dead_letter_records", 1],
  ] as const) {
    assert(
      metrics.includes(`millrace_queue_${name}{${labels}} ${value}\n`),
      `${name}: ${metrics.match(/millrace_queue.*\} .*/g)?.join("\n")}`,
    );
  }
});

test("CBOR carries the records of a queue as JSON does: data as bytes, times as integers with their tag", async () => {
  await using server = await startDevServer();
  const { endpoint } = server;
  const QueueARN = await activeQueueArn(endpoint, "jobs");
  await putTexts(endpoint, "jobs", ["one"]);
  const send = async (operation: string, input: object) => {
    const headers = { ...headersFor(operation), "Content-Type": "application/x-amz-cbor-1.1" };
    const response = await fetch(endpoint, { method: "POST", headers, body: encode(input) });
    assert.equal(response.status, 200);
    const tags: { [tag: number]: (control: (() => unknown) & { readonly decode?: unknown }) => unknown } = {};
    tags[1] = (inner) => new Date(inner() as number);
    return decode(new Uint8Array(await response.arrayBuffer()), { tags: tags as never });
  };
  const { QueueRecords } = await send("ReceiveQueueRecords", { QueueARN, WaitTimeSeconds: 20 });
  const [{ ReceiptHandle, Data, ReceiveCount, PartitionKey, ApproximateArrivalTimestamp, FirstReceiveTimestamp }] =
    QueueRecords;
  assert.deepEqual([Buffer.from(Data).toString(), ReceiveCount, PartitionKey], ["one", 1, "one"]);
  for (const time of [ApproximateArrivalTimestamp, FirstReceiveTimestamp]) assert(time instanceof Date);
  const acknowledged = await send("AcknowledgeQueueRecords", { QueueARN, Entries: [{ ReceiptHandle }] });
  assert.deepEqual(acknowledged, { Successful: [{ ReceiptHandle }], Failed: [] });
});

test("receives of large records share the memory of responses, and lose none", async () => {
  await using server = await startDevServer();
  const { endpoint } = server;
  const QueueARN = await activeQueueArn(endpoint, "jobs");
  const StreamARN = await activeStreamArn(endpoint, "jobs");
  await call(endpoint, "UpdateMaxRecordSize", { StreamARN, MaxRecordSizeInKiB: 10_240 });
  await activeStreamArn(endpoint, "jobs");
  const large = "x".repeat(2 * 1024 * 1024);
  for (let i = 0; i < 4; i++) {
    await call(endpoint, "PutRecord", { StreamName: "jobs", Data: base64(`${i}${large}`), PartitionKey: String(i) });
  }
  const receives = Array.from({ length: 4 }, () => receiveFromQueue(endpoint, QueueARN, 1));
  const firsts = (await Promise.all(receives)).map(([record]) => record && textOf(record)[0]);
  assert.deepEqual(firsts.toSorted(), ["0", "1", "2", "3"]);
});
