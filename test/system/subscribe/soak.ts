/**
 * Subscribers of one shard for as long as you like, each checked for order, gaps and repeats while all of them break off
 * and come back:
 *   npm run soak -- [--subscribers 200] [--minutes 10]
 */
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { activeConsumerArn, activeStreamArn, call } from "../../support/kinesis-call.ts";
import { ShardReader } from "../../support/shard-reader.ts";
import { ServerProcess } from "../../support/start-server.ts";

const { values: flags } = parseArgs({
  options: { subscribers: { type: "string", default: "200" }, minutes: { type: "string", default: "10" } },
});
const subscriberCount = Number(flags.subscribers);
const untilMs = performance.now() + Number(flags.minutes) * 60_000;
const StreamName = "soak";
const shardId = "shardId-000000000000";
/** A lease is given again five seconds after it was taken. */
const breakEveryMs = 6_000;

await using server = await ServerProcess.start({ args: ["--disk-budget", "20GiB"] });
const { endpoint } = server;
await call(endpoint, "CreateStream", { StreamName, ShardCount: 1 });
const streamArn = await activeStreamArn(endpoint, StreamName);
const readers: ShardReader[] = [];
for (let i = 0; i < subscriberCount; i++) {
  const consumerArn = await activeConsumerArn(endpoint, streamArn, `consumer-${i}`);
  readers.push(new ShardReader({ endpoint, consumerArn, shardId }));
}
await Promise.all(readers.map((reader) => reader.subscribe()));

const written = createHash("sha256");
let writtenCount = 0;
const breaking = breakAndReturn();
while (performance.now() < untilMs) {
  const Records = Array.from({ length: 10 }, (_, i) => ({
    PartitionKey: "k",
    Data: Buffer.alloc(2_000, `${writtenCount + i} `).toString("base64"),
  }));
  const answer = await call<{ readonly Records: readonly { readonly SequenceNumber: string }[] }>(
    endpoint,
    "PutRecords",
    { StreamName, Records },
  );
  for (const [i, { SequenceNumber }] of answer.Records.entries()) {
    written.update(`${SequenceNumber} ${Records[i]?.Data}\n`);
  }
  writtenCount += Records.length;
  await pause(20);
}
await breaking;
const expected = written.digest("hex");
for (const [i, reader] of readers.entries()) {
  while (reader.count < writtenCount) await pause(10);
  if (reader.digest() !== expected) throw new Error(`reader ${i} has read other records than were written`);
  await reader.breakOff();
}
console.log(`${subscriberCount} subscribers each read ${writtenCount} records in order, none missing, none twice`);

async function breakAndReturn(): Promise<void> {
  for (let turn = 0; performance.now() < untilMs - breakEveryMs; turn++) {
    await pause(breakEveryMs);
    const some = readers.filter((_, i) => i % 2 === turn % 2);
    await Promise.all(some.map((reader) => reader.breakOff()));
    await Promise.all(some.map((reader) => reader.subscribe()));
  }
}
