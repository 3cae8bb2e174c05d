import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { test } from "node:test";
import { connect } from "@nats-io/transport-node";
import { JetStreamEngine } from "../../../src/engine/jetstream/jetstream-engine.ts";
import { hasNatsServer, NatsServers } from "../../support/nats-servers.ts";

/** What docs/cluster.md tells an operator to include; from the folder of the servers' configuration. */
const file = join(import.meta.dirname, "../../../deploy/cluster/permissions.conf");
const permissions = join("..", relative(tmpdir(), file));

const extra = `accounts { MILLRACE { jetstream: enabled, users: [ {
  user: gateway
  password: secret
  include "${permissions}"
} ] } }`;

test("a gateway needs no more than the permissions of deploy/cluster, and they allow nothing beside its own", async (t) => {
  if (!hasNatsServer(t)) return;
  await using servers = await NatsServers.start({ nodeCount: 1, extra });
  const login = (password: string): readonly string[] =>
    servers.urls.map((url) => url.replace("//", `//gateway:${password}@`));
  const open = async (password: string): Promise<JetStreamEngine> => {
    const engine = new JetStreamEngine({
      address: { urls: login(password) },
      prefix: "millrace",
      nowMs: Date.now,
      monitorUrls: servers.monitorUrls,
      assumesFsync: false,
      allowsDegraded: true,
    });
    await engine.open();
    return engine;
  };
  await assert.rejects(open("wrong"), /No NATS server can be reached at nats:\/\/127/);

  const engine = await open("secret");
  const { log, documents } = engine;
  const shard = await log.createShard("stream", 0, { openShardCount: 1 });
  await log.setRetention("stream", [shard], 24 * 3_600_000);
  const entry = { count: 1, timeMs: 1, body: Buffer.from("x") };
  const followed = (async () => {
    const seen: string[] = [];
    const { signal } = new AbortController();
    for await (const batch of log.follow(shard, 1n, { signal, bufferedBytesMax: 1_000 })) {
      seen.push(...batch.map(({ body }) => Buffer.from(body).toString()));
    }
    return seen;
  })();
  await log.append([{ shard, entry }]);
  await log.fenceBefore(shard, 1);
  await log.append([{ shard, entry }], 1);
  await log.seek(shard, { at: "time", timeMs: 0 });
  await log.seal(shard, "split");
  assert.deepEqual(await followed, ["x", "x"]);
  await log.dropShard(shard);
  const revision = await documents.compareAndSwap("a", Buffer.from("1"), 0n);
  assert.equal((await documents.list("")).length, 1);
  await documents.compareAndSwap("a", null, revision);
  assert.equal((await engine.health()).ready, true);
  await log.dropStream("stream", [shard]);
  await engine.close();

  const [url = ""] = servers.urls;
  const connection = await connect({ servers: url.replace("nats://", ""), user: "gateway", pass: "secret" });
  for (const subject of [
    "$JS.API.CONSUMER.CREATE.KV_millrace_documents",
    "$JS.API.INFO",
    "other.log",
    "millrace.push.x",
  ]) {
    await assert.rejects(connection.request(subject, "{}", { timeout: 500 }), /[Pp]ermission/, subject);
  }
  await connection.close();
});
