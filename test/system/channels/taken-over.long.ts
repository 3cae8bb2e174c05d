/** Two gateways on one cluster deliver a channel into a bucket and one into a table; the one that has the turn is killed. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { readTables } from "../../support/iceberg-reader.ts";
import { activeOnDemandArn } from "../../support/kinesis-call.ts";
import { hasNatsServer, NatsServers } from "../../support/nats-servers.ts";
import { hasSeaweed, SeaweedServer } from "../../support/seaweed-server.ts";
import { until } from "../../support/until.ts";
import {
  ChannelServer,
  createTableChannel,
  deliveredLines,
  makeChannel,
  put,
  settledStatus,
  untilRows,
} from "./channel-fixture.ts";

const bucket = "lake";
const jsonSchema = { type: "object", required: ["number"], properties: { number: { type: "integer" } } };

let seaweed: SeaweedServer;
let servers: NatsServers;

before(async () => {
  if (!hasSeaweed() || !hasNatsServer()) return;
  seaweed = await SeaweedServer.start();
  await seaweed.makeBucket(bucket);
  servers = await NatsServers.start({ nodeCount: 1 });
});
after(async () => {
  await servers?.[Symbol.asyncDispose]();
  await seaweed?.[Symbol.asyncDispose]();
});

/** Whether a gateway has the turn at a channel: it knows how old the oldest record is. */
async function hasTurn(endpoint: string): Promise<boolean> {
  const text = await (await fetch(`${endpoint}/metrics`)).text();
  return /^millrace_channel_freshness_seconds\{/m.test(text);
}

test("what a killed gateway was delivering another one delivers, each record once", async (t) => {
  if (!hasSeaweed(t) || !hasNatsServer(t)) return;
  const args = ["--engine", "jetstream", "--allow-degraded", "--nats", servers.urls.join(",")];
  await using first = await ChannelServer.start(seaweed, args);
  await using second = await ChannelServer.start(seaweed, args);
  for (const gateway of [first, second]) gateway.addSchema("orders", jsonSchema);
  const streamArn = await activeOnDemandArn(first.endpoint, "orders");
  const { id } = await makeChannel(first.endpoint, "objects", streamArn, { bucket });
  const wanted = { schema: "orders", deadLetterBucket: bucket };
  const table = await createTableChannel(first.endpoint, "rows", streamArn, wanted);
  assert.equal(await settledStatus(first.endpoint, table), "ACTIVE");
  let living = [first, second];
  const records: string[] = [];
  const putMore = async (count: number): Promise<void> => {
    const texts = Array.from({ length: count }, (_, i) => JSON.stringify({ number: records.length + i }));
    records.push(...texts);
    for (const [i, text] of texts.entries()) {
      const gateway = living[i % living.length];
      if (gateway !== undefined) await put(gateway.endpoint, "orders", [text]);
    }
  };
  for (let round = 0; round < 3; round += 1) {
    await putMore(40);
    await until(async () => (await Promise.all(living.map(({ endpoint }) => hasTurn(endpoint)))).some(Boolean));
    const turns = await Promise.all([first, second].map(({ endpoint }) => hasTurn(endpoint)));
    const victim = turns[0] === true ? first : second;
    // In the middle of a batch, of the store's response or of the commit.
    if (round > 0) seaweed.suspend();
    await putMore(10);
    living = [first, second].filter((gateway) => gateway !== victim);
    await victim.server.kill("SIGKILL");
    seaweed.resume();
    await putMore(40);
    await until(async () => new Set(await deliveredLines(seaweed, bucket, id)).size >= records.length);
    await untilRows(seaweed, "rows", records.length);
    await victim.server.restart();
    living = [first, second];
  }
  assert.deepEqual(await deliveredLines(seaweed, bucket, id), records.toSorted());
  const [read] = await readTables(seaweed, ["lake.rows"]);
  const numbers = read?.files.flat().map(({ number }) => Number(number)) ?? [];
  assert.deepEqual(
    numbers.toSorted((a, b) => a - b),
    records.map((_, i) => i),
  );
});
