import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { base64, type DevServer, startDevServer } from "../../support/dev-server.ts";
import { activeConsumerArn, activeStreamArn } from "../../support/kinesis-call.ts";
import { RawConnection } from "../../support/raw-connection.ts";
import { ShardReader } from "../../support/shard-reader.ts";
import { signRequest } from "../../support/signed-request.ts";
import { startVerified } from "../../support/verified-server.ts";

const hourMs = 3_600_000;

interface ClockBody {
  readonly nowMs: number;
}

interface ErrorBody {
  readonly __type: string;
}

test("records are gone when the clock has passed their retention, and not before", async () => {
  await using server = await startDevServer();
  await server.kinesis("PutRecord", { StreamName: "orders", PartitionKey: "a", Data: base64("old") });
  await server.advance(23 * hourMs);
  await server.kinesis("PutRecord", { StreamName: "orders", PartitionKey: "a", Data: base64("new") });
  assert.deepEqual(await server.textsOf("orders"), ["old", "new"]);
  await server.advance(2 * hourMs);
  assert.deepEqual(await server.textsOf("orders"), ["new"]);
});

test("an iterator expires when the clock has passed its five minutes", async () => {
  await using server = await startDevServer();
  const ShardIterator = await server.iteratorAt("orders");
  await server.advance(200_000);
  assert.equal((await server.kinesis("GetRecords", { ShardIterator })).status, 200);
  await server.advance(101_000);
  const { status, body } = await server.kinesis<ErrorBody>("GetRecords", { ShardIterator });
  assert.deepEqual([status, body.__type], [400, "ExpiredIteratorException"]);
});

test("a transition that is held for an hour is over when the clock says so", async () => {
  await using server = await startDevServer({ transitionDelay: "60m" });
  assert.equal(await server.statusOf("orders"), "CREATING");
  await server.advance(hourMs - 60_000);
  assert.equal(await server.statusOf("orders"), "CREATING");
  await server.advance(60_000);
  await server.untilStatus("orders", "ACTIVE");

  await server.kinesis("UpdateShardCount", {
    StreamName: "orders",
    TargetShardCount: 2,
    ScalingType: "UNIFORM_SCALING",
  });
  assert.equal(await server.statusOf("orders"), "UPDATING");
  await server.advance(hourMs);
  await server.untilStatus("orders", "ACTIVE");

  await server.kinesis("DeleteStream", { StreamName: "orders" });
  assert.equal(await server.statusOf("orders"), "DELETING");
  await server.advance(hourMs);
  await server.untilStatus("orders", undefined);
});

test("a subscription hears its heartbeats and ends after its five minutes of the moved clock", async () => {
  await using server = await startDevServer();
  const { endpoint } = server;
  const consumerArn = await activeConsumerArn(endpoint, await activeStreamArn(endpoint, "orders"), "consumer");
  let eventCount = 0;
  const reader = new ShardReader({ endpoint, consumerArn, shardId: "shardId-000000000000" }, () => eventCount++);
  await reader.subscribe();
  for (; eventCount < 3; await pause(1)) await server.advance(5_000);
  const { ended } = reader;
  for (let isOver = false; !isOver; ) {
    await server.advance(300_000);
    isOver = await Promise.race([ended.then(() => true), pause(5).then(() => false)]);
  }
  assert.equal(reader.exception, undefined);
});

test("the buckets of --limits aws are full again when the clock has moved", async () => {
  await using server = await startDevServer({ limits: "aws" });
  const readAll = async () => {
    const ShardIterator = await server.iteratorAt("orders");
    for (let calls = 0; calls < 30; calls++) {
      const { status, body } = await server.kinesis<ErrorBody>("GetRecords", { ShardIterator });
      if (status === 400) return body.__type;
    }
    return "never";
  };
  assert.equal(await readAll(), "ProvisionedThroughputExceededException");
  await server.advance(60_000);
  const ShardIterator = await server.iteratorAt("orders");
  assert.equal((await server.kinesis("GetRecords", { ShardIterator })).status, 200);
});

/** While the clock is where the machine's is. */
async function readClock(server: DevServer): Promise<ClockBody> {
  const startMs = Date.now();
  const { body } = await server.dev<ClockBody>("GET", "/dev/clock");
  assert.ok(body.nowMs >= startMs && body.nowMs <= Date.now(), `${body.nowMs}, asked from ${startMs} on`);
  return body;
}

test("/dev/clock is moved ahead, back and to a moment, and /health says by how much", async () => {
  await using server = await startDevServer();
  const before = await readClock(server);
  const degraded = async () =>
    (await server.dev<{ readonly degraded: readonly string[] }>("GET", "/health")).body.degraded;
  assert.deepEqual(await degraded(), []);

  const { body: ahead } = await server.dev<ClockBody>("POST", "/dev/clock", { advanceMs: 25 * hourMs });
  assert.ok(ahead.nowMs >= before.nowMs + 25 * hourMs);
  assert.deepEqual(await degraded(), [movedBy(90_000_000)]);
  await server.dev("POST", "/dev/clock", { advanceMs: -26 * hourMs });
  assert.deepEqual(await degraded(), [movedBy(-3_600_000)]);
  await server.dev("POST", "/dev/clock", { advanceMs: hourMs });
  assert.deepEqual(await degraded(), []);

  const nowMs = Date.UTC(2030, 0, 1);
  const startMs = Date.now();
  const { body: set } = await server.dev<ClockBody>("POST", "/dev/clock", { nowMs });
  assert.ok(set.nowMs >= nowMs && set.nowMs <= nowMs + Date.now() - startMs);
});

test("/dev/clock refuses what is no move with one sentence, and stays where it is", async () => {
  await using server = await startDevServer();
  for (const [body, problem] of [
    [undefined, /^The body is not valid JSON\.$/],
    [[], /^The body must be/],
    ["advanceMs", /^The body must be/],
    [null, /^The body must be/],
    [{}, /^The body must be/],
    [{ advanceMs: 1, nowMs: 1 }, /^The body must be/],
    [{ advance: 1 }, /^The body must be/],
    [{ advanceMs: 0.5 }, /^"advanceMs" must be a whole number of milliseconds\.$/],
    [{ nowMs: "1" }, /^"nowMs" must be a whole number/],
    [{ nowMs: 0 }, /^The clock can be moved to times from 946684800000/],
    [{ advanceMs: 1e14 }, /^The clock can be moved/],
    [{ advanceMs: "1".repeat(300_000) }, /^The body may have at most 262144 bytes\.$/],
  ] as const) {
    const answer = await server.dev<{ readonly problem: string }>("POST", "/dev/clock", body);
    assert.equal(answer.status, 400);
    assert.match(answer.body.problem, problem);
  }
  const other = await fetch(`${server.endpoint}/dev/clock`, { method: "DELETE" });
  assert.deepEqual([other.status, other.headers.get("allow")], [405, "GET, HEAD, POST"]);
  await other.text();
  await readClock(server);
});

test("a client whose clock has not moved along is still let in where signatures are verified", async () => {
  const alice = { accessKeyId: "AKIDALICE", secretAccessKey: "secret", account: "111111111111" };
  await using server = await startVerified([alice], { dev: true });
  const moved = await fetch(`${server.endpoint}/dev/clock`, { method: "POST", body: '{"advanceMs":90000000}' });
  assert.equal(moved.status, 200);
  await moved.text();
  const connection = await RawConnection.open(server.port);
  assert.equal((await connection.send(signRequest(alice, "{}"))).status, 200);
  connection.close();
});

function movedBy(ms: number): string {
  return `the clock is moved by ${ms} ms through POST /dev/clock; stored times are not the system's`;
}
