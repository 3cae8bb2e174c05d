import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BucketStandIn, clickSchemaArn } from "../../support/bucket-stand-in.ts";
import { CatalogStandIn } from "../../support/catalog-stand-in.ts";
import { activeOnDemandArn } from "../../support/kinesis-call.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { createTableChannel, put, settledStatus, untilLater } from "./channel-fixture.ts";

const commitsPerAttempt = 5;

let store: BucketStandIn;
let catalog: CatalogStandIn;
let server: ServerProcess;
let folder: string;

before(async () => {
  store = await BucketStandIn.start();
  catalog = await CatalogStandIn.start();
  folder = await mkdtemp(join(tmpdir(), "millrace-places-"));
  const places = join(folder, "places.json");
  await store.writePlaces(places, catalog);
  server = await ServerProcess.start({ args: ["--engine", "memory", "--dev", "--channels", places] });
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await catalog?.[Symbol.asyncDispose]();
  await store?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** A channel into a table of its own. */
async function openChannel(name: string): Promise<void> {
  const wanted = { schema: "clicks", deadLetterBucket: "letters" };
  assert.equal(clickSchemaArn.split("/").at(-1), wanted.schema);
  const streamArn = await activeOnDemandArn(server.endpoint, name);
  const arn = await createTableChannel(server.endpoint, name, streamArn, wanted);
  assert.equal(await settledStatus(server.endpoint, arn), "ACTIVE");
}

async function putClick(name: string): Promise<void> {
  await put(server.endpoint, name, ['{"at": "2026-12-01T00:00:00Z"}']);
}

function snapshotsOf(name: string) {
  return catalog.tables.get(`lake/${name}`)?.snapshots ?? [];
}

/** Attempts of a channel that failed. */
const failureCount = (name: string): Promise<number> => metricOf("failures", name);
const deliveredCount = (name: string): Promise<number> => metricOf("delivered_records", name);

async function metricOf(metric: string, name: string): Promise<number> {
  const text = await (await fetch(`${server.endpoint}/metrics`)).text();
  const line = new RegExp(`^millrace_channel_${metric}_total\\{.*"${name}".*\\} (\\d+)$`, "m");
  const [, count] = line.exec(text) ?? [];
  assert(count !== undefined, text);
  return Number(count);
}

for (const [what, said] of [
  ["answered with 500", { status: 500, body: { error: { message: "try again", type: "ServerError" } } }],
  ["answered with 503 and a page", { status: 503, body: "<html>" }],
  ["not answered", "hang up"],
] as const) {
  test(`a commit that is carried out and ${what} is one snapshot`, async () => {
    const name = what.replaceAll(/[^a-z]/g, "_");
    await openChannel(name);
    let lostCount = 0;
    catalog.disturb = (method, path) => {
      if (method !== "POST" || !path.endsWith(name)) return undefined;
      lostCount += 1;
      return said;
    };
    for (const batch of [1, 2]) {
      await putClick(name);
      await untilLater(server.endpoint, async () => (await deliveredCount(name)) === batch);
      assert.deepEqual([lostCount, await failureCount(name)], [batch, batch]);
    }
    assert.deepEqual(
      snapshotsOf(name).map(({ summary }) => summary?.["total-records"]),
      ["1", "2"],
    );
  });
}

test("a batch waits while each of its commits meets another writer's", async () => {
  await openChannel("crowded");
  let isCrowded = true;
  let count = 0;
  catalog.disturb = (method, path) => {
    if (method !== "POST" || !path.endsWith("crowded") || !isCrowded) return undefined;
    count += 1;
    // As if it had not been carried out.
    const table = catalog.tables.get("lake/crowded");
    if (table !== undefined) {
      const { "current-snapshot-id": _newest, ...rest } = table;
      const { "millrace.batch": _batch, ...properties } = table.properties ?? {};
      catalog.tables.set("lake/crowded", { ...rest, snapshots: [], properties });
    }
    return { status: 409 };
  };
  await putClick("crowded");
  await untilLater(server.endpoint, async () => (await failureCount("crowded")) > 0);
  assert(count >= commitsPerAttempt, `${count} commits`);
  const health = await (await fetch(`${server.endpoint}/health`)).text();
  assert(health.includes("Other writers commit to the table all the time"), health);
  isCrowded = false;
  await untilLater(server.endpoint, async () => snapshotsOf("crowded").length > 0);
  assert.equal(snapshotsOf("crowded").length, 1);
});
