import assert from "node:assert/strict";
import { test } from "node:test";
import { activeStreamArn, call, hashKeyMiddle, readStream } from "../../support/kinesis-call.ts";
import { hasNatsServer, NatsServers } from "../../support/nats-servers.ts";
import { ServerProcess } from "../../support/start-server.ts";

async function put(endpoint: string, StreamName: string, text: string): Promise<string> {
  const Data = Buffer.from(text).toString("base64");
  const put = await call<{ SequenceNumber: string }>(endpoint, "PutRecord", { StreamName, Data, PartitionKey: text });
  return put.SequenceNumber;
}

test("a gateway over three servers keeps what it acknowledged over a split and its own death", async (t) => {
  if (!hasNatsServer(t)) return;
  await using servers = await NatsServers.start({ nodeCount: 3 });
  const env = servers.environment;
  await using gateway = await ServerProcess.start({ args: ["--engine", "jetstream"], env });
  await call(gateway.endpoint, "CreateStream", { StreamName: "orders", ShardCount: 1 });
  await activeStreamArn(gateway.endpoint, "orders");
  const sent: string[] = [];
  const putNext = async (): Promise<void> => {
    sent.push(`record ${sent.length}`);
    await put(gateway.endpoint, "orders", sent.at(-1) ?? "");
  };
  for (let record = 0; record < 10; record++) await putNext();
  const split = { StreamName: "orders", ShardToSplit: "shardId-000000000000", NewStartingHashKey: hashKeyMiddle };
  await call(gateway.endpoint, "SplitShard", split);
  await activeStreamArn(gateway.endpoint, "orders");
  await putNext();

  await gateway.kill("SIGKILL");
  await gateway.restart();
  await putNext();
  assert.deepEqual((await readStream(gateway.endpoint, "orders")).toSorted(), sent.toSorted());

  const health = (await (await fetch(`${gateway.endpoint}/health`)).json()) as { durable: boolean; degraded: string[] };
  assert.equal(health.durable, true);
  assert.match(health.degraded.join("\n"), /is a preview/);
});

test("servers that do not sync, or keep one copy, are refused unless that is allowed", async (t) => {
  if (!hasNatsServer(t)) return;
  await using servers = await NatsServers.start({ nodeCount: 1, syncInterval: "2m" });
  const args = [
    "--engine",
    "jetstream",
    "--nats",
    servers.urls.join(","),
    "--nats-monitor",
    servers.monitorUrls[0] ?? "",
  ];
  await assert.rejects(ServerProcess.start({ args }), /cannot keep three copies/);
  const degraded = [...args, "--allow-degraded"];
  await using gateway = await ServerProcess.start({ args: degraded });
  const health = (await (await fetch(`${gateway.endpoint}/health`)).json()) as { durable: boolean; degraded: string[] };
  assert.equal(health.durable, false);
  assert.match(health.degraded.join("\n"), /one copy of each record(?:.|\n)*a power cut loses/);
  assert.equal((await gateway.kill("SIGTERM")).code, 0);
});
