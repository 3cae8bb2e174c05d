import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertRate,
  assertRefused,
  highKey,
  isThrottled,
  type LimitedServer,
  limitedServer,
  lowKey,
  record,
  shardRate,
  streamArn,
} from "../../support/limited-server.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const throttled = "ProvisionedThroughputExceededException";

interface PutResult {
  readonly ShardId?: string;
  readonly ErrorCode?: string;
  readonly ErrorMessage?: string;
}

const put = (server: LimitedServer, bytes: number, hashKey = lowKey) =>
  server.call("PutRecord", { StreamName: "s", ...record(bytes, hashKey) });

async function putMany(server: LimitedServer, records: readonly object[]): Promise<readonly PutResult[]> {
  const { Records, FailedRecordCount } = await server.expectOk("PutRecords", { StreamName: "s", Records: records });
  const results = Records as readonly PutResult[];
  assert.equal(FailedRecordCount, results.filter(({ ErrorCode }) => ErrorCode !== undefined).length);
  return results;
}

test("PutRecord is refused in the service's words when its shard has had 1,000 records in a second", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 2);
  for (let i = 0; i < 1_000; i++) assert((await put(server, 1)).ok);
  assertRefused(await put(server, 1), throttled, shardRate("s", 0));
  assert((await put(server, 1, highKey)).ok, "the other shard goes on");
  await server.clock.advance(1);
  assert((await put(server, 1)).ok, "a thousandth of a second is worth a record");
  assert(isThrottled(await put(server, 1)));
});

test("PutRecord is refused when its shard has had 1 MiB in a second, the partition key included", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 2);
  assert((await put(server, MiB - 1)).ok);
  assertRefused(await put(server, 0), throttled, shardRate("s", 0));
  assert((await put(server, MiB - 1, highKey)).ok);
  await server.clock.advance(500);
  assert((await put(server, MiB / 2 - 1)).ok);
  assert(isThrottled(await put(server, 1)));
});

test("PutRecords throttles record by record, while those of other shards are stored", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 2);
  const results = await putMany(server, [
    ...[record(700 * KiB), record(700 * KiB), record(700 * KiB, highKey)],
    ...[record(100 * KiB), record(700 * KiB, highKey), record(1, highKey)],
  ]);
  assert.deepEqual(
    results.map(({ ShardId, ErrorCode, ErrorMessage }) => ShardId ?? `${ErrorCode}: ${ErrorMessage}`),
    [
      "shardId-000000000000",
      `${throttled}: ${shardRate("s", 0)}`,
      "shardId-000000000001",
      "shardId-000000000000",
      `${throttled}: ${shardRate("s", 1)}`,
      "shardId-000000000001",
    ],
  );
});

test("of several records of 1 MB for one shard only the first is taken", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 1);
  const results = await putMany(
    server,
    Array.from({ length: 5 }, () => record(1_000_000)),
  );
  assert.deepEqual(
    results.map(({ ErrorCode }) => ErrorCode),
    [undefined, throttled, throttled, throttled, throttled],
  );
});

test("what was throttled is not stored", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 1);
  await putMany(server, [record(600 * KiB), record(601 * KiB), record(200 * KiB)]);
  const page = await server.expectOk("GetRecords", { ShardIterator: await server.iterator("s") });
  const sizes = (page["Records"] as readonly { Data: string }[]).map(({ Data }) => Buffer.from(Data, "base64").length);
  assert.deepEqual(sizes, [600 * KiB, 200 * KiB]);
});

test("a stream of large records takes one of them at once, and pays for it at 1 MiB a second", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 1);
  await server.expectOk("UpdateMaxRecordSize", { StreamARN: streamArn("s"), MaxRecordSizeInKiB: 10 * KiB });
  await server.untilIdle();
  // The burst of a shard refills at its rate.
  assert(isThrottled(await put(server, 10 * MiB - 1)) === false);
  assert(isThrottled(await put(server, MiB)));
  await server.clock.advance(9_000);
  assert(isThrottled(await put(server, 10 * MiB - 1)));
  await server.clock.advance(1_000);
  assert((await put(server, 10 * MiB - 1)).ok);
});

for (const [what, bytes, perSecond] of [
  ["records", 1, 1_000],
  ["bytes", 100 * KiB - 1, MiB / (100 * KiB)],
] as const) {
  test(`PutRecord at three times the limit of ${what} gets the limit's rate, within 5 %`, async (t) => {
    const server = await limitedServer(t);
    await server.create("s", 1);
    const seconds = what === "records" ? 3 : 25;
    const callCount = Math.round(3 * perSecond * seconds);
    let accepted = 0;
    for (let call = 0; call < callCount; call++) {
      if ((await put(server, bytes)).ok) accepted++;
      await server.clock.advance((seconds * 1_000) / callCount);
    }
    assertRate(accepted - perSecond, { perSecond, seconds });
  });
}

test("PutRecords at three times the limits of two shards gets the rate of both, within 5 %", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 2);
  const seconds = 6;
  const accepted = [0, 0];
  const records = Array.from({ length: 500 }, (_, i) => record(1, i % 2 === 0 ? lowKey : highKey));
  for (let call = 0; call < 12 * seconds; call++) {
    for (const { ShardId } of await putMany(server, records)) {
      if (ShardId !== undefined) accepted[Number(ShardId.at(-1))] = (accepted[Number(ShardId.at(-1))] ?? 0) + 1;
    }
    await server.clock.advance(1_000 / 12);
  }
  for (const ofShard of accepted) assertRate(ofShard - 1_000, { perSecond: 1_000, seconds });
});

test("a shard of an on-demand stream may run 10 s ahead of its rate, and not more", async (t) => {
  const server = await limitedServer(t);
  await server.expectOk("CreateStream", { StreamName: "s", StreamModeDetails: { StreamMode: "ON_DEMAND" } });
  await server.untilIdle();
  for (let i = 0; i < 10; i++) assert((await put(server, MiB - 1)).ok);
  assertRefused(await put(server, 1), throttled, shardRate("s", 0));
  await server.clock.advance(1_000);
  assert((await put(server, MiB - 1)).ok);
  assertRefused(await put(server, 1), throttled, shardRate("s", 0));
});

test("a dry run takes nothing from the shard's rate", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 1);
  for (let i = 0; i < 3; i++) {
    const dry = await server.call("PutRecord", { StreamName: "s", ...record(MiB - 1), DryRun: true });
    assert(!dry.ok && dry.type === "DryRunOperationException");
  }
  assert((await put(server, MiB - 1)).ok);
});

test("without limits a shard takes all it is given", async (t) => {
  const server = await limitedServer(t, { table: undefined });
  await server.create("s", 1);
  for (let i = 0; i < 20; i++) assert((await put(server, MiB - 1)).ok);
});
