import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { Limits } from "../../../src/limits/limits.ts";
import { limitsTableOf } from "../../../src/limits/limits-file.ts";
import type { WireResponse } from "../../../src/server/exchange.ts";
import { listen } from "../../../src/server/listen.ts";
import { Rehearsal, rehearseHealth } from "../../../src/server/warm-up.ts";
import { type RequestFinished, requestFinished } from "../../../src/telemetry/channels.ts";
import { systemClock } from "../../../src/time/system-clock.ts";
import { HouseUnderTest } from "../../model/house-under-test.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";

async function openHouse(): Promise<HouseUnderTest> {
  const clock = new SimulatedClock();
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 1 << 24 });
  await engine.open();
  const table = limitsTableOf("aws");
  assert(table !== undefined);
  return HouseUnderTest.open({ engine, clock, limits: new Limits(table, clock) });
}

const answer: WireResponse = { status: 200, headers: {}, body: "for everybody" };

/** Reads as a start does, and gives the port to `act` before it is over. */
async function rehearse(
  { rooms }: HouseUnderTest,
  act: (rehearsal: Rehearsal, port: number) => Promise<void> = async () => undefined,
): Promise<void> {
  const rehearsal = new Rehearsal(rooms, async () => answer);
  const main = await listen({ hosts: ["127.0.0.1"], port: 0, clock: systemClock, handler: rehearsal.handler });
  await rehearsal.readAt(main);
  await act(rehearsal, main.port);
  rehearsal.end();
  await main.close({ graceMs: 0 });
}

async function heardDuring(act: () => Promise<void>): Promise<RequestFinished[]> {
  const heard: RequestFinished[] = [];
  const unsubscribe = requestFinished.subscribe((request) => heard.push(request));
  await act();
  unsubscribe();
  return heard;
}

test("the oldest record of a stream is read, and no limit of its shard is charged", async () => {
  const house = await openHouse();
  await house.must("CreateStream", { StreamName: "orders", ShardCount: 1 });
  await house.quiet();
  const Data = Buffer.from("one").toString("base64");
  await house.must("PutRecord", { StreamName: "orders", PartitionKey: "k", Data });
  const heard = await heardDuring(() => rehearse(house));
  assert.equal(heard.length, 20);
  for (const [index, { operation, outcome, recordCount }] of heard.entries()) {
    const expected = index % 2 === 0 ? ["GetShardIterator", "ok", 0] : ["GetRecords", "ok", 1];
    assert.deepEqual([operation, outcome, recordCount], expected);
  }
  const from = { StreamName: "orders", ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" };
  const { ShardIterator } = await house.must<{ ShardIterator: string }>("GetShardIterator", from);
  // Five reads a second are allowed, and none has been made yet.
  for (let read = 0; read < 5; read++) await house.must("GetRecords", { ShardIterator });
  assert.equal((await house.call("GetRecords", { ShardIterator })).ok, false);
  await house.close();
});

test("a start without a stream, or with none but an encrypted one, reads nothing", async () => {
  const house = await openHouse();
  assert.deepEqual(await heardDuring(() => rehearse(house)), []);
  await house.must("CreateStream", { StreamName: "secrets", ShardCount: 1 });
  await house.quiet();
  const encryption = { StreamName: "secrets", EncryptionType: "KMS", KeyId: "alias/aws/kinesis" };
  await house.must("StartStreamEncryption", encryption);
  await house.quiet();
  assert.deepEqual(await heardDuring(() => rehearse(house)), []);
  await house.close();
});

test("whoever comes during a rehearsal waits until it is over, a stranger to its reads", async () => {
  const house = await openHouse();
  await house.must("CreateStream", { StreamName: "orders", ShardCount: 1 });
  await house.quiet();
  await rehearse(house, async (rehearsal, port) => {
    let isOver = false;
    const asking = fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: { "X-Amz-Target": "Kinesis_20131202.ListStreams", "x-millrace-rehearsal": "guessed" },
      body: "{}",
    }).then(async (response) => {
      assert.ok(isOver);
      return response.text();
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    isOver = true;
    rehearsal.end();
    assert.equal(await asking, "for everybody");
  });
  await house.close();
});

async function listening(onConnection: Parameters<typeof createServer>[1]) {
  const server = createServer(onConnection);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

test("one request for health is made, and its connection ends", async () => {
  const requests: string[] = [];
  const { server, port } = await listening((socket) => {
    socket.on("data", (bytes) => {
      requests.push(String(bytes));
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
  });
  await rehearseHealth({ hosts: ["127.0.0.1", "::1"], port });
  assert.equal(requests.length, 1);
  assert.match(requests[0] ?? "", /^GET \/health HTTP\/1\.1\r\nHost: localhost\r\n/);
  server.close();
  await once(server, "close");
});

test("a start does not fail, or wait for ever, because nobody answers", async () => {
  const { server, port } = await listening((socket) => socket.on("error", () => undefined).resume());
  const startedMs = performance.now();
  await rehearseHealth({ hosts: ["127.0.0.1"], port });
  assert(performance.now() - startedMs >= 900, "it gave the answer its time");
  server.close();
  await once(server, "close");
  await rehearseHealth({ hosts: ["127.0.0.1"], port });
});
