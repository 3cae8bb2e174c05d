import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { DeleteBucketCommand } from "@aws-sdk/client-s3";
import { activeOnDemandArn, activeStreamArn, call } from "../../support/kinesis-call.ts";
import { type PlacesOptions, type StoreServer, storeHost } from "../../support/store-server.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { testedStore } from "../../support/tested-store.ts";
import { advance, ChannelServer, delivered, deliveredLines, makeChannel, put, untilLater } from "./channel-fixture.ts";

let store: StoreServer;
let channels: ChannelServer;
/** All requests to the store go through it. */
let proxy: TcpProxy;

const places = (): PlacesOptions => ({ endpoint: `http://${storeHost}:${proxy.port}` });

before(async () => {
  if (!testedStore.isHere()) return;
  store = await testedStore.start();
  proxy = await TcpProxy.open([{ host: storeHost, port: Number(new URL(store.endpoint).port) }]);
  channels = await ChannelServer.start(store, ["--dev"], places());
});
after(async () => {
  await channels?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
  await store?.[Symbol.asyncDispose]();
});

/** A channel into a bucket of its own, and what to ask of it. */
async function openChannel(name: string) {
  const { endpoint } = channels;
  await store.makeBucket(name);
  const streamArn = await activeOnDemandArn(endpoint, name);
  const { id, arn } = await makeChannel(endpoint, name, streamArn, { bucket: name });
  return {
    arn,
    streamArn,
    put: (...texts: readonly string[]) =>
      put(
        endpoint,
        name,
        texts.map((text) => JSON.stringify(text)),
      ),
    async arrived(...texts: readonly string[]): Promise<void> {
      const lines = texts.map((text) => JSON.stringify(text)).sort();
      await later(async () => (await deliveredLines(store, name, id)).length >= lines.length);
      assert.deepEqual(await deliveredLines(store, name, id), lines);
    },
    objects: () => delivered(store, name, id),
  };
}

const later = (holds: () => Promise<boolean>): Promise<void> => untilLater(channels.endpoint, holds);

/** What health says, without that the clock was moved. */
async function degraded(): Promise<string> {
  const response = await fetch(`${channels.endpoint}/health`);
  const { status, degraded: sentences } = (await response.json()) as {
    readonly status: string;
    readonly degraded: readonly string[];
  };
  assert.equal(status, "ready");
  return sentences.filter((sentence) => !sentence.startsWith("the clock is moved")).join("\n");
}

test("credentials that the store refuses are told in health, and rotated without a restart", async (t) => {
  if (!testedStore.isHere(t)) return;
  const channel = await openChannel("rotated");
  await channel.put("before");
  await channel.arrived("before");
  await store.writePlaces(channels.placesPath, {
    ...places(),
    keys: { accessKeyId: "admin", secretAccessKey: "former" },
  });
  await later(async () => {
    await channel.put("during");
    return (await degraded()).includes("channel rotated of stream rotated has delivered nothing since");
  });
  assert.match(await degraded(), /The bucket rotated refuses what the server asks of it \(403 /);
  await store.writePlaces(channels.placesPath, places());
  await later(async () => (await degraded()) === "");
  await channel.put("after");
  await later(async () => (await channel.objects()).bodies.some((body) => body.includes("after")));
});

test("a file of places with a mistake is told in health, and the one before stays in force", async (t) => {
  if (!testedStore.isHere(t)) return;
  await writeFile(channels.placesPath, '{"buckets": {}}');
  await later(async () => (await degraded()).includes("the file of --channels has a problem (names no bucket"));
  const channel = await openChannel("mistaken");
  await channel.put("one");
  await channel.arrived("one");
  await store.writePlaces(channels.placesPath, places());
  await later(async () => (await degraded()) === "");
});

test("records wait while the bucket is gone and for ten minutes without the store, and each is stored once", async (t) => {
  if (!testedStore.isHere(t)) return;
  const channel = await openChannel("deleted");
  await store.client.send(new DeleteBucketCommand({ Bucket: "deleted" }));
  await channel.put("one");
  await later(async () => (await degraded()).includes("channel deleted of stream deleted"));
  await store.makeBucket("deleted");
  await channel.arrived("one");
  await store.kill();
  await channel.put("two");
  await later(async () => (await degraded()).includes("cannot be reached or fails"));
  const late = Array.from({ length: 10 }, (_, minute) => `minute ${minute}`);
  for (const text of late) {
    await channel.put(text);
    await advance(channels.endpoint, 60_000);
  }
  await store.restart();
  await channel.arrived("one", "two", ...late);
  assert.equal(await degraded(), "");
});

test("an object whose response is lost is put again under its name, and stored once", async (t) => {
  if (!testedStore.isHere(t)) return;
  const channel = await openChannel("unanswered");
  proxy.losesResponses = true;
  await channel.put("one");
  await later(async () => (await channel.objects()).keys.length > 0);
  await later(async () => (await degraded()).includes("The bucket unanswered cannot be reached or fails"));
  const { keys } = await channel.objects();
  proxy.losesResponses = false;
  await later(async () => (await degraded()) === "");
  await channel.put("two");
  await channel.arrived("one", "two");
  const after = (await channel.objects()).keys;
  assert.deepEqual([after.length, after.includes(keys[0] ?? "")], [2, true]);
});

test("records of an encrypted stream are delivered in clear, before and after its keys change", async (t) => {
  if (!testedStore.isHere(t)) return;
  const { endpoint } = channels;
  const channel = await openChannel("secret");
  const encryption = { StreamName: "secret", EncryptionType: "KMS", KeyId: "alias/own" };
  await call(endpoint, "StartStreamEncryption", encryption);
  await activeStreamArn(endpoint, "secret");
  await channel.put("one");
  await call(endpoint, "StartStreamEncryption", encryption);
  await activeStreamArn(endpoint, "secret");
  await channel.put("two");
  await channel.arrived("one", "two");
});

test("a stream with a channel stays, in its mode, and counts it; a deleted channel delivers nothing more", async (t) => {
  if (!testedStore.isHere(t)) return;
  const { endpoint } = channels;
  const channel = await openChannel("counted");
  const refused = async (operation: string, input: object) => await assert.rejects(call(endpoint, operation, input));
  await refused("DeleteStream", { StreamName: "counted", EnforceConsumerDeletion: true });
  await refused("UpdateStreamMode", {
    StreamARN: channel.streamArn,
    StreamModeDetails: { StreamMode: "PROVISIONED" },
  });
  interface Summary {
    readonly StreamDescriptionSummary: { readonly ChannelCount: number };
  }
  const count = async () =>
    (await call<Summary>(endpoint, "DescribeStreamSummary", { StreamName: "counted" })).StreamDescriptionSummary
      .ChannelCount;
  assert.equal(await count(), 1);
  await call(endpoint, "TagResource", { ResourceARN: channel.arn, Tags: { team: "lake" } });
  const { Tags } = await call<{ readonly Tags: unknown }>(endpoint, "ListTagsForResource", {
    ResourceARN: channel.arn,
  });
  assert.deepEqual(Tags, [{ Key: "team", Value: "lake" }]);
  const update = { ChannelARN: channel.arn, S3DestinationConfiguration: { DataFreshnessInSeconds: 2 } };
  const { ChannelDescription } = await call<{ readonly ChannelDescription: object }>(endpoint, "UpdateChannel", update);
  assert.match(JSON.stringify(ChannelDescription), /"DataFreshnessInSeconds":2,/);
  await channel.put("one");
  await channel.arrived("one");
  await call(endpoint, "DeleteChannel", { ChannelARN: channel.arn });
  await later(async () => (await count()) === 0);
  await channel.put("two");
  await call(endpoint, "DeleteStream", { StreamName: "counted" });
  assert.equal((await channel.objects()).bodies.length, 1);
});
