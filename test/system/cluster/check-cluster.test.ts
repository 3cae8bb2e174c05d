import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { encodeEpochMessage } from "../../../src/engine/jetstream/format/fence-message.ts";
import { activeStreamArn, call } from "../../support/kinesis-call.ts";
import { hasNatsServer, NatsServers } from "../../support/nats-servers.ts";
import { runCli } from "../../support/run-cli.ts";
import { ServerProcess } from "../../support/start-server.ts";

interface Finding {
  readonly check: string;
  readonly state: string;
  readonly found: string;
}

async function examine(env: Readonly<Record<string, string>>, ...options: readonly string[]) {
  const { code, stdout, stderr } = await runCli(["check-cluster", "--json", ...options], { env });
  const findings: readonly Finding[] = stdout === "" ? [] : JSON.parse(stdout);
  const faults = findings.filter(({ state }) => state !== "ok").map(({ check, found }) => `${check}: ${found}`);
  return { code, stderr, findings, faults };
}

interface ApiAnswer {
  readonly streams?: readonly string[];
  readonly config?: object;
}

/** What an operator could do by hand with the tools of NATS. */
async function api(connection: NatsConnection, name: string, body: object = {}): Promise<ApiAnswer> {
  return (await connection.request(`$JS.API.${name}`, JSON.stringify(body), { timeout: 5_000 })).json();
}

test("check-cluster finds what was done to a cluster behind the gateway's back, and changes nothing", async (t) => {
  if (!hasNatsServer(t)) return;
  await using servers = await NatsServers.start({ nodeCount: 1 });
  const env = servers.environment;
  const empty = await examine(env);
  assert.deepEqual([empty.code, empty.faults.length], [1, 1], empty.stderr);
  assert.match(empty.faults[0] ?? "", /no gateway has ever started/);

  const args = ["--engine", "jetstream", "--allow-degraded"];
  await using gateway = await ServerProcess.start({ args, env });
  for (const StreamName of ["orders", "clicks", "views"]) {
    await call(gateway.endpoint, "CreateStream", { StreamName, ShardCount: 2 });
    await activeStreamArn(gateway.endpoint, StreamName);
    await call(gateway.endpoint, "PutRecord", { StreamName, Data: "aGk=", PartitionKey: "a" });
  }
  await call(gateway.endpoint, "MergeShards", {
    StreamName: "orders",
    ShardToMerge: "shardId-000000000000",
    AdjacentShardToMerge: "shardId-000000000001",
  });
  await activeStreamArn(gateway.endpoint, "orders");
  const encryption = { EncryptionType: "KMS", KeyId: "alias/mine" };
  await call(gateway.endpoint, "StartStreamEncryption", { StreamName: "orders", ...encryption });
  await activeStreamArn(gateway.endpoint, "orders");
  const sound = await examine(env, "--scrub");
  // One server cannot keep three copies; all else is as it should be.
  assert.deepEqual(sound.faults.length, 1, sound.faults.join("\n"));
  assert.match(sound.faults[0] ?? "", /^copies: fewer than 3/);
  assert.match(sound.findings.find(({ check }) => check === "gateways")?.found ?? "", /^1 runs$/);
  assert.match(sound.findings.find(({ check }) => check === "scrub")?.found ?? "", /^\d+ messages are the same/);

  const connection = await connect({ servers: [...servers.urls] });
  const streams = (await api(connection, "STREAM.NAMES", { subject: "millrace.log.>" }))[
    "streams"
  ] as never as string[];
  const [aged = "", removed = ""] = streams;
  // The streams come in the order of their random ids; of the two that were not merged, one stays at least.
  for (const group of streams) {
    const end = `${group.replace("millrace_", "millrace.log.").replace(/_(\d+)$/, ".$1")}.1.e`;
    await connection.request(end, Buffer.alloc(16), { timeout: 5_000 });
    // What only documents of a later time know.
    await connection.request(end.replace(/1\.e$/, "0.f.2"), encodeEpochMessage(9), { timeout: 5_000 });
  }
  const { config } = await api(connection, `STREAM.INFO.${aged}`);
  await api(connection, `STREAM.UPDATE.${aged}`, { ...config, max_age: 7_200_000_000_000 });
  await api(connection, `STREAM.DELETE.${removed}`);
  const orphan = { ...config, name: "millrace_orphan_0", subjects: ["millrace.log.orphan.0.>"], republish: undefined };
  await api(connection, "STREAM.CREATE.millrace_orphan_0", orphan);
  await connection.close();

  const { code, faults } = await examine(env);
  assert.equal(code, 1);
  const text = faults.filter((fault) => !fault.startsWith("copies")).join("\n");
  assert.match(text, new RegExp(`^log groups: ${removed} was removed`, "m"));
  assert.match(text, /^documents: no stream document names millrace_orphan_0$/m);
  assert.match(text, new RegExp(`^retention: .* ${aged} keeps 2 h, its stream says 24 h$`, "m"));
  assert.match(text, /^shards: fenced by later settings .* nothing can be written: shard 0 of (clicks|views)/m);
  assert.match(text, /^shards: listed open and sealed, so nothing can be written: shard 1 of (clicks|views)/m);

  await gateway.kill("SIGTERM");
  assert.match((await examine(env)).faults.join("\n"), /^gateways: none runs$/m);
});

test("check-cluster tells servers that cannot be reached, and settings that are wrong, by exit code 2", async (t) => {
  if (!hasNatsServer(t)) return;
  const away = await examine({ MILLRACE_NATS: "nats://127.0.0.1:1" });
  assert.deepEqual([away.code, /^millrace: No NATS server can be reached/.test(away.stderr)], [2, true], away.stderr);
  const unset = await examine({});
  assert.deepEqual([unset.code, /jetstream needs --nats URL/.test(unset.stderr)], [2, true], unset.stderr);
});
