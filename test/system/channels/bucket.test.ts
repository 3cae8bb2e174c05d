import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  digestOf,
  hasChannelReaders,
  type NumberedText,
  type ReadObject,
  readObjects,
} from "../../support/channel-readers.ts";
import { activeOnDemandArn, call } from "../../support/kinesis-call.ts";
import type { StoreServer } from "../../support/store-server.ts";
import { testedStore } from "../../support/tested-store.ts";
import { ChannelServer, delivered, makeChannel, owner, put, settledStatus, untilLater } from "./channel-fixture.ts";

const bucket = "plain";
const recordCountUsual = 1_200;
/** Many records are large ones as well, so that objects are full before all are in. */
const recordCount = Number(process.env["MILLRACE_TEST_RECORDS"] ?? recordCountUsual);
const linesPerStep = recordCount / recordCountUsual;
const formats = ["JSON", "STRING", "BYTE_ARRAY"] as const;
const compressions = ["NONE", "GZIP", "ZSTD"] as const;
const extensionOf = { JSON: ".json", STRING: ".txt", BYTE_ARRAY: ".bin", NONE: "", GZIP: ".gz", ZSTD: ".zst" } as const;
const decompressorOf = { NONE: "read", GZIP: "gzip", ZSTD: "zstandard" } as const;

type Format = (typeof formats)[number];

let store: StoreServer;
let channels: ChannelServer;

before(async () => {
  if (!testedStore.isHere()) return;
  store = await testedStore.start();
  await store.makeBucket(bucket);
  channels = await ChannelServer.start(store, ["--engine", "memory", "--dev"]);
});
after(async () => {
  await channels?.[Symbol.asyncDispose]();
  await store?.[Symbol.asyncDispose]();
});

test("programs that are not ours read each record once in each format and compression, in the order of its shard", async (t) => {
  if (!testedStore.isHere(t) || !hasChannelReaders(t)) return;
  const { endpoint } = channels;
  const streamArn = await activeOnDemandArn(endpoint, "all");
  const wanted = formats.flatMap((format) => compressions.map((compression) => ({ format, compression })));
  const ids: string[] = [];
  for (const { format, compression } of wanted) {
    ids.push((await makeChannel(endpoint, `${format}-${compression}`, streamArn, { bucket, format, compression })).id);
  }
  const records = Array.from({ length: recordCount }, (_, number) => {
    return { number, text: "ä\n".repeat((number % 7) * linesPerStep) };
  });
  const shards: string[] = [];
  // In two parts, so that a channel has several objects.
  for (const part of [records.slice(0, recordCount / 2), records.slice(recordCount / 2)]) {
    const texts = part.map((record) => JSON.stringify(record));
    shards.push(...(await put(endpoint, "all", texts)));
    await untilDelivered(endpoint, wanted.length * shards.length, /^(JSON|STRING|BYTE_ARRAY)-/);
  }
  const objects = (await store.objects(bucket)).filter(({ key }) => ids.some((id) => key.includes(id)));
  const read = await readObjects(objects.toSorted((a, b) => (a.key < b.key ? -1 : 1)));
  for (const [i, each] of wanted.entries()) {
    const id = ids[i] ?? "";
    assertReadBack(
      read.filter(({ key }) => key.includes(id)),
      { ...each, id, records, shards },
    );
  }
});

test("text keeps its line feeds, bytes have nothing between them, and keys follow the template", async (t) => {
  if (!testedStore.isHere(t)) return;
  const { endpoint } = channels;
  const textArn = await activeOnDemandArn(endpoint, "text");
  const storage = { OutputKeyTemplate: "in/!{stream-name}/day=!{dd}/!{channel-id}" };
  const text = await makeChannel(endpoint, "text", textArn, { bucket, format: "STRING", storage });
  const bytesArn = await activeOnDemandArn(endpoint, "bytes");
  const bytes = await makeChannel(endpoint, "bytes", bytesArn, { bucket, format: "BYTE_ARRAY" });
  const notUtf8 = Buffer.from([0xff, 0xfe]);
  await put(endpoint, "text", ["one", "two\n", notUtf8]);
  await put(endpoint, "bytes", [Buffer.from([1, 2]), notUtf8]);
  await untilDelivered(endpoint, 5, /^(text|bytes)$/);
  const texts = await delivered(store, bucket, text.id);
  assert.equal(texts.deadLetters.length, 1);
  assert.deepEqual(Buffer.concat(texts.bodies).toString().split("\n").sort(), ["", "one", "two"]);
  assert.match(texts.keys[0] ?? "", new RegExp(`^in/text/day=\\d\\d/${text.id}-[0-9a-z]{6}-[0-9a-z]{6}$`));
  const stored = Buffer.concat((await delivered(store, bucket, bytes.id)).bodies);
  assert.deepEqual([...stored].sort(), [1, 2, 254, 255].map(String).sort().map(Number));
});

test("what is known of a record that is not JSON is a dead letter under the prefix of the channel", async (t) => {
  if (!testedStore.isHere(t)) return;
  const { endpoint } = channels;
  const streamArn = await activeOnDemandArn(endpoint, "faulty");
  const letters = { BucketARN: `arn:aws:s3:::${bucket}`, ExpectedBucketOwner: owner, ErrorOutputPrefix: "errors/" };
  const destination = { DeadLetterQueueS3Configuration: letters };
  const { id } = await makeChannel(endpoint, "faulty", streamArn, { bucket, destination });
  await put(endpoint, "faulty", ["{broken", "[1]"]);
  await untilLater(endpoint, async () => (await delivered(store, bucket, id)).keys.length > 0);
  const { bodies, deadLetters } = await delivered(store, bucket, id);
  assert.deepEqual(bodies.map(String), ["[1]\n"]);
  const [letter, ...others] = deadLetters.map((body) => JSON.parse(body.toString()) as Record<string, string>);
  assert.deepEqual(others, []);
  assert.match(letter?.["shardId"] ?? "", /^shardId-\d{12}$/);
  assert.match(letter?.["sequenceNumber"] ?? "", /^\d{56}$/);
  assert.deepEqual([letter?.["errorCode"], letter?.["errorMessage"]], ["InvalidJson", "The data is not valid JSON."]);
});

test("a channel whose bucket does not exist is FAILED, with the reason", async (t) => {
  if (!testedStore.isHere(t)) return;
  const { endpoint } = channels;
  const StreamARN = await activeOnDemandArn(endpoint, "lost");
  const created = await call<{ readonly ChannelDescription: { readonly ChannelARN: string } }>(
    endpoint,
    "CreateChannel",
    {
      ChannelName: "lost",
      ServiceExecutionRoleARN: `arn:aws:iam::${owner}:role/delivery`,
      StreamConfigurationList: [{ StreamARN, RecordConfiguration: { RecordFormatType: "JSON" } }],
      S3DestinationConfiguration: {
        StorageConfiguration: {
          BucketARN: "arn:aws:s3:::nowhere",
          ExpectedBucketOwner: owner,
          CompressionType: "NONE",
        },
      },
    },
  );
  const status = await settledStatus(endpoint, created.ChannelDescription.ChannelARN);
  assert.match(status, /^FAILED: The bucket nowhere refuses what the server asks of it \(404 /);
});

/** Resolves once channels have delivered so many records, or named them by dead letters. */
async function untilDelivered(endpoint: string, count: number, channelNames: RegExp): Promise<void> {
  await untilLater(endpoint, async () => {
    const text = await (await fetch(`${endpoint}/metrics`)).text();
    const sums = text.matchAll(
      /^millrace_channel_(?:delivered|failed)_records_total\{.*channel="([^"]+)".*\} (\d+)$/gm,
    );
    const own = [...sums].filter(([, name = ""]) => channelNames.test(name));
    return own.reduce((sum, [, , value]) => sum + Number(value), 0) >= count;
  });
}

/** The template of keys that a channel has which is made without one. */
function keyPattern(channelId: string, extension: string): RegExp {
  const name = `[A-Z_-]+-${channelId}-[-\\d]{16}-[0-9a-z]{6}-[0-9a-z]{6}${extension.replaceAll(".", "\\.")}`;
  return new RegExp(`^kinesis-channel/[A-Z_-]+/${channelId}/\\d{4}/\\d\\d/\\d\\d/\\d\\d/${name}$`);
}

interface Expected {
  readonly format: Format;
  readonly compression: (typeof compressions)[number];
  readonly id: string;
  readonly records: readonly NumberedText[];
  /** That of each record, in the order in which they were put. */
  readonly shards: readonly string[];
}

/** Each program that reads the format and the compression has read each record once, those of a shard in their order. */
function assertReadBack(read: readonly ReadObject[], { format, compression, id, records, shards }: Expected): void {
  for (const { key } of read) assert.match(key, keyPattern(id, extensionOf[format] + extensionOf[compression]));
  const tools = new Set(read.map(({ tool }) => tool));
  const others = format === "BYTE_ARRAY" && compression !== "NONE" ? ["pyarrow"] : ["DuckDB", "pyarrow"];
  assert.deepEqual([...tools].sort(), [...others, decompressorOf[compression]].sort());
  for (const tool of tools) {
    const where = `${format} ${compression} by ${tool}`;
    const parts = read.filter((each) => each.tool === tool);
    assert(parts.length > 1, `${where}: ${parts.length} objects`);
    const last = new Map<string, number>();
    for (const { key, numbers, digest } of parts) {
      const expected = numbers.map((number) => records[number] ?? { number, text: "a record that was not put" });
      assert.equal(digest, digestOf(expected), `${where}: ${key}`);
    }
    const found = parts.flatMap(({ numbers }) => numbers);
    for (const number of found) {
      const shard = shards[number] ?? "";
      assert(number > (last.get(shard) ?? -1), `${where}: record ${number} is behind ${last.get(shard)} of its shard`);
      last.set(shard, number);
    }
    assert.equal(found.length, records.length, where);
  }
}
