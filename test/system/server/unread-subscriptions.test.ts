// Subscriptions whose clients do not read them, over both versions of HTTP, beside some that do.
import assert from "node:assert/strict";
import type { ClientHttp2Stream } from "node:http2";
import { type TestContext, test } from "node:test";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import type { Listening, ListenOptions } from "../../../src/server/http/listen.ts";
import { createRequestHandler } from "../../../src/server/pipeline/handle-request.ts";
import type { Clock } from "../../../src/time/clock.ts";
import { systemClock } from "../../../src/time/system-clock.ts";
import { EventMessages } from "../../support/event-messages.ts";
import { headersFor } from "../../support/kinesis-call.ts";
import { account, region, TestServer } from "../../support/test-server.ts";
import { rawConnection, request1, session2, startListener, until } from "./listener.ts";

const mib = 1024 ** 2;
/** For the region in which the stream is. */
const headersIn = (operation: string): Record<string, string> => {
  const { Authorization = "", ...others } = headersFor(operation);
  return { ...others, Authorization: Authorization.replace("us-east-1", region) };
};
const StreamName = "pushed";
const consumerCount = 40;
const recordCount = 16;
const recordBytes = 512 * 1024;
const budgetBytes = 16 * mib;
const limits = {
  responseBytesInFlightMax: budgetBytes,
  peerResponseBytesInFlightMax: budgetBytes,
  sessionResponseBytesMax: budgetBytes,
  smallResponseReserveBytes: 1 * mib,
};

/** The longest time that a turn of the event loop counts as. */
const turnMsMax = 2;

/** A clock for a server that shares its process with its readers: while the process has no core, no time of theirs passes. */
function clockOfTurns(t: TestContext): Clock {
  let countedMs = 0;
  let lastMs = systemClock.monotonicMs();
  const turns = setInterval(() => {
    const nowMs = systemClock.monotonicMs();
    countedMs += Math.min(nowMs - lastMs, turnMsMax);
    lastMs = nowMs;
  }, 1);
  t.after(() => clearInterval(turns));
  return { ...systemClock, monotonicMs: () => countedMs };
}

interface Subscribers {
  readonly listening: Listening;
  /** The body of a subscription from the start of the shard, for a consumer of its own. */
  readonly nextRequest: () => string;
}

/** A shard of 8 MiB, and a server of it with a small budget. */
async function startFilled(t: TestContext, own: ListenOptions["limits"] = {}): Promise<Subscribers> {
  const engine = new MemoryEngine({ clock: systemClock, memoryBudgetBytes: 64 * mib });
  await engine.open();
  const server = await TestServer.open({ engine, clock: systemClock });
  await server.expectOk("CreateStream", { StreamName, ShardCount: 1 });
  await server.untilIdle();
  const Data = Buffer.alloc(recordBytes, 7).toString("base64");
  for (let count = 0; count < recordCount; count++) {
    await server.expectOk("PutRecord", { StreamName, PartitionKey: "k", Data });
  }
  const { StreamDescriptionSummary } = await server.expectOk<{ StreamDescriptionSummary: { StreamARN: string } }>(
    "DescribeStreamSummary",
    { StreamName },
  );
  const { StreamARN } = StreamDescriptionSummary;
  const arns: string[] = [];
  for (let index = 0; index < consumerCount; index++) {
    const { Consumer } = await server.expectOk<{ Consumer: { ConsumerARN: string } }>("RegisterStreamConsumer", {
      StreamARN,
      ConsumerName: `consumer-${index}`,
    });
    arns.push(Consumer.ConsumerARN);
  }
  await server.untilIdle();
  const { services } = server;
  const handler = createRequestHandler({ services, callerDefaults: { account, region, allowAnonymous: true } });
  const listening = await startListener(t, { handler, clock: clockOfTurns(t), limits: { ...limits, ...own } });
  t.after(async () => {
    await listening.close({ graceMs: 0 });
    await server.close();
    await engine.close();
  });
  const StartingPosition = { Type: "TRIM_HORIZON" };
  const nextRequest = (): string =>
    JSON.stringify({ ConsumerARN: arns.pop(), ShardId: "shardId-000000000000", StartingPosition });
  return { listening, nextRequest };
}

function subscribe2(t: TestContext, { listening, nextRequest }: Subscribers): ClientHttp2Stream {
  const stream = session2(t, listening.port).request({
    ":method": "POST",
    ":path": "/",
    ...headersIn("SubscribeToShard"),
  });
  stream.on("error", () => undefined);
  stream.end(nextRequest());
  return stream;
}

async function subscribeUnread(t: TestContext, subscribers: Subscribers, count: number): Promise<void> {
  for (let each = 0; each < count / 2; each++) {
    subscribe2(t, subscribers).pause();
    const socket = await rawConnection(t, subscribers.listening.port);
    socket.pause();
    const body = subscribers.nextRequest();
    const headers = Object.entries({ ...headersIn("SubscribeToShard"), "Content-Length": body.length });
    socket.write(
      `POST / HTTP/1.1\r\nHost: a\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`,
    );
  }
}

/** Reads until all records have come; fails the test if the subscription ends before. */
async function readAll(stream: ClientHttp2Stream, afterEvent: () => Promise<void> = async () => undefined) {
  const messages = new EventMessages();
  let count = 0;
  for await (const chunk of stream) {
    for (const { headers, payload } of messages.take(chunk as Buffer)) {
      assert.equal(headers.get(":message-type"), "event", payload.toString());
      const { Records = [] } = JSON.parse(payload.toString()) as { readonly Records?: readonly unknown[] };
      count += Records.length;
      if (count === recordCount) return;
    }
    await afterEvent();
  }
  assert.fail(`the subscription ended after ${count} of ${recordCount} records`);
}

test("unread subscriptions of both versions hold no more than the budget, the records that they have read included", async (t) => {
  const subscribers = await startFilled(t, { unsentMsMax: 600_000 });
  const figures = (): Readonly<Record<string, number>> => subscribers.listening.figures();
  await subscribeUnread(t, subscribers, 30);
  let heldMax = 0;
  await until(() => {
    heldMax = Math.max(heldMax, figures()["response_bytes_in_flight"] ?? 0);
    return (figures()["responses_waiting_for_memory"] ?? 0) >= 10;
  });
  // One record may be larger than the memory that is granted for it.
  assert(heldMax <= budgetBytes + 4 * 3.25 * recordBytes, `${heldMax}`);
  const small = await request1(subscribers.listening.port, {
    headers: headersIn("DescribeStreamSummary"),
    payload: JSON.stringify({ StreamName }),
  });
  assert.equal(small.status, 200);
});

test("a subscriber that reads gets all records while 30 others read nothing, and a slow one too", async (t) => {
  const subscribers = await startFilled(t, {
    unsentMsMax: 200,
    unsentBytesPerSecondMin: 8 * mib,
    timeoutCheckMs: 50,
  });
  await subscribeUnread(t, subscribers, 30);
  await until(() => (subscribers.listening.figures()["responses_waiting_for_memory"] ?? 0) > 0);
  const slow = readAll(subscribe2(t, subscribers), () => new Promise((resolve) => setTimeout(resolve, 1)));
  await Promise.all([readAll(subscribe2(t, subscribers)), readAll(subscribe2(t, subscribers)), slow]);
});

test("many subscribers that read get all records, however small the budget, and nothing stays held", async (t) => {
  const subscribers = await startFilled(t, {
    responseBytesInFlightMax: 4 * mib,
    peerResponseBytesInFlightMax: 4 * mib,
  });
  await Promise.all(Array.from({ length: 10 }, () => readAll(subscribe2(t, subscribers))));
  await until(() => subscribers.listening.figures()["response_bytes_in_flight"] === 0);
});
