import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "@nats-io/transport-node";
import { JetStreamEngine } from "../../../src/engine/jetstream/jetstream-engine.ts";
import type { ShardLog, ShardRef } from "../../../src/engine/shard-log.ts";
import { hasNatsServer, NatsServers } from "../../support/nats-servers.ts";

const hourMs = 3_600_000;
const streamId = "stream";

async function openEngine(
  stack: AsyncDisposableStack,
  { urls }: NatsServers,
  nowMs = Date.now,
): Promise<JetStreamEngine> {
  const engine = new JetStreamEngine({
    address: { urls },
    prefix: "retention",
    nowMs,
    monitorUrls: [],
    assumesFsync: true,
    allowsDegraded: true,
  });
  await engine.open();
  stack.defer(() => engine.close());
  return engine;
}

async function append(log: ShardLog, shard: ShardRef, text: string, epoch = 0): Promise<string> {
  const [outcome] = await log.append([{ shard, entry: { count: 1, timeMs: 1, body: Buffer.from(text) } }], epoch);
  return outcome?.kind ?? "";
}

async function textsOf(log: ShardLog, shard: ShardRef): Promise<readonly string[]> {
  const from = await log.seek(shard, { at: "oldest" });
  const { entries } = await log.read(shard, from, { entriesMax: 100, bytesMax: 1024 * 1024 });
  return entries.map(({ body }) => Buffer.from(body).toString());
}

/** The setting of the servers by which messages are removed. */
async function maxAgeOf({ urls }: NatsServers, change?: number): Promise<number> {
  const connection = await connect({ servers: [...urls] });
  interface Answer {
    readonly config: { readonly max_age: number };
  }
  const ask = async (name: string, body: object): Promise<Answer> =>
    (await connection.request(`$JS.API.STREAM.${name}.retention_stream_0`, JSON.stringify(body))).json();
  const { config } = await ask("INFO", {});
  if (change !== undefined) await ask("UPDATE", { ...config, max_age: change });
  await connection.close();
  return config.max_age;
}

test("a retention that a paused gateway sets late removes nothing that a longer one keeps", async (t) => {
  if (!hasNatsServer(t)) return;
  await using stack = new AsyncDisposableStack();
  const servers = stack.use(await NatsServers.start({ nodeCount: 1 }));
  const { log } = await openEngine(stack, servers);
  const { log: paused } = await openEngine(stack, servers);
  const shard = await log.createShard(streamId, 0, { openShardCount: 1 });
  // An earlier version had the servers remove messages by their age.
  await maxAgeOf(servers, 24 * hourMs * 1e6);
  await log.setRetention(streamId, [shard], 168 * hourMs);
  await append(log, shard, "kept");
  await paused.setRetention(streamId, [shard], 24 * hourMs);
  assert.equal(await maxAgeOf(servers), 0, "the servers never remove a message by its age");
  await paused.freeBefore(streamId, [shard], Date.now() - 24 * hourMs);
  assert.deepEqual(await textsOf(log, shard), ["kept"]);
});

test("what is freed is gone on all logs of a group, and seals, fences, positions and later records stay", async (t) => {
  if (!hasNatsServer(t)) return;
  await using stack = new AsyncDisposableStack();
  const servers = stack.use(await NatsServers.start({ nodeCount: 1 }));
  const { log } = await openEngine(stack, servers);
  const [open, sealed] = [
    await log.createShard(streamId, 0, { openShardCount: 2 }),
    await log.createShard(streamId, 1, { openShardCount: 2 }),
  ];
  for (const shard of [open, sealed]) for (const text of ["a", "b"]) await append(log, shard, text);
  const { end } = await log.seal(sealed, "split");
  const tip = await log.seek(open, { at: "newest" });
  await log.fenceBefore(open, 1);
  await log.freeBefore(streamId, [open, sealed], Date.now());
  assert.deepEqual(await textsOf(log, open), ["a", "b"], "younger than what is freed at a time");

  await log.freeBefore(streamId, [open, sealed], Date.now() + hourMs);
  assert.deepEqual(await textsOf(log, open), []);
  assert.deepEqual(await textsOf(log, sealed), []);
  assert.equal(await append(log, sealed, "late"), "fenced");
  assert.equal((await log.seal(sealed, "split")).end, end);
  const { log: other } = await openEngine(stack, servers);
  assert.deepEqual([await append(log, open, "late"), await append(other, open, "late")], ["fenced", "fenced"]);
  assert.equal(await append(log, open, "c", 1), "stored");
  assert.deepEqual(await textsOf(log, open), ["c"]);
  assert((await log.seek(open, { at: "oldest" })) >= tip, "positions go on");
});

test("a gateway whose clock is a day ahead frees nothing that is younger by the servers' clocks", async (t) => {
  if (!hasNatsServer(t)) return;
  await using stack = new AsyncDisposableStack();
  const servers = stack.use(await NatsServers.start({ nodeCount: 1 }));
  const aheadMs = (): number => Date.now() + 25 * hourMs;
  const { log } = await openEngine(stack, servers, aheadMs);
  const shard = await log.createShard(streamId, 0, { openShardCount: 1 });
  await append(log, shard, "an hour old at most");
  await log.freeBefore(streamId, [shard], aheadMs() - 24 * hourMs);
  assert.deepEqual(await textsOf(log, shard), ["an hour old at most"]);
});
