// What clients are told of keys that cannot be used, and for how long a key is used without asking.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import type { KeyErrorKind } from "../../../src/keys/key-provider.ts";
import { streamDocumentKey } from "../../../src/streams/stream-document.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { SwitchedKeys } from "../../support/switched-keys.ts";
import { account, region, TestServer } from "../../support/test-server.ts";

const StreamName = "orders";
const KeyId = "alias/mine";
const shardId = "shardId-000000000000";
const keyUseMs = 5 * 60_000;
const streamPlace = `${StreamName} under account ${account}`;

async function serverWithStream(t: TestContext) {
  const clock = new SimulatedClock();
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 2 ** 26 });
  await engine.open();
  const keyProvider = new SwitchedKeys();
  const server = await TestServer.open({ engine, clock, keyProvider });
  t.after(async () => {
    await server.close();
    await engine.close();
  });
  await server.expectOk("CreateStream", { StreamName, ShardCount: 1 });
  await server.untilIdle();
  return { server, clock, engine, keyProvider };
}

async function startEncryption(server: TestServer, keyId = KeyId): Promise<void> {
  await server.expectOk("StartStreamEncryption", { StreamName, EncryptionType: "KMS", KeyId: keyId });
  await server.untilIdle();
}

const put = (server: TestServer, data: string) =>
  server.call<{ readonly EncryptionType?: string }>("PutRecord", {
    StreamName,
    PartitionKey: "k",
    Data: Buffer.from(data).toString("base64"),
  });

interface Page {
  readonly Records: readonly { readonly Data: string; readonly EncryptionType?: string }[];
  readonly NextShardIterator: string;
}

async function firstIterator(server: TestServer): Promise<string> {
  const place = { StreamName, ShardId: shardId, ShardIteratorType: "TRIM_HORIZON" };
  return (await server.expectOk<{ readonly ShardIterator: string }>("GetShardIterator", place)).ShardIterator;
}

async function read(server: TestServer): Promise<readonly (readonly [string, string | undefined])[]> {
  const page = await server.expectOk<Page>("GetRecords", { ShardIterator: await firstIterator(server) });
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
  const { server, keyProvider } = await serverWithStream(t);
  for (const [kind, type, message] of told) {
    keyProvider.refusal = kind;
    const answer = await server.call("StartStreamEncryption", { StreamName, EncryptionType: "KMS", KeyId });
    assert.deepEqual(answer, { ok: false, type, message });
  }
  const { StreamDescriptionSummary } = await server.expectOk<{
    readonly StreamDescriptionSummary: { readonly StreamStatus: string; readonly EncryptionType: string };
  }>("DescribeStreamSummary", { StreamName });
  assert.equal(StreamDescriptionSummary.StreamStatus, "ACTIVE");
  assert.equal(StreamDescriptionSummary.EncryptionType, "NONE");
});

test("puts and gets say that a key cannot be used, at the latest when it has been used for five minutes", async (t) => {
  const { server, clock, keyProvider } = await serverWithStream(t);
  await startEncryption(server);
  assert.ok((await put(server, "1")).ok);
  for (const [kind, type, writer, reader = writer] of told) {
    await clock.advance(keyUseMs);
    keyProvider.refusal = undefined;
    assert.ok((await put(server, "2")).ok);
    keyProvider.refusal = kind;
    await clock.advance(keyUseMs - 1);
    assert.ok((await put(server, "3")).ok, "the key is still at hand");
    const count = (await read(server)).length;
    await clock.advance(1);
    assert.deepEqual(await put(server, "4"), { ok: false, type, message: writer });
    const records = [{ PartitionKey: "k", Data: "" }];
    assert.deepEqual(await server.call("PutRecords", { StreamName, Records: records }), {
      ok: false,
      type,
      message: writer,
    });
    const ShardIterator = await firstIterator(server);
    assert.deepEqual(await server.call("GetRecords", { ShardIterator }), { ok: false, type, message: reader });
    assert.match(
      server.services.shards.keys.faults()[0] ?? "",
      /a data key of stream orders cannot be used: the key is/,
    );
    keyProvider.refusal = undefined;
    await clock.advance(1_000);
    assert.equal((await read(server)).length, count, "what was refused was not stored, and nothing is lost");
    assert.deepEqual(server.services.shards.keys.faults(), []);
  }
});

test("a subscription ends with the exception of its key", async (t) => {
  const { server, clock, keyProvider } = await serverWithStream(t);
  await startEncryption(server);
  assert.ok((await put(server, "1")).ok);
  const StreamARN = `arn:aws:kinesis:${region}:${account}:stream/${StreamName}`;
  const { Consumer } = await server.expectOk<{ readonly Consumer: { readonly ConsumerARN: string } }>(
    "RegisterStreamConsumer",
    { StreamARN, ConsumerName: "reader" },
  );
  await server.untilIdle();
  const subscribe = { ...Consumer, ShardId: shardId, StartingPosition: { Type: "TRIM_HORIZON" } };
  const input = { ConsumerARN: subscribe.ConsumerARN, ShardId: shardId, StartingPosition: subscribe.StartingPosition };
  await server.firstBytes("SubscribeToShard", input, Buffer.from("1").toString("base64"));
  keyProvider.refusal = "disabled";
  await clock.advance(keyUseMs);
  await server.firstBytes("SubscribeToShard", input, "KMSDisabledException");
});

test("plain records before an unusable key are still read, and the key's error comes behind them", async (t) => {
  const { server, clock, keyProvider } = await serverWithStream(t);
  assert.ok((await put(server, "plain")).ok);
  await startEncryption(server);
  assert.ok((await put(server, "sealed")).ok);
  keyProvider.refusal = "not_found";
  await clock.advance(keyUseMs);
  const page = await server.expectOk<Page>("GetRecords", { ShardIterator: await firstIterator(server) });
  assert.equal(page.Records.length, 1);
  const next = await server.call("GetRecords", { ShardIterator: page.NextShardIterator });
  assert.ok(!next.ok && next.type === "KMSNotFoundException");
});

test("pages mix plain records and those of several keys, after re-keying, stopping and a restart", async (t) => {
  const { server } = await serverWithStream(t);
  await put(server, "plain");
  await startEncryption(server);
  await put(server, "first key");
  await startEncryption(server, "alias/other");
  await put(server, "second key");
  await server.expectOk("StopStreamEncryption", { StreamName, EncryptionType: "KMS", KeyId });
  await server.untilIdle();
  await put(server, "plain again");
  await startEncryption(server);
  await put(server, "third key");
  const all = [
    ["plain", undefined],
    ["first key", "KMS"],
    ["second key", "KMS"],
    ["plain again", undefined],
    ["third key", "KMS"],
  ];
  assert.deepEqual(await read(server), all);
  await server.restart();
  assert.deepEqual(await read(server), all);
});

test("many puts at once on a stream whose key is not at hand ask for it once", async (t) => {
  const { server, keyProvider } = await serverWithStream(t);
  await startEncryption(server);
  const opened = Promise.withResolvers<void>();
  keyProvider.opening = opened.promise;
  const puts = Array.from({ length: 20 }, (_, i) => put(server, String(i)));
  opened.resolve();
  for (const answer of await Promise.all(puts)) assert.ok(answer.ok && answer.output.EncryptionType === "KMS");
  assert.equal(keyProvider.openCount, 1);
  await read(server);
  assert.equal(keyProvider.openCount, 1);
});

test("a stream that an earlier server marked without a data key gets one with its first put", async (t) => {
  const { server, engine, keyProvider } = await serverWithStream(t);
  await put(server, "plain");
  const key = streamDocumentKey(account, region, StreamName);
  const known = await engine.documents.get(key);
  assert.ok(known !== undefined);
  const marked = { ...JSON.parse(Buffer.from(known.value).toString()), encryption: { keyId: KeyId } };
  await engine.documents.compareAndSwap(key, Buffer.from(JSON.stringify(marked)), known.revision);
  await server.restart();

  keyProvider.refusal = "disabled";
  const refused = await put(server, "refused");
  assert.ok(!refused.ok && refused.type === "KMSDisabledException");
  keyProvider.refusal = undefined;
  const [first, second] = await Promise.all([put(server, "sealed"), put(server, "sealed too")]);
  assert.ok(first.ok && second.ok && first.output.EncryptionType === "KMS");
  assert.equal(keyProvider.makeCount, 2, "one for the refused put, one for the two");
  const [live] = server.services.registry.all();
  assert.deepEqual(live?.stream.encryption, { keyId: KeyId, dataKey: 1 });
  await server.restart();
  assert.deepEqual(
    (await read(server)).map(([data]) => data),
    ["plain", "sealed", "sealed too"],
  );
});

test("a data key goes with the stream, and a year after its last use", async (t) => {
  const { server, clock } = await serverWithStream(t);
  await startEncryption(server);
  await startEncryption(server, "alias/other");
  const numbers = () =>
    [...server.services.registry.all()].map(({ stream }) => stream.dataKeys?.map(({ number }) => number));
  assert.deepEqual(numbers(), [[1, 2]]);
  clock.set(clock.nowMs() + 367 * 86_400_000);
  await clock.advance(60_000);
  await server.untilIdle();
  assert.deepEqual(numbers(), [[2]]);
  await put(server, "sealed");
  await server.expectOk("DeleteStream", { StreamName });
  await server.untilIdle();
  assert.deepEqual(numbers(), []);
  await server.expectOk("CreateStream", { StreamName, ShardCount: 1 });
  await server.untilIdle();
  assert.deepEqual(numbers(), [undefined]);
});
