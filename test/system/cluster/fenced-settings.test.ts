import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { activeStreamArn, call, readStream } from "../../support/kinesis-call.ts";
import { hasNatsServer, NatsServers } from "../../support/nats-servers.ts";
import { type Mark, type RawEntry, RawLogs } from "../../support/raw-logs.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";

const StreamName = "orders";
const heldCount = 12;
const pollMs = 10;

async function putAll(endpoint: string, texts: readonly string[]): Promise<void> {
  await Promise.all(
    texts.map((text) => {
      const Data = Buffer.from(text).toString("base64");
      return call(endpoint, "PutRecord", { StreamName, Data, PartitionKey: text });
    }),
  );
}

async function change(endpoint: string, operation: string): Promise<void> {
  await call(endpoint, operation, { StreamName, EncryptionType: "KMS", KeyId: "alias/mine" });
  await activeStreamArn(endpoint, StreamName);
}

/** Bytes of records that a gateway holds while it cannot reach the servers. */
async function waitingBytes(endpoint: string): Promise<number> {
  const metrics = await (await fetch(`${endpoint}/metrics`)).text();
  const bytes = /^millrace_engine_jetstream_waiting_bytes (\d+)$/m.exec(metrics)?.[1];
  assert(bytes !== undefined, metrics);
  return Number(bytes);
}

function keysBetween(entries: readonly RawEntry[], from: Mark, to: Mark): readonly (number | undefined)[] {
  const within = entries.filter(({ group, sequence }) => {
    return sequence > (from.get(group) ?? 0) && sequence < (to.get(group) ?? 0);
  });
  return within.map(({ keyNumber }) => keyNumber);
}

test("fear: a gateway that was cut off or paused stores records as its stream was encrypted before", async (t) => {
  if (!hasNatsServer(t)) return;
  await using servers = await NatsServers.start({ nodeCount: 3, advertises: false });
  const args = ["--engine", "jetstream", "--keyring", join(servers.directory, "keyring")];
  const targets = servers.urls.map((url) => ({ host: "127.0.0.1", port: Number(new URL(url).port) }));
  await using proxy = await TcpProxy.open(targets);
  const behindProxy = { ...servers.environment, MILLRACE_NATS: `nats://127.0.0.1:${proxy.port}` };
  await using apart = await ServerProcess.start({ args, env: behindProxy });
  await using first = await ServerProcess.start({ args, env: servers.environment });
  const [one, other] = [apart.endpoint, first.endpoint];
  await using logs = await RawLogs.open(servers);
  const sent: string[] = [];
  const next = (count: number): readonly string[] => {
    const texts = Array.from({ length: count }, (_, i) => `record ${sent.length + i}`);
    sent.push(...texts);
    return texts;
  };

  await call(other, "CreateStream", { StreamName, ShardCount: 2 });
  await activeStreamArn(one, StreamName);
  await putAll(one, next(heldCount));
  await putAll(other, next(heldCount));

  // Cut off: the puts wait in the gateway, in clear, and are sent again when it reaches the servers.
  proxy.cut();
  const cutOff = putAll(one, next(heldCount));
  while ((await waitingBytes(one)) === 0) await pause(pollMs);
  await change(other, "StartStreamEncryption");
  const started = await logs.mark();
  proxy.mend();
  await cutOff;

  // Paused: it finds puts, a change of the key and a split at the same time.
  process.kill(apart.pid, "SIGSTOP");
  const paused = putAll(one, next(heldCount));
  await change(other, "StartStreamEncryption");
  const rotated = await logs.mark();
  const split = { StreamName, ShardToSplit: "shardId-000000000000", NewStartingHashKey: String(1n << 126n) };
  await call(other, "SplitShard", split);
  process.kill(apart.pid, "SIGCONT");
  await paused;
  await activeStreamArn(other, StreamName);

  await change(other, "StopStreamEncryption");
  const stopped = await logs.mark();
  await putAll(one, next(heldCount));
  await putAll(other, next(heldCount));

  const merge = { StreamName, ShardToMerge: "shardId-000000000002", AdjacentShardToMerge: "shardId-000000000003" };
  await call(other, "MergeShards", merge);
  await activeStreamArn(one, StreamName);
  await putAll(one, next(heldCount));
  const entries = await logs.entriesBefore(await logs.mark());
  const end: Mark = new Map(entries.map(({ group }) => [group, Number.POSITIVE_INFINITY]));
  for (const [from, to, key] of [
    [started, rotated, 1],
    [rotated, stopped, 2],
    [stopped, end, undefined],
  ] as const) {
    const keys = keysBetween(entries, from, to);
    assert(keys.length > 0, "records were stored meanwhile");
    assert.deepEqual(new Set(keys), new Set([key]), `entries are stored under key ${key}`);
  }
  for (const endpoint of [one, other]) {
    assert.deepEqual((await readStream(endpoint, StreamName)).toSorted(), sent.toSorted(), "each record once");
  }
});
