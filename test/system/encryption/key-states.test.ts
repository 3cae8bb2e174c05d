// What clients are told of keys that cannot be used, and for how long a key is used without asking.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import type { KeyErrorKind } from "../../../src/keys/key-provider.ts";
import { streamDocumentKey } from "../../../src/registry/stream-document-key.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { SwitchedKeys } from "../../support/switched-keys.ts";
import { account, HouseUnderTest, region } from "../../support/test-server.ts";

const StreamName = "orders";
const KeyId = "alias/mine";
const shardId = "shardId-000000000000";
const keyUseMs = 5 * 60_000;
const streamPlace = `${StreamName} under account ${account}`;

async function houseWithStream(t: TestContext) {
  const clock = new SimulatedClock();
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 2 ** 26 });
  await engine.open();
  const keyProvider = new SwitchedKeys();
  const house = await HouseUnderTest.open({ engine, clock, keyProvider });
  t.after(async () => {
    await house.close();
    await engine.close();
  });
  await house.must("CreateStream", { StreamName, ShardCount: 1 });
  await house.quiet();
  return { house, clock, engine, keyProvider };
}

async function startEncryption(house: HouseUnderTest, keyId = KeyId): Promise<void> {
  await house.must("StartStreamEncryption", { StreamName, EncryptionType: "KMS", KeyId: keyId });
  await house.quiet();
}

const put = (house: HouseUnderTest, data: string) =>
  house.call<{ readonly EncryptionType?: string }>("PutRecord", {
    StreamName,
    PartitionKey: "k",
    Data: Buffer.from(data).toString("base64"),
  });

interface Page {
  readonly Records: readonly { readonly Data: string; readonly EncryptionType?: string }[];
  readonly NextShardIterator: string;
}

async function firstIterator(house: HouseUnderTest): Promise<string> {
  const place = { StreamName, ShardId: shardId, ShardIteratorType: "TRIM_HORIZON" };
  return (await house.must<{ readonly ShardIterator: string }>("GetShardIterator", place)).ShardIterator;
}

async function read(house: HouseUnderTest): Promise<readonly (readonly [string, string | undefined])[]> {
  const page = await house.must<Page>("GetRecords", { ShardIterator: await firstIterator(house) });
  return page.Records.map(({ Data, EncryptionType }) => [Buffer.from(Data, "base64").toString(), EncryptionType]);
}

const told: readonly (readonly [KeyErrorKind, type: string, writer: string, reader?: string])[] = [
  ["disabled", "KMSDisabledException", `Key ${KeyId} for stream ${streamPlace} is disabled.`],
  [
    "invalid_state",
    "KMSInvalidStateException",
    `Key ${KeyId} for stream ${streamPlace} is in a state in which it cannot be used.`,
  ],
  ["not_found", "KMSNotFoundException", `Key ${KeyId} for stream ${streamPlace} is not found.`],
  [
    "opt_in_required",
    "KMSOptInRequired",
    `Key ${KeyId} for stream ${streamPlace} needs a subscription to the key service.`,
  ],
  ["throttled", "KMSThrottlingException", `Key ${KeyId} for stream ${streamPlace} is asked for too often.`],
  [
    "access_denied",
    "KMSAccessDeniedException",
    `User: arn:aws:iam::${account}:root is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:${region}:${account}:alias/mine`,
    `User arn:aws:iam::${account}:root is not authorized to decrypt records in stream arn:aws:kinesis:${region}:${account}:stream/${StreamName}`,
  ],
  ["unavailable", "InternalFailure", ""],
];

test("StartStreamEncryption with a key that cannot be used says why and leaves the stream as it is", async (t) => {
  const { house, keyProvider } = await houseWithStream(t);
  for (const [kind, type, message] of told) {
    keyProvider.refusal = kind;
    const answer = await house.call("StartStreamEncryption", { StreamName, EncryptionType: "KMS", KeyId });
    assert.deepEqual(answer, { ok: false, type, message });
  }
  const { StreamDescriptionSummary } = await house.must<{
    readonly StreamDescriptionSummary: { readonly StreamStatus: string; readonly EncryptionType: string };
  }>("DescribeStreamSummary", { StreamName });
  assert.equal(StreamDescriptionSummary.StreamStatus, "ACTIVE");
  assert.equal(StreamDescriptionSummary.EncryptionType, "NONE");
});

test("puts and gets say that a key cannot be used, at the latest when it has been used for five minutes", async (t) => {
  const { house, clock, keyProvider } = await houseWithStream(t);
  await startEncryption(house);
  assert.ok((await put(house, "1")).ok);
  for (const [kind, type, writer, reader = writer] of told) {
    await clock.advance(keyUseMs);
    keyProvider.refusal = undefined;
    assert.ok((await put(house, "2")).ok);
    keyProvider.refusal = kind;
    await clock.advance(keyUseMs - 1);
    assert.ok((await put(house, "3")).ok, "the key is still at hand");
    const count = (await read(house)).length;
    await clock.advance(1);
    assert.deepEqual(await put(house, "4"), { ok: false, type, message: writer });
    const records = [{ PartitionKey: "k", Data: "" }];
    assert.deepEqual(await house.call("PutRecords", { StreamName, Records: records }), {
      ok: false,
      type,
      message: writer,
    });
    const ShardIterator = await firstIterator(house);
    assert.deepEqual(await house.call("GetRecords", { ShardIterator }), { ok: false, type, message: reader });
    assert.match(house.rooms.shards.keys.faults()[0] ?? "", /a data key of stream orders cannot be used: the key is/);
    keyProvider.refusal = undefined;
    await clock.advance(1_000);
    assert.equal((await read(house)).length, count, "what was refused was not stored, and nothing is lost");
    assert.deepEqual(house.rooms.shards.keys.faults(), []);
  }
});

test("a subscription ends with the exception of its key", async (t) => {
  const { house, clock, keyProvider } = await houseWithStream(t);
  await startEncryption(house);
  assert.ok((await put(house, "1")).ok);
  const StreamARN = `arn:aws:kinesis:${region}:${account}:stream/${StreamName}`;
  const { Consumer } = await house.must<{ readonly Consumer: { readonly ConsumerARN: string } }>(
    "RegisterStreamConsumer",
    { StreamARN, ConsumerName: "reader" },
  );
  await house.quiet();
  const subscribe = { ...Consumer, ShardId: shardId, StartingPosition: { Type: "TRIM_HORIZON" } };
  const input = { ConsumerARN: subscribe.ConsumerARN, ShardId: shardId, StartingPosition: subscribe.StartingPosition };
  await house.firstBytes("SubscribeToShard", input, Buffer.from("1").toString("base64"));
  keyProvider.refusal = "disabled";
  await clock.advance(keyUseMs);
  await house.firstBytes("SubscribeToShard", input, "KMSDisabledException");
});

test("plain records before an unusable key are still read, and the key's error comes behind them", async (t) => {
  const { house, clock, keyProvider } = await houseWithStream(t);
  assert.ok((await put(house, "plain")).ok);
  await startEncryption(house);
  assert.ok((await put(house, "sealed")).ok);
  keyProvider.refusal = "not_found";
  await clock.advance(keyUseMs);
  const page = await house.must<Page>("GetRecords", { ShardIterator: await firstIterator(house) });
  assert.equal(page.Records.length, 1);
  const next = await house.call("GetRecords", { ShardIterator: page.NextShardIterator });
  assert.ok(!next.ok && next.type === "KMSNotFoundException");
});

test("pages mix plain records and those of several keys, after re-keying, stopping and a restart", async (t) => {
  const { house } = await houseWithStream(t);
  await put(house, "plain");
  await startEncryption(house);
  await put(house, "first key");
  await startEncryption(house, "alias/other");
  await put(house, "second key");
  await house.must("StopStreamEncryption", { StreamName, EncryptionType: "KMS", KeyId });
  await house.quiet();
  await put(house, "plain again");
  await startEncryption(house);
  await put(house, "third key");
  const all = [
    ["plain", undefined],
    ["first key", "KMS"],
    ["second key", "KMS"],
    ["plain again", undefined],
    ["third key", "KMS"],
  ];
  assert.deepEqual(await read(house), all);
  await house.restart();
  assert.deepEqual(await read(house), all);
});

test("many puts at once on a stream whose key is not at hand ask for it once", async (t) => {
  const { house, keyProvider } = await houseWithStream(t);
  await startEncryption(house);
  const opened = Promise.withResolvers<void>();
  keyProvider.gate = opened.promise;
  const puts = Array.from({ length: 20 }, (_, i) => put(house, String(i)));
  opened.resolve();
  for (const answer of await Promise.all(puts)) assert.ok(answer.ok && answer.output.EncryptionType === "KMS");
  assert.equal(keyProvider.openCount, 1);
  await read(house);
  assert.equal(keyProvider.openCount, 1);
});

test("a stream that an earlier server marked without a data key gets one with its first put", async (t) => {
  const { house, engine, keyProvider } = await houseWithStream(t);
  await put(house, "plain");
  const key = streamDocumentKey(account, region, StreamName);
  const known = await engine.documents.get(key);
  assert.ok(known !== undefined);
  const marked = { ...JSON.parse(Buffer.from(known.value).toString()), encryption: { keyId: KeyId } };
  await engine.documents.compareAndSwap(key, Buffer.from(JSON.stringify(marked)), known.revision);
  await house.restart();

  keyProvider.refusal = "disabled";
  const refused = await put(house, "refused");
  assert.ok(!refused.ok && refused.type === "KMSDisabledException");
  keyProvider.refusal = undefined;
  const [first, second] = await Promise.all([put(house, "sealed"), put(house, "sealed too")]);
  assert.ok(first.ok && second.ok && first.output.EncryptionType === "KMS");
  assert.equal(keyProvider.makeCount, 2, "one for the refused put, one for the two");
  const [live] = house.rooms.registry.all();
  assert.deepEqual(live?.stream.encryption, { keyId: KeyId, dataKey: 1 });
  await house.restart();
  assert.deepEqual(
    (await read(house)).map(([data]) => data),
    ["plain", "sealed", "sealed too"],
  );
});

test("a data key goes with the stream, and a year after its last use", async (t) => {
  const { house, clock } = await houseWithStream(t);
  await startEncryption(house);
  await startEncryption(house, "alias/other");
  const numbers = () =>
    [...house.rooms.registry.all()].map(({ stream }) => stream.dataKeys?.map(({ number }) => number));
  assert.deepEqual(numbers(), [[1, 2]]);
  clock.set(clock.nowMs() + 367 * 86_400_000);
  await clock.advance(60_000);
  await house.quiet();
  assert.deepEqual(numbers(), [[2]]);
  await put(house, "sealed");
  await house.must("DeleteStream", { StreamName });
  await house.quiet();
  assert.deepEqual(numbers(), []);
  await house.must("CreateStream", { StreamName, ShardCount: 1 });
  await house.quiet();
  assert.deepEqual(numbers(), [undefined]);
});
