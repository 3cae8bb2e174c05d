import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { EmbeddedEngine } from "../../../src/engine/embedded/embedded-engine.ts";
import { nodeDisk } from "../../../src/engine/embedded/io/node-disk.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { JetStreamEngine } from "../../../src/engine/jetstream/jetstream-engine.ts";
import type { Stream } from "../../../src/streams/stream.ts";
import { decodeStream, encodeStream, streamDocumentPrefix } from "../../../src/streams/stream-document.ts";
import { systemClock } from "../../../src/time/system-clock.ts";
import { activeStreamArn, call, putTexts, readShard, textOf } from "../../support/kinesis-call.ts";
import { hasNatsServer, NatsServers } from "../../support/nats-servers.ts";
import {
  acknowledgeAll,
  activeQueueArn,
  type QueueRecord,
  type Received,
  receiveFromQueue,
} from "../../support/queue-call.ts";
import { runCli, startCli } from "../../support/run-cli.ts";
import { ServerProcess } from "../../support/start-server.ts";

const queueStreamName = "jobs";
const streamNames = ["orders", "secret", "idle"];

/** All that clients see of the streams: every record with number and time, every shard, and all that was set. */
async function seenBy(endpoint: string): Promise<object> {
  const seen: Record<string, unknown> = {};
  for (const StreamName of streamNames) {
    const StreamARN = await activeStreamArn(endpoint, StreamName);
    const { StreamDescription } = await call<{ StreamDescription: { Shards: { ShardId: string }[] } }>(
      endpoint,
      "DescribeStream",
      { StreamName },
    );
    const records: Record<string, unknown> = {};
    for (const { ShardId } of StreamDescription.Shards)
      records[ShardId] = await readShard(endpoint, { StreamName, ShardId });
    seen[StreamName] = {
      description: StreamDescription,
      records,
      tags: await call(endpoint, "ListTagsForStream", { StreamName }),
      consumers: await call(endpoint, "ListStreamConsumers", { StreamARN }),
      policy: await call(endpoint, "GetResourcePolicy", { ResourceARN: StreamARN }),
    };
  }
  return seen;
}

/** Every entry and every document, but for placements and what gateways and copies note. */
async function contentsOf(engine: Engine): Promise<readonly string[]> {
  await engine.open();
  const lines: string[] = [];
  for (const { key, value } of await engine.documents.list("")) {
    if (/^(gateways|copies)\//.test(key)) continue;
    if (!key.startsWith(streamDocumentPrefix)) {
      lines.push(`${key} ${Buffer.from(value).toString("hex")}`);
      continue;
    }
    const stream = decodeStream(value);
    lines.push(`${key} ${Buffer.from(encodeStream(withoutPlacements(stream))).toString()}`);
    for (const { index, placement } of stream.shards) {
      const shard = { streamId: stream.id, shardIndex: index, placement };
      const tip = await engine.log.seek(shard, { at: "newest" });
      for (let next = 1n; next < tip; ) {
        const page = await engine.log.read(shard, next, { entriesMax: 5, bytesMax: 10_000 });
        for (const { position, count, timeMs, storedMs, body } of page.entries) {
          lines.push(`${index} ${position} ${count} ${timeMs} ${storedMs} ${Buffer.from(body).toString("hex")}`);
        }
        next = page.next;
      }
    }
  }
  await engine.close();
  return lines;
}

/** Returns the ARN of a queue that has records in every state, and the records that it has to give out again. */
async function fillQueue(endpoint: string): Promise<{ readonly QueueARN: string; readonly left: readonly string[] }> {
  const QueueARN = await activeQueueArn(endpoint, queueStreamName, {
    VisibilityTimeoutSeconds: 3600,
    DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount: 1 },
  });
  await putTexts(
    endpoint,
    queueStreamName,
    Array.from({ length: 40 }, (_, i) => `job ${i}`),
  );
  const received = await receiveFromQueue(endpoint, QueueARN, 40);
  const [poison, ...others] = received as readonly [QueueRecord, ...QueueRecord[]];
  await acknowledgeAll(endpoint, QueueARN, others.slice(9));
  const failing = { QueueARN, Entries: [{ ReceiptHandle: poison.ReceiptHandle, VisibilityTimeoutSeconds: 0 }] };
  await call(endpoint, "UpdateQueueRecordsVisibility", failing);
  return { QueueARN, left: others.slice(0, 9).map(textOf).sort() };
}

/** Receives what a queue has left, and a new record; acknowledges some of it, and returns what it has left then. */
async function workOff(endpoint: string, QueueARN: string, left: readonly string[]): Promise<readonly string[]> {
  await putTexts(endpoint, queueStreamName, ["new"]);
  const again = await receiveFromQueue(endpoint, QueueARN, left.length + 1);
  assert.deepEqual(again.map(textOf).sort(), [...left, "new"].sort());
  const dead = await call<Received>(endpoint, "ReceiveDeadLetterQueueRecords", {
    QueueARN,
    WaitTimeSeconds: 20,
    VisibilityTimeoutSeconds: 1,
  });
  assert.equal(dead.QueueRecords.length, 1);
  await acknowledgeAll(endpoint, QueueARN, again.slice(4));
  return again.slice(0, 4).map(textOf).sort();
}

function withoutPlacements(stream: Stream): Stream {
  const shards = stream.shards.map((shard) => ({ ...shard, placement: {} }));
  if (stream.queues === undefined) return { ...stream, shards };
  const stateLog = { generation: 0, placement: {} };
  return { ...stream, shards, queues: stream.queues.map((queue) => ({ ...queue, stateLog })) };
}

const secret = { StreamName: "secret", EncryptionType: "KMS", KeyId: "alias/aws/kinesis" };

async function fill(endpoint: string): Promise<void> {
  for (const [index, StreamName] of streamNames.entries()) {
    await call(endpoint, "CreateStream", { StreamName, ShardCount: 2 - (index % 2), Tags: { team: StreamName } });
    const ResourceARN = await activeStreamArn(endpoint, StreamName);
    await call(endpoint, "RegisterStreamConsumer", { StreamARN: ResourceARN, ConsumerName: "reader" });
    const Statement = [
      { Effect: "Allow", Principal: { AWS: "111122223333" }, Action: "kinesis:GetRecords", Resource: ResourceARN },
    ];
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
    await call(endpoint, "PutResourcePolicy", { ResourceARN, Policy });
  }
  await call(endpoint, "StartStreamEncryption", secret);
  for (const StreamName of streamNames) await activeStreamArn(endpoint, StreamName);
  await put(endpoint, 40);
  const NewStartingHashKey = "1".padEnd(38, "0");
  const split = { StreamName: "orders", ShardToSplit: "shardId-000000000000", NewStartingHashKey };
  await call(endpoint, "SplitShard", split);
  await activeStreamArn(endpoint, "orders");
  await call(endpoint, "IncreaseStreamRetentionPeriod", { StreamName: "orders", RetentionPeriodHours: 48 });
  await activeStreamArn(endpoint, "orders");
  await put(endpoint, 40);
}

async function put(endpoint: string, count: number): Promise<void> {
  for (const StreamName of ["orders", "secret"]) {
    for (let record = 0; record < count; record += 4) {
      const Records = Array.from({ length: 4 }, (_, index) => {
        return { Data: Buffer.alloc(500, record).toString("base64"), PartitionKey: `${record + index}` };
      });
      await call(endpoint, "PutRecords", { StreamName, Records });
    }
  }
}

/** Copies until it succeeds, with a kill -9 after longer and longer times. One may come between the copy and its exit. */
async function copyInPieces(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  for (let killedCount = 0; ; killedCount++) {
    const child = startCli(["copy", ...args], { env });
    const errors = text(child.stderr);
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const code = await Promise.race([ended, pause(500 + 500 * killedCount).then(() => "running" as const)]);
    if (code === "running") {
      child.kill("SIGKILL");
      await ended;
    } else {
      const isCompleteAlready = killedCount > 0 && code === 2 && /an earlier copy is complete/.test(await errors);
      assert(isCompleteAlready || code === 0, await errors);
      return killedCount;
    }
  }
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "millrace-copy-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function engineOn({ urls }: NatsServers): JetStreamEngine {
  return new JetStreamEngine({
    address: { urls },
    prefix: "millrace",
    nowMs: Date.now,
    monitorUrls: [],
    assumesFsync: true,
    allowsDegraded: true,
  });
}

test("records of a killed copy that arrive after the next one has looked are not stored twice", async (t) => {
  if (!hasNatsServer(t)) return;
  await using servers = await NatsServers.start({ nodeCount: 1 });
  const [killed, next] = [engineOn(servers), engineOn(servers)];
  await using closing = new AsyncDisposableStack();
  for (const engine of [killed, next]) {
    await engine.open();
    closing.defer(() => engine.close());
  }
  const shard = await next.log.createShard("stream", 0, { openShardCount: 1, copiedBelow: 10n });
  const entry = (position: bigint) => ({
    position,
    count: 1,
    timeMs: 1,
    storedMs: 2,
    body: Buffer.from(`${position}`),
  });
  for (const position of [1n, 2n]) {
    assert.equal(await next.log.copiedEnd(shard), position);
    await killed.log.copiedEnd(shard);
    await killed.log.appendCopied(shard, [entry(position)]);
    const late = next.log.appendCopied(shard, [entry(position)]);
    await assert.rejects(late, /written to by something else than this copy/);
  }
  assert.equal(await next.log.copiedEnd(shard), 3n);
  await next.log.appendCopied(shard, [entry(3n)]);
  await next.log.appendCopied(shard, [entry(4n)]);
  const { entries } = await next.log.read(shard, 1n, { entriesMax: 10, bytesMax: 1_000 });
  assert.deepEqual(
    entries.map(({ position }) => position),
    [1n, 2n, 3n, 4n],
  );
});

test("a data directory goes into a cluster and back with every record, number, time and document", async (t) => {
  if (!hasNatsServer(t)) return;
  await using servers = await NatsServers.start({ nodeCount: 1 });
  const [url = ""] = servers.urls;
  const root = folder(t);
  const [first, second] = [join(root, "first"), join(root, "second")];
  const env = { MILLRACE_ALLOW_DEGRADED: "1", MILLRACE_KEYRING: join(root, "keyring") };
  const embedded = (directory: string): Engine => new EmbeddedEngine({ directory, disk: nodeDisk, clock: systemClock });
  const cluster = (): Engine => engineOn(servers);

  await using server = await ServerProcess.start({ dataDir: first, env });
  await fill(server.endpoint);
  const { QueueARN, left } = await fillQueue(server.endpoint);
  const before = await seenBy(server.endpoint);
  const locked = await runCli(["copy", first, url], { env });
  assert.deepEqual([locked.code, /is locked: it is in use by/.test(locked.stderr)], [2, true], locked.stderr);
  await server.kill("SIGTERM");
  await copyInPieces([first, url], env);
  assert.deepEqual(await contentsOf(cluster()), await contentsOf(embedded(first)));
  const again = await runCli(["copy", first, url], { env });
  assert.deepEqual([again.code, /an earlier copy is complete/.test(again.stderr)], [2, true], again.stderr);

  await using gateway = await ServerProcess.start({ args: ["--engine", "jetstream", "--nats", url], env });
  assert.deepEqual(await seenBy(gateway.endpoint), before);
  await checkPlaces(gateway.endpoint);
  const stillLeft = await workOff(gateway.endpoint, QueueARN, left);
  await put(gateway.endpoint, 12);
  const merge = { ShardToMerge: "shardId-000000000003", AdjacentShardToMerge: "shardId-000000000001" };
  await call(gateway.endpoint, "MergeShards", { StreamName: "orders", ...merge });
  await activeStreamArn(gateway.endpoint, "orders");
  // Another key: fences in the cluster, and the epoch of its document in the directory.
  await call(gateway.endpoint, "StartStreamEncryption", secret);
  await activeStreamArn(gateway.endpoint, secret.StreamName);
  await put(gateway.endpoint, 12);
  const between = await seenBy(gateway.endpoint);
  const served = await runCli(["copy", url, second], { env });
  assert.deepEqual([served.code, /Gateways run on the source/.test(served.stderr)], [2, true], served.stderr);
  assert.equal((await gateway.kill("SIGTERM")).code, 0);

  rmSync(second, { recursive: true, force: true });
  await copyInPieces([url, second], env);
  assert.deepEqual(await contentsOf(embedded(second)), await contentsOf(cluster()));
  const { code, stdout } = await runCli(["verify", second]);
  assert.equal(code, 0, stdout);
  await using back = await ServerProcess.start({ dataDir: second, env });
  assert.deepEqual(await seenBy(back.endpoint), between);
  await checkPlaces(back.endpoint);
  await workOff(back.endpoint, QueueARN, stillLeft);
  await put(back.endpoint, 4);
  const grown = (await seenBy(back.endpoint)) as Readonly<Record<string, { readonly records: object }>>;
  assert(JSON.stringify(grown["orders"]?.records).length > JSON.stringify(between).length / 4);
  await back.kill("SIGKILL");
  await back.restart();
  assert.deepEqual(await seenBy(back.endpoint), grown);
  await back.kill("SIGTERM");
  assert(existsSync(env.MILLRACE_KEYRING));
});

/** Reads from the number and from the time of each record of a shard, in its middle as well as at its ends. */
async function checkPlaces(endpoint: string): Promise<void> {
  for (const ShardId of ["shardId-000000000000", "shardId-000000000001"]) {
    const place = { StreamName: "orders", ShardId };
    const all = await readShard(endpoint, place);
    assert(all.length > 4, `${ShardId} has records`);
    for (const index of [0, 1, all.length >> 1, all.length - 1]) {
      const { SequenceNumber, ApproximateArrivalTimestamp } = all[index] ?? {};
      const at = { ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber: SequenceNumber };
      assert.deepEqual(await readShard(endpoint, place, at), all.slice(index));
      const after = { ...at, ShardIteratorType: "AFTER_SEQUENCE_NUMBER" };
      assert.deepEqual(await readShard(endpoint, place, after), all.slice(index + 1));
      const time = { ShardIteratorType: "AT_TIMESTAMP", Timestamp: ApproximateArrivalTimestamp };
      const since = all.findIndex((record) => record.ApproximateArrivalTimestamp === ApproximateArrivalTimestamp);
      assert.deepEqual(await readShard(endpoint, place, time), all.slice(since));
    }
  }
}
