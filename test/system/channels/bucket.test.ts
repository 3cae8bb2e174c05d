import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { activeOnDemandArn, call } from "../../support/kinesis-call.ts";
import { hasSeaweed, SeaweedServer } from "../../support/seaweed-server.ts";
import {
  ChannelServer,
  delivered,
  deliveredLines,
  makeChannel,
  owner,
  put,
  settledStatus,
  untilLater,
} from "./channel-fixture.ts";

const bucket = "plain";

let seaweed: SeaweedServer;
let channels: ChannelServer;

before(async () => {
  if (!hasSeaweed()) return;
  seaweed = await SeaweedServer.start();
  await seaweed.makeBucket(bucket);
  channels = await ChannelServer.start(seaweed, ["--engine", "memory", "--dev"]);
});
after(async () => {
  await channels?.[Symbol.asyncDispose]();
  await seaweed?.[Symbol.asyncDispose]();
});

for (const compression of ["NONE", "GZIP", "ZSTD"] as const) {
  test(`each record is one line of a JSON object, compressed with ${compression}`, async (t) => {
    if (!hasSeaweed(t)) return;
    const { endpoint } = channels;
    const name = `json-${compression.toLowerCase()}`;
    const streamArn = await activeOnDemandArn(endpoint, name);
    const { id } = await makeChannel(endpoint, name, streamArn, { bucket, compression });
    const records = Array.from({ length: 1_200 }, (_, i) => JSON.stringify({ number: i, text: "ä\n".repeat(i % 7) }));
    await put(endpoint, name, records);
    await untilLater(endpoint, async () => (await deliveredLines(seaweed, bucket, id)).length >= records.length);
    assert.deepEqual(await deliveredLines(seaweed, bucket, id), records.toSorted());
    const { keys } = await delivered(seaweed, bucket, id);
    const extension = { NONE: ".json", GZIP: ".json.gz", ZSTD: ".json.zst" }[compression];
    const pattern = new RegExp(
      `^kinesis-channel/${name}/${id}/\\d{4}/\\d\\d/\\d\\d/\\d\\d/${name}-${id}-[-\\d]{16}-[0-9a-z]{6}-[0-9a-z]{6}\\${extension}$`,
    );
    for (const key of keys) assert.match(key, pattern);
  });
}

test("text keeps its line feeds, bytes have nothing between them, and keys follow the template", async (t) => {
  if (!hasSeaweed(t)) return;
  const { endpoint } = channels;
  const textArn = await activeOnDemandArn(endpoint, "text");
  const storage = { OutputKeyTemplate: "in/!{stream-name}/day=!{dd}/!{channel-id}" };
  const text = await makeChannel(endpoint, "text", textArn, { bucket, format: "STRING", storage });
  const bytesArn = await activeOnDemandArn(endpoint, "bytes");
  const bytes = await makeChannel(endpoint, "bytes", bytesArn, { bucket, format: "BYTE_ARRAY" });
  const notUtf8 = Buffer.from([0xff, 0xfe]);
  await put(endpoint, "text", ["one", "two\n", notUtf8]);
  await put(endpoint, "bytes", [Buffer.from([1, 2]), notUtf8]);
  await untilLater(endpoint, async () => (await delivered(seaweed, bucket, text.id)).deadLetters.length > 0);
  await untilLater(endpoint, async () => (await delivered(seaweed, bucket, bytes.id)).keys.length > 0);
  const texts = await delivered(seaweed, bucket, text.id);
  assert.deepEqual(Buffer.concat(texts.bodies).toString().split("\n").sort(), ["", "one", "two"]);
  assert.match(texts.keys[0] ?? "", new RegExp(`^in/text/day=\\d\\d/${text.id}-[0-9a-z]{6}-[0-9a-z]{6}$`));
  const stored = Buffer.concat((await delivered(seaweed, bucket, bytes.id)).bodies);
  assert.deepEqual([...stored].sort(), [1, 2, 254, 255].map(String).sort().map(Number));
});

test("what is known of a record that is not JSON is a dead letter under the prefix of the channel", async (t) => {
  if (!hasSeaweed(t)) return;
  const { endpoint } = channels;
  const streamArn = await activeOnDemandArn(endpoint, "faulty");
  const letters = { BucketARN: `arn:aws:s3:::${bucket}`, ExpectedBucketOwner: owner, ErrorOutputPrefix: "errors/" };
  const destination = { DeadLetterQueueS3Configuration: letters };
  const { id } = await makeChannel(endpoint, "faulty", streamArn, { bucket, destination });
  await put(endpoint, "faulty", ["{broken", "[1]"]);
  await untilLater(endpoint, async () => (await delivered(seaweed, bucket, id)).keys.length > 0);
  const { bodies, deadLetters } = await delivered(seaweed, bucket, id);
  assert.deepEqual(bodies.map(String), ["[1]\n"]);
  const [letter, ...others] = deadLetters.map((body) => JSON.parse(body.toString()) as Record<string, string>);
  assert.deepEqual(others, []);
  assert.match(letter?.["shardId"] ?? "", /^shardId-\d{12}$/);
  assert.match(letter?.["sequenceNumber"] ?? "", /^\d{56}$/);
  assert.deepEqual([letter?.["errorCode"], letter?.["errorMessage"]], ["InvalidJson", "The data is not valid JSON."]);
});

test("a channel whose bucket does not exist is FAILED, with the reason", async (t) => {
  if (!hasSeaweed(t)) return;
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
