import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertRate,
  assertRefused,
  isThrottled,
  type LimitedServer,
  limitedServer,
  readRate,
  record,
} from "../../support/limited-server.ts";

const MiB = 1024 * 1024;
const throttled = "ProvisionedThroughputExceededException";

/** A little less than 1 MiB, so that ten of them fit a page with all that is stored beside the data. */
const recordBytes = MiB - 100;

/** A shard of one stream with this many MiB in it, written as fast as it may be. */
async function filled(server: LimitedServer, MiBCount: number): Promise<string> {
  await server.create("s", 2);
  for (let i = 0; i < MiBCount; i++) {
    await server.expectOk("PutRecord", { StreamName: "s", ...record(recordBytes) });
    await server.clock.advance(1_000);
  }
  return await server.iterator("s");
}

const read = (server: LimitedServer, ShardIterator: string, Limit = 10_000) =>
  server.call("GetRecords", { ShardIterator, Limit });

test("GetRecords: 5 calls a second by shard, in the service's words", async (t) => {
  const server = await limitedServer(t);
  const iterator = await filled(server, 0);
  for (let call = 0; call < 5; call++) assert((await read(server, iterator)).ok);
  assertRefused(await read(server, iterator), throttled, readRate("s", 0));
  assert((await read(server, await server.iterator("s", 1))).ok, "the other shard goes on");
  await server.clock.advance(200);
  assert((await read(server, iterator)).ok);
  assert(isThrottled(await read(server, iterator)));
});

test("a page of 10 MiB silences its shard for five seconds", async (t) => {
  const server = await limitedServer(t);
  const iterator = await filled(server, 11);
  const page = await read(server, iterator);
  assert(page.ok);
  assert.equal((page.output["Records"] as readonly unknown[]).length, 10);
  assertRefused(await read(server, iterator), throttled, readRate("s", 0));
  await server.clock.advance(4_990);
  assertRefused(await read(server, iterator), throttled, readRate("s", 0));
  await server.clock.advance(10);
  assert((await read(server, iterator, 1)).ok);
});

test("once 2 MiB have been read the shard is silent for a second", async (t) => {
  const server = await limitedServer(t);
  const iterator = await filled(server, 3);
  assert((await read(server, iterator, 1)).ok);
  assert((await read(server, iterator, 1)).ok, "a little less than 2 MiB is within the budget");
  assert((await read(server, iterator, 1)).ok, "a page is as large as it is, and paid for afterwards");
  assertRefused(await read(server, iterator, 1), throttled, readRate("s", 0));
  await server.clock.advance(1_000);
  assert(isThrottled(await read(server, iterator, 1)), "the third page is not paid off yet");
  await server.clock.advance(500);
  assert((await read(server, iterator, 1)).ok);
});

test("GetRecords at many times the rate gets 2 MiB a second, within 5 %", async (t) => {
  const server = await limitedServer(t);
  const iterator = await filled(server, 4);
  const seconds = 60;
  let bytes = 0;
  for (let call = 0; call < 20 * seconds; call++) {
    const page = await read(server, iterator, 1);
    if (page.ok) bytes += (page.output["Records"] as readonly unknown[]).length * recordBytes;
    await server.clock.advance(50);
  }
  assertRate(bytes, { perSecond: 2 * MiB, seconds });
});

test("GetRecords of an empty shard at three times the rate gets five calls a second, within 5 %", async (t) => {
  const server = await limitedServer(t);
  const iterator = await filled(server, 0);
  let accepted = 0;
  for (let call = 0; call < 15 * 30; call++) {
    if ((await read(server, iterator)).ok) accepted++;
    await server.clock.advance(1_000 / 15);
  }
  assertRate(accepted - 5, { perSecond: 5, seconds: 30 });
});

test("subscribers neither take from what GetRecords may read nor are held up by it", async (t) => {
  const server = await limitedServer(t);
  const iterator = await filled(server, 3);
  const StreamARN = (await server.expectOk("DescribeStreamSummary", { StreamName: "s" }))["StreamDescriptionSummary"];
  const { Consumer } = await server.expectOk("RegisterStreamConsumer", {
    StreamARN: (StreamARN as { readonly StreamARN: string }).StreamARN,
    ConsumerName: "reader",
  });
  await server.untilIdle();
  for (let page = 0; page < 3; page++) assert((await read(server, iterator, 1)).ok);
  assert(isThrottled(await read(server, iterator, 1)));
  const { ConsumerARN } = Consumer as { readonly ConsumerARN: string };
  const StartingPosition = { Type: "TRIM_HORIZON" };
  const subscription = { ConsumerARN, ShardId: "shardId-000000000000", StartingPosition };
  await server.firstBytes("SubscribeToShard", subscription, "ContinuationSequenceNumber");
  await server.clock.advance(1_500);
  assert((await read(server, iterator, 1)).ok, "what was pushed has cost the readers nothing");
});

test("without limits a shard is read as often as it is asked", async (t) => {
  const server = await limitedServer(t, { table: undefined });
  const iterator = await filled(server, 11);
  for (let call = 0; call < 12; call++) assert((await read(server, iterator)).ok);
});
