import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryEngine } from "../../../../src/engine/memory/memory-engine.ts";
import { wasmModule } from "../../../../src/records/wasm-module.ts";
import type { WireRequest } from "../../../../src/server/http/http-message.ts";
import { createRequestHandler } from "../../../../src/server/pipeline/handle-request.ts";
import { textOf } from "../../../support/encoded-body.ts";
import { SimulatedClock } from "../../../support/simulated-clock.ts";
import { account, region, TestServer } from "../../../support/test-server.ts";

const StreamName = "orders";
const record = { Data: "AAEC", PartitionKey: "key" };

const callerDefaults = { account, region, allowAnonymous: true };

function getRecords(ShardIterator: string): WireRequest {
  return {
    ...{ method: "POST", url: "/", body: Buffer.from(JSON.stringify({ ShardIterator })) },
    headers: { "x-amz-target": "Kinesis_20131202.GetRecords", "content-type": "application/x-amz-json-1.1" },
    signal: new AbortController().signal,
  };
}

/** A server with a stream of so many shards. */
async function openServer(ShardCount: number) {
  const clock = new SimulatedClock();
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 2 ** 24 });
  await engine.open();
  const server = await TestServer.open({ engine, clock });
  await server.expectOk("CreateStream", { StreamName, ShardCount });
  await server.untilIdle();
  const close = async (): Promise<void> => {
    await server.close();
    await engine.close();
  };
  return { server, clock, close };
}

/** The longest piece of the module's memory that is free, in pages of 16 KiB. */
function freePages(): number {
  const { allocator } = wasmModule() ?? assert.fail("this machine runs the WebAssembly module");
  let [low, high] = [0, 4096];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const lease = allocator.take(middle * 16 * 1024);
    if (lease === undefined) high = middle - 1;
    else low = middle;
    lease?.[Symbol.dispose]();
  }
  return low;
}

test("the memory of a put must come back whatever ends the request", async () => {
  const { server, close } = await openServer(2);
  const free = freePages();
  const puts: readonly (readonly [operation: string, input: object, type: string])[] = [
    ["PutRecords", { StreamName, Records: [record, record] }, "ok"],
    ["PutRecord", { StreamName, ...record }, "ok"],
    ["PutRecords", { StreamName, Records: [{ ...record, PartitionKey: '"' }] }, "ok"],
    ["PutRecords", { StreamName: "?", Records: [record] }, "ValidationException"],
    ["PutRecords", { StreamName, Records: [{ ...record, PartitionKey: "" }] }, "ValidationException"],
    ["PutRecord", { StreamName, ...record, Data: 1 }, "SerializationException"],
    ["PutRecords", { StreamName: "absent", Records: [record] }, "ResourceNotFoundException"],
    ["PutRecord", { StreamName, ...record, DryRun: true }, "DryRunOperationException"],
    ["PutRecord", { StreamName, ...record, SequenceNumberForOrdering: "9".repeat(129) }, "InvalidArgumentException"],
  ];
  for (const [operation, input, type] of puts) {
    for (let i = 0; i < 3; i++) {
      const result = await server.call(operation, input);
      assert.equal(result.ok ? "ok" : result.type, type, `${operation} ${JSON.stringify(input)}`);
      assert.equal(freePages(), free, `${operation} ${JSON.stringify(input)}`);
    }
  }
  await close();
});

test("while large responses wait, a page at the tip does not, and one far behind it is as large as it may be", async () => {
  const { server, clock, close } = await openServer(1);
  for (let second = 0; second < 8; second++) {
    await server.expectOk("PutRecord", { StreamName, PartitionKey: "k", Data: "A".repeat(80_000) });
    await clock.advance(1_000);
  }
  const handle = createRequestHandler({ services: server.services, callerDefaults });
  const granted = 600_000;
  const asked: string[] = [];
  const read = async (type: string, parts: Partial<WireRequest>): Promise<number> => {
    const place = { StreamName, ShardId: "shardId-000000000000", ShardIteratorType: type };
    const { ShardIterator } = await server.expectOk<{ ShardIterator: string }>("GetShardIterator", place);
    const { body } = await handle({
      ...getRecords(ShardIterator),
      admitLarge: async () => {
        asked.push(type);
        return granted;
      },
      ...parts,
    });
    assert(typeof body === "string" || !(Symbol.asyncIterator in body));
    return JSON.parse(textOf(body)).Records.length;
  };
  assert.equal(await read("LATEST", { isLargeDelayed: () => true }), 0);
  assert.deepEqual(asked, []);
  assert.equal(await read("TRIM_HORIZON", { isLargeDelayed: () => true }), 3);
  assert.deepEqual(asked, ["TRIM_HORIZON"]);
  assert.equal(await read("LATEST", { isLargeDelayed: () => false }), 0);
  assert.deepEqual(asked, ["TRIM_HORIZON", "LATEST"]);
  await close();
});

test("records that the page of the console shows do not count as read by a consumer that is behind", async () => {
  const { server, close } = await openServer(1);
  await server.expectOk("PutRecord", { StreamName, ...record });
  const place = { StreamName, ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" };
  const { ShardIterator } = await server.expectOk<{ ShardIterator: string }>("GetShardIterator", place);
  const { services } = server;
  const readCount = (): number => {
    return [...(services.shards.counts?.streams.values() ?? [])].reduce((sum, { reads }) => sum + reads.count, 0);
  };
  const ofPage = createRequestHandler({ services: { ...services, isConsole: true }, callerDefaults });
  assert.equal((await ofPage(getRecords(ShardIterator))).status, 200);
  assert.equal(readCount(), 0);
  assert.equal((await createRequestHandler({ services, callerDefaults })(getRecords(ShardIterator))).status, 200);
  assert.equal(readCount(), 1);
  await close();
});
