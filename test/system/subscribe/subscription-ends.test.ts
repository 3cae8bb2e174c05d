import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startMillrace } from "../../../src/app/in-process-server.ts";
import { startDevServer } from "../../support/dev-server.ts";
import { activeConsumerArn, activeStreamArn, call, headersFor } from "../../support/kinesis-call.ts";
import { ShardReader } from "../../support/shard-reader.ts";
import { ServerProcess } from "../../support/start-server.ts";

const shardId = "shardId-000000000000";

async function streamWithConsumer(endpoint: string, StreamName: string): Promise<string> {
  await call(endpoint, "CreateStream", { StreamName, ShardCount: 1 });
  return activeConsumerArn(endpoint, await activeStreamArn(endpoint, StreamName), "consumer");
}

test("a subscription ends with an exception when its consumer is deregistered", async () => {
  await using millrace = await startMillrace();
  const { endpoint } = millrace;
  const consumerArn = await streamWithConsumer(endpoint, "left");
  const reader = new ShardReader({ endpoint, consumerArn, shardId });
  await reader.subscribe();
  await call(endpoint, "DeregisterStreamConsumer", { ConsumerARN: consumerArn });
  await reader.ended;
  assert.equal(reader.exception, "ResourceNotFoundException");
});

test("a subscription ends with an exception when its stream is deleted", async () => {
  await using millrace = await startMillrace();
  const { endpoint } = millrace;
  const consumerArn = await streamWithConsumer(endpoint, "deleted");
  const reader = new ShardReader({ endpoint, consumerArn, shardId });
  await reader.subscribe();
  await call(endpoint, "DeleteStream", { StreamName: "deleted", EnforceConsumerDeletion: true });
  await reader.ended;
  assert.equal(reader.exception, "ResourceNotFoundException");
});

test("a drain ends subscriptions quietly and at once", async () => {
  const millrace = await startMillrace();
  const { endpoint } = millrace;
  const consumerArn = await streamWithConsumer(endpoint, "drained");
  const reader = new ShardReader({ endpoint, consumerArn, shardId });
  await reader.subscribe();
  await millrace.close();
  await reader.ended;
  assert.equal(reader.exception, undefined);
  assert.equal(reader.isCut, false);
});

test("a second subscription is refused within five seconds and takes over after them", async () => {
  await using server = await startDevServer();
  const { endpoint } = server;
  const consumerArn = await streamWithConsumer(endpoint, "seated");
  const first = new ShardReader({ endpoint, consumerArn, shardId });
  await first.subscribe();
  const body = JSON.stringify({ ConsumerARN: consumerArn, ShardId: shardId, StartingPosition: { Type: "LATEST" } });
  const refused = await fetch(endpoint, { method: "POST", headers: headersFor("SubscribeToShard"), body });
  assert.equal(refused.status, 400);
  assert.deepEqual(await refused.json(), {
    __type: "ResourceInUseException",
    message: `Another active subscription exists for this consumer: 000000000000:seated:${shardId}:consumer`,
  });
  await server.advance(5_000);
  const second = new ShardReader({ endpoint, consumerArn, shardId });
  await second.subscribe();
  await first.ended;
  assert.equal(first.exception, "ResourceInUseException");
  await second.breakOff();
});

test("a subscriber that never reads costs bounded memory and delays no other", async () => {
  await using server = await ServerProcess.start({ args: ["--engine", "memory"] });
  const { endpoint } = server;
  const StreamName = "stalled";
  await call(endpoint, "CreateStream", { StreamName, ShardCount: 1 });
  const streamArn = await activeStreamArn(endpoint, StreamName);
  const stalled = await activeConsumerArn(endpoint, streamArn, "stalled");
  const healthy = await activeConsumerArn(endpoint, streamArn, "healthy");

  const body = JSON.stringify({ ConsumerARN: stalled, ShardId: shardId, StartingPosition: { Type: "TRIM_HORIZON" } });
  const asleep = request(endpoint, { method: "POST", headers: headersFor("SubscribeToShard"), agent: false });
  asleep.end(body);
  const [response] = (await once(asleep, "response")) as [{ pause(): void }];
  response.pause();

  const reader = new ShardReader({ endpoint, consumerArn: healthy, shardId });
  await reader.subscribe();
  const Data = Buffer.alloc(500_000, 7).toString("base64");
  const before = await residentBytes(endpoint);
  const payloadBytes = 200 * 500_000;
  for (let i = 0; i < 100; i++) {
    await call(endpoint, "PutRecords", {
      StreamName,
      Records: [
        { PartitionKey: "a", Data },
        { PartitionKey: "b", Data },
      ],
    });
  }
  while (reader.count < 200) await pause(10);
  const grownBytes = (await residentBytes(endpoint)) - before;
  // The stream itself is in memory here; what a stalled reader may add is a batch and a socket's buffer.
  assert.ok(grownBytes < payloadBytes + 150 * 1024 * 1024, `${grownBytes} bytes for ${payloadBytes} of payload`);
  asleep.destroy();
  await reader.breakOff();
});

async function residentBytes(endpoint: string): Promise<number> {
  const text = await (await fetch(`${endpoint}/metrics`)).text();
  const line = text.split("\n").find((row) => row.startsWith("process_resident_memory_bytes "));
  return Number(line?.split(" ")[1]);
}
