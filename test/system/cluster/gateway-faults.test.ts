import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "@nats-io/transport-node";
import { type RunningServer, startServer } from "../../../src/app/start-server.ts";
import { configDefaults } from "../../../src/config/config.ts";
import type { Clock } from "../../../src/time/clock.ts";
import { systemClock } from "../../../src/time/system-clock.ts";
import {
  activeConsumerArn,
  activeStreamArn,
  call,
  hashKeyMiddle,
  headersFor,
  readStream,
  refusalOf,
} from "../../support/kinesis-call.ts";
import { hasNatsServer, NatsServers } from "../../support/nats-servers.ts";
import { ShardReader } from "../../support/shard-reader.ts";

/** The system's clock, ahead of it or behind it. */
function shiftedClock(ms: number): Clock {
  return { ...systemClock, nowMs: () => systemClock.nowMs() + ms };
}

async function startGateway(
  stack: AsyncDisposableStack,
  { urls }: NatsServers,
  clock: Clock = systemClock,
): Promise<RunningServer> {
  const nats = { urls, paths: {}, monitorUrls: [], assumesFsync: true, allowsDegraded: true };
  const config = { ...configDefaults, port: 0, engine: "jetstream", logLevel: "silent", nats } as const;
  const server = await startServer(config, { clock });
  stack.defer(() => server.close());
  return server;
}

async function put({ endpoint }: RunningServer, StreamName: string, text: string): Promise<string> {
  const input = { StreamName, Data: Buffer.from(text).toString("base64"), PartitionKey: text };
  return (await call<{ SequenceNumber: string }>(endpoint, "PutRecord", input)).SequenceNumber;
}

interface Refusal {
  readonly status: number;
  readonly message?: string;
}

async function sentenceOf({ endpoint }: RunningServer, operation: string, input: object): Promise<Refusal> {
  const body = JSON.stringify(input);
  const response = await fetch(endpoint, { method: "POST", headers: headersFor(operation), body });
  assert.notEqual(response.status, 200, operation);
  return { status: response.status, ...((await response.json()) as Omit<Refusal, "status">) };
}

async function deleteJetStream({ urls }: NatsServers, isMeant: (name: string) => boolean): Promise<void> {
  const connection = await connect({ servers: [...urls] });
  const names = await connection.request("$JS.API.STREAM.NAMES", "{}", { timeout: 5_000 });
  for (const name of names.json<{ readonly streams: readonly string[] }>().streams.filter(isMeant)) {
    await connection.request(`$JS.API.STREAM.DELETE.${name}`, "{}", { timeout: 5_000 });
  }
  await connection.close();
}

test("gateways whose clocks differ by ten seconds lose nothing, and number records in their order", async (t) => {
  if (!hasNatsServer(t)) return;
  await using stack = new AsyncDisposableStack();
  const servers = stack.use(await NatsServers.start({ nodeCount: 1 }));
  const ahead = await startGateway(stack, servers, shiftedClock(5_000));
  const behind = await startGateway(stack, servers, shiftedClock(-5_000));
  const StreamName = "clocks";
  await call(ahead.endpoint, "CreateStream", { StreamName, ShardCount: 1 });
  const arn = await activeStreamArn(behind.endpoint, StreamName);
  const sent: string[] = [];
  const numbers: bigint[] = [];
  const putThrough = async (gateway: RunningServer): Promise<void> => {
    sent.push(`record ${sent.length}`);
    numbers.push(BigInt(await put(gateway, StreamName, sent.at(-1) ?? "")));
  };
  for (const gateway of [ahead, behind, ahead, behind]) await putThrough(gateway);
  const split = { StreamName, ShardToSplit: "shardId-000000000000", NewStartingHashKey: hashKeyMiddle };
  await call(behind.endpoint, "SplitShard", split);
  await activeStreamArn(ahead.endpoint, StreamName);
  const parentLast = numbers.at(-1) ?? 0n;
  for (const gateway of [behind, ahead, behind]) await putThrough(gateway);
  assert.deepEqual(
    numbers.slice(0, 4),
    numbers.slice(0, 4).toSorted((one, other) => (one < other ? -1 : 1)),
  );
  assert(
    numbers.slice(4).every((number) => number > parentLast),
    "numbers of the children are above those of the parent",
  );
  for (const gateway of [ahead, behind]) {
    for (const position of [
      { ShardIteratorType: "TRIM_HORIZON" },
      { ShardIteratorType: "AT_TIMESTAMP", Timestamp: Date.now() / 1000 - 60 },
    ]) {
      assert.deepEqual((await readStream(gateway.endpoint, StreamName, position)).toSorted(), sent);
    }
  }

  // What is the present of one gateway is not the future of another one.
  const now = { ShardIteratorType: "AT_TIMESTAMP", Timestamp: Date.now() / 1000 };
  assert.deepEqual(await readStream(behind.endpoint, StreamName, now), []);
  const ordered = {
    StreamName,
    Data: "YQ==",
    PartitionKey: "a",
    SequenceNumberForOrdering: await put(ahead, StreamName, "a"),
  };
  await call(behind.endpoint, "PutRecord", ordered);
  assert.equal((await readStream(behind.endpoint, StreamName, now)).length, 2);

  const consumerArn = await activeConsumerArn(ahead.endpoint, arn, "reader");
  const reader = new ShardReader({ endpoint: behind.endpoint, consumerArn, shardId: "shardId-000000000000" });
  await reader.subscribe();
  const again = {
    ConsumerARN: consumerArn,
    ShardId: "shardId-000000000000",
    StartingPosition: { Type: "TRIM_HORIZON" },
  };
  assert.equal(await refusalOf(ahead.endpoint, "SubscribeToShard", again), "ResourceInUseException");
  await reader.ended;
  assert.equal(reader.count, 4);
});

test("a JetStream stream that was deleted by hand is named in each refusal, and no other stream suffers", async (t) => {
  if (!hasNatsServer(t)) return;
  await using stack = new AsyncDisposableStack();
  const servers = stack.use(await NatsServers.start({ nodeCount: 1 }));
  const gateways = [await startGateway(stack, servers), await startGateway(stack, servers)] as const;
  const [first, second] = gateways;
  await call(first.endpoint, "CreateStream", { StreamName: "lost", ShardCount: 1 });
  await activeStreamArn(second.endpoint, "lost");
  await put(second, "lost", "a");
  await deleteJetStream(servers, (name) => name.startsWith("millrace_"));
  await call(first.endpoint, "CreateStream", { StreamName: "whole", ShardCount: 1 });
  await activeStreamArn(second.endpoint, "whole");
  for (const gateway of gateways) {
    const input = { StreamName: "lost", Data: "YQ==", PartitionKey: "a" };
    const { status, message } = await sentenceOf(gateway, "PutRecord", input);
    assert.equal(status, 500);
    assert.match(message ?? "", /The JetStream stream millrace_\S+ was removed by something else than Millrace/);
    await assert.rejects(readStream(gateway.endpoint, "lost"), /was removed by something else than Millrace/);
    await put(gateway, "whole", "b");
    assert.deepEqual(await readStream(gateway.endpoint, "whole"), gateway === first ? ["b"] : ["b", "b"]);
  }
  // The way out that the sentence names.
  await call(second.endpoint, "DeleteStream", { StreamName: "lost" });
  const summary = { StreamName: "lost" };
  while ((await refusalOf(first.endpoint, "DescribeStreamSummary", summary)) !== "ResourceNotFoundException");
});

test("a bucket that was deleted by hand is told, in health too, and is not made again", async (t) => {
  if (!hasNatsServer(t)) return;
  await using stack = new AsyncDisposableStack();
  const servers = stack.use(await NatsServers.start({ nodeCount: 1 }));
  const gateway = await startGateway(stack, servers);
  await call(gateway.endpoint, "CreateStream", { StreamName: "kept", ShardCount: 1 });
  await activeStreamArn(gateway.endpoint, "kept");
  await deleteJetStream(servers, (name) => name.startsWith("KV_"));
  const refusal = await sentenceOf(gateway, "CreateStream", { StreamName: "other", ShardCount: 1 });
  assert.match(refusal.message ?? "", /The key-value bucket millrace_documents was removed by something else/);
  for (;;) {
    const response = await fetch(`${gateway.endpoint}/health`);
    const { status, degraded } = (await response.json()) as { status: string; degraded: readonly string[] };
    if (status === "unavailable" && /bucket millrace_documents was removed/.test(degraded.join("\n"))) break;
  }
  await assert.rejects(startGateway(stack, servers), /bucket millrace_documents was removed by something else/);
});
